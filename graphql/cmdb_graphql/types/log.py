"""How are the log, its feed and differences of moments told?"""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from cmdb_graphql.types.common import NamedCIType, whole_report


@strawberry.type
class Revision:
    """One entry of the log; `changes` counts them by kind.

    `requestId` is that of the request which wrote it, empty for what came from no request.
    """

    revision: int
    at: datetime
    actor: str
    source: str
    reason: str
    changes: JSON
    hash: str
    request_id: str


@strawberry.type
class LogPage:
    """Entries of the log, newest first."""

    entries: list[Revision]
    report: JSON = whole_report()


@strawberry.type
class ChangedThing:
    """A CI or relationship that differs between two moments."""

    kind: str
    subject: str
    name: str
    change: str
    before: JSON
    after: JSON


@strawberry.type
class LogEntry:
    """One entry of the log with what it changed; `erased` counts payloads that were purged."""

    entry: Revision
    changes: list[ChangedThing]
    erased: int
    report: JSON = whole_report()


@strawberry.type
class FeedChange:
    """One thing that an entry of the log changed, as the caller may see it."""

    kind: str
    subject: str
    before: JSON
    after: JSON
    ends: JSON
    is_erased: bool
    is_withheld: bool


@strawberry.type
class FeedEntry:
    """One entry of the log with everything it changed; `entry.revision` is where to go on."""

    entry: Revision
    changes: list[FeedChange]
    report: JSON = whole_report()


@strawberry.type
class FeedPage:
    """Entries after a revision, in order; `revision` is the last one told, to go on from."""

    entries: list[FeedEntry]
    revision: int
    has_next: bool
    report: JSON = whole_report()


@strawberry.type
class ChangedImpact:
    """A service that the same outage affects differently at two moments."""

    ci: NamedCIType
    before: str
    after: str
    margin_before: int | None
    margin_after: int | None
    is_worse: bool


@strawberry.type
class Diff:
    """What differs between two moments."""

    first: int
    second: int
    first_at: datetime | None
    second_at: datetime | None
    changes: list[ChangedThing]
    impact: list[ChangedImpact]
    is_partial: bool
    report: JSON = whole_report()


@strawberry.type
class Anchor:
    """Revision and hash of the newest entry, for keeping elsewhere."""

    revision: int
    hash: str
    report: JSON = whole_report()


@strawberry.type
class LogVerified:
    """The log verifies: how many entries were checked, and how many payloads are erased.

    A portion ends at `until`; while `hasNext`, the rest is not checked yet.
    """

    entries: int
    erased: int
    head: Anchor
    anchor: Anchor | None
    until: Anchor
    has_next: bool
    report: JSON = whole_report()


@strawberry.type
class LogFigures:
    """Size of the log and of its checkpoints."""

    entries: int
    bytes: float
    checkpoints: int
    newest_checkpoint: int
    head_at: datetime | None
    report: JSON = whole_report()
