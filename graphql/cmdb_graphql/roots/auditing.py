"""What can be asked about the log, tokens and the installation?"""

from __future__ import annotations

import strawberry

from cmdb.errors import BadValue
from cmdb.model import access, log_reports, system_reports
from cmdb_graphql.context import Ask
from cmdb_graphql.types.log import (
    Anchor,
    FeedPage,
    LogEntry,
    LogFigures,
    LogPage,
    LogVerified,
)
from cmdb_graphql.types.system import Doctor, Identity, TokenList

_HASH_LENGTH = 64
_LONGEST_REVISION = 18


@strawberry.type
class AuditingQuery:
    """Questions about the log, tokens and the installation."""

    @strawberry.field(graphql_type=LogPage)
    async def log(
        self, info: Ask, first: int = 20, before: int | None = None
    ) -> log_reports.LogReport:
        """Return the newest entries, or those before a revision."""
        return await info.context.ask(info.context.operations.list_log, first, before)

    @strawberry.field(graphql_type=LogEntry)
    async def log_entry(self, info: Ask, revision: int) -> log_reports.RevisionDetails:
        """Return one entry with what it changed."""
        return await info.context.ask(info.context.operations.show_log, revision)

    @strawberry.field(graphql_type=FeedPage)
    async def feed(self, info: Ask, after: int, first: int = 100) -> system_reports.FeedPage:
        """Return entries after a revision, in order, as the caller may see them."""
        return await info.context.ask(info.context.operations.read_feed, after, first)

    @strawberry.field(graphql_type=Anchor)
    async def anchor(self, info: Ask) -> log_reports.Anchor:
        """Return revision and hash of the newest entry, for keeping elsewhere."""
        return await info.context.ask(info.context.operations.anchor_log)

    @strawberry.field(graphql_type=LogVerified)
    async def verify_log(
        self,
        info: Ask,
        anchor: str | None = None,
        after: str | None = None,
        first: int | None = None,
    ) -> log_reports.VerifyReport:
        """Check the whole chain, and against an anchor `revision:hash` kept elsewhere.

        With `first` a portion of it, which ends soon: go on with `after: "revision:hash"` of
        `until` while `hasNext`. A long log is checked so; without, the time limit of long requests
        holds.
        """
        kept = None if anchor is None else _anchor("anchor", anchor)
        begun = None if after is None else _anchor("after", after)
        ask = info.context.operations.verify_log
        return await info.context.ask(ask, kept, after=begun, first=first)

    @strawberry.field(graphql_type=LogFigures)
    async def log_figures(self, info: Ask) -> system_reports.LogFigures:
        """Return the size of the log and of its checkpoints."""
        return await info.context.ask(info.context.operations.log_figures)

    @strawberry.field(graphql_type=Doctor)
    async def doctor(self, info: Ask) -> log_reports.DoctorReport:
        """Return what was looked at in database and inventory, and what to do about it."""
        return await info.context.ask(info.context.operations.doctor)

    @strawberry.field(graphql_type=Identity)
    async def whoami(self, info: Ask) -> access.Identity:
        """Return whom the service takes the caller for."""
        return await info.context.ask(info.context.operations.whoami)

    @strawberry.field(graphql_type=TokenList)
    async def tokens(self, info: Ask) -> access.TokenList:
        """Return the tokens, revoked and expired ones included, newest first."""
        return await info.context.ask(info.context.operations.list_tokens)


def _anchor(name: str, text: str) -> log_reports.Anchor:
    revision, colon, digest = text.partition(":")
    is_number = revision.isdecimal() and len(revision) <= _LONGEST_REVISION
    if not (colon and is_number and len(digest) == _HASH_LENGTH):
        raise BadValue(name, f"{text[:100]!r} is no anchor", "It reads `revision:hash`.")
    return log_reports.Anchor(int(revision), digest)
