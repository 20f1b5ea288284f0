"""How is the server asked and told about tokens, registries, runs, the feed and retention?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cmdb.client import documents
from cmdb.client.call import Call, ask, edit
from cmdb.client.inputs import given, word_of
from cmdb.model.rights import ROLES
from cmdb.ports.requests import EditReason, UpsertRequest

if TYPE_CHECKING:
    from cmdb.model.access import CreatedToken, Identity, NewToken, Token, TokenList
    from cmdb.model.system_reports import (
        ClassReport,
        FeedPage,
        LogFigures,
        RegistryChange,
        RetentionReport,
        RunList,
        RunReport,
        TypesReport,
        UpsertReport,
    )


def whoami() -> Call[Identity]:
    """Return whom the service takes the caller for."""
    from cmdb.model.access import Identity

    return ask(Identity, documents.WHOAMI)


def create_token(new: NewToken, reason: EditReason) -> Call[CreatedToken]:
    """Make a token and return its secret, this once: it is not asked for a second time."""
    from cmdb.model.access import CreatedToken

    values = given(
        actor=new.actor,
        roles=[word_of("roles", role, ROLES) for role in new.roles],
        source=new.source or None,
        teams=list(new.teams),
        expiresAt=new.expires_at,
    )
    call = edit(CreatedToken, documents.CREATE_TOKEN, reason, **values)
    return replace(call, is_repeatable=False)


def list_tokens() -> Call[TokenList]:
    """Return the tokens, revoked and expired ones included, newest first."""
    from cmdb.model.access import TokenList

    return ask(TokenList, documents.TOKENS)


def revoke_token(token_id: str, reason: EditReason) -> Call[Token]:
    """Revoke a token: from now on it opens nothing."""
    from cmdb.model.access import Token

    return edit(Token, documents.REVOKE_TOKEN, reason, token=token_id)


def list_types() -> Call[TypesReport]:
    """Return the registered relationship types."""
    from cmdb.model.system_reports import TypesReport

    return ask(TypesReport, documents.RELATIONSHIP_TYPES)


def show_class(name: str) -> Call[ClassReport]:
    """Return one registered class with its full definition."""
    from cmdb.model.system_reports import ClassReport

    return ask(ClassReport, documents.CLASS, name=name)


def register_class(definition: Mapping[str, Any], reason: EditReason) -> Call[RegistryChange]:
    """Register a CI class, or change one that was registered so."""
    from cmdb.model.system_reports import RegistryChange

    return edit(RegistryChange, documents.REGISTER_CLASS, reason, definition=definition)


def register_type(definition: Mapping[str, Any], reason: EditReason) -> Call[RegistryChange]:
    """Register a relationship type, or change one that was registered so."""
    from cmdb.model.system_reports import RegistryChange

    return edit(RegistryChange, documents.REGISTER_TYPE, reason, definition=definition)


def upsert_records(request: UpsertRequest, reason: EditReason) -> Call[UpsertReport]:
    """Take records of a data source in: identified and reconciled as an import does it."""
    from cmdb.model.system_reports import UpsertReport

    values = given(
        source=request.source,
        records=request.records,
        scope=request.scope,
        observedAt=request.observed_at,
    )
    return edit(UpsertReport, documents.UPSERT_RECORDS, reason, **values)


def list_runs(source: str = "", limit: int = 50) -> Call[RunList]:
    """Return runs of imports, newest first."""
    from cmdb.model.system_reports import RunList

    return ask(RunList, documents.IMPORT_RUNS, source=source, first=limit)


def find_run(run_id: str) -> Call[RunReport]:
    """Return one run of an import."""
    from cmdb.model.system_reports import RunReport

    return ask(RunReport, documents.IMPORT_RUN, id=run_id)


def read_feed(after: int, limit: int = 100) -> Call[FeedPage]:
    """Return entries of the log after a revision, in order, as the caller may see them."""
    from cmdb.model.system_reports import FeedPage

    return ask(FeedPage, documents.FEED, after=after, first=limit)


def log_figures() -> Call[LogFigures]:
    """Return the size of the log and of its checkpoints."""
    from cmdb.model.system_reports import LogFigures

    return ask(LogFigures, documents.LOG_FIGURES)


def purge_payloads(
    revision: int, indexes: Sequence[int] | None, reason: EditReason
) -> Call[RetentionReport]:
    """Erase payloads of one entry (all where `indexes` is None); hashes stay."""
    from cmdb.model.system_reports import RetentionReport

    values = given(revision=revision, indexes=indexes)
    return edit(RetentionReport, documents.PURGE_PAYLOADS, reason, **values)


def set_retention(days: int, reason: EditReason) -> Call[RetentionReport]:
    """Set for how many days payloads are kept, 0 for ever."""
    from cmdb.model.system_reports import RetentionReport

    return edit(RetentionReport, documents.SET_RETENTION, reason, days=days)


def apply_retention(reason: EditReason) -> Call[RetentionReport]:
    """Erase payloads older than the policy says; an entry of the log tells of it."""
    from cmdb.model.system_reports import RetentionReport

    return replace(edit(RetentionReport, documents.APPLY_RETENTION, reason), is_slow=True)
