"""What do questions about the log and about the installation answer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cmdb.model.reports import NamedCI, Report

Outcome = Literal["added", "changed", "retired", "ended"]


@dataclass(frozen=True, slots=True)
class Revision(Report):
    """One entry of the log; `changes` counts them by kind.

    `request_id` is that of the request which wrote it, as its answer and the log of the server tell
    it; empty for what came from no request.
    """

    revision: int
    at: datetime
    actor: str
    source: str
    reason: str
    changes: Mapping[str, int]
    hash: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class LogReport(Report):
    """Entries of the log, newest first."""

    entries: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class ChangedThing(Report):
    """A CI or relationship that differs between two moments.

    Attributes:
        kind: `ci` or `relationship`.
        subject: Its id.
        name: `Class/name` of a CI, `dependent type provider` of a relationship.
        change: `added`, `changed`, `retired` (a CI) or `ended` (a relationship).
        before: The values that differ, at the first moment.
        after: The same values at the second.
    """

    kind: str
    subject: str
    name: str
    change: Outcome
    before: Mapping[str, object]
    after: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RevisionDetails(Report):
    """One entry of the log with what it changed.

    Attributes:
        entry: The entry.
        changes: What it changed, as far as the caller may see it.
        erased: Number of payloads that were purged.
        withheld: Number of changes of things that the caller may not see.
    """

    entry: Revision
    changes: tuple[ChangedThing, ...]
    erased: int
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class ChangedImpact(Report):
    """A service that the same outage affects differently at two moments."""

    ci: NamedCI
    before: str
    after: str
    margin_before: int | None
    margin_after: int | None
    is_worse: bool


@dataclass(frozen=True, slots=True)
class DiffReport(Report):
    """What differs between two moments.

    `impact` only where outages were given to compare; `withheld` counts differences of things that
    the caller may not see.
    """

    first: int
    second: int
    first_at: datetime | None
    second_at: datetime | None
    changes: tuple[ChangedThing, ...]
    impact: tuple[ChangedImpact, ...]
    is_partial: bool
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Anchor(Report):
    """Revision and hash of the newest entry, for keeping elsewhere; as text `12:3fa4...`."""

    revision: int
    hash: str

    def __str__(self) -> str:
        return f"{self.revision}:{self.hash}"


@dataclass(frozen=True, slots=True)
class VerifyReport(Report):
    """The log verifies: how many entries were checked, and how many payloads are erased.

    Attributes:
        entries: Entries that were checked.
        erased: Payloads of them that are erased on purpose.
        head: The newest entry.
        anchor: What it was checked against beside, or None.
        until: The last entry that was checked, to go on from.
        has_next: There are entries after it, which were not checked.
    """

    entries: int
    erased: int
    head: Anchor
    anchor: Anchor | None
    until: Anchor
    has_next: bool = False


@dataclass(frozen=True, slots=True)
class Check(Report):
    """One thing that `doctor` looked at; `hint` says what to do unless all is well."""

    name: str
    outcome: Literal["ok", "warning", "failure"]
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DoctorReport(Report):
    """Everything that `doctor` looked at."""

    checks: tuple[Check, ...]

    @property
    def has_failed(self) -> bool:
        """Whether anything must be mended."""
        return any(check.outcome == "failure" for check in self.checks)
