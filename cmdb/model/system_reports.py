"""What do questions about imports, the feed of changes and the registries answer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cmdb.model.log_reports import Revision
from cmdb.model.reports import Report


@dataclass(frozen=True, slots=True)
class RunReport(Report):
    """One run of an import.

    Attributes:
        id: Opaque.
        source: Data source.
        scope: Declared scope as text.
        format: Importer.
        state: `reading`, `running`, `interrupted`, `failed` or `finished`.
        phase: `records` or `links`.
        done: Records done in the phase.
        started_at: When it began.
        ended_at: When it ended, or None.
        is_complete: Whether the scope was read completely.
        report: The import report as JSON values, once finished; empty before.
        error: Code and message of what ended it, or empty.
    """

    id: str
    source: str
    scope: str
    format: str
    state: str
    phase: str
    done: int
    started_at: datetime
    ended_at: datetime | None
    is_complete: bool
    report: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunList(Report):
    """Import runs, newest first."""

    runs: tuple[RunReport, ...]


@dataclass(frozen=True, slots=True)
class FeedChange(Report):
    """One thing that an entry of the log changed, as the caller may see it.

    Attributes:
        kind: `ci`, `relationship`, `incident`, `change`, `preview`, `token`, `settings`, ...
        subject: Its id; empty where the caller may not see it.
        before: The values that differed, before.
        after: The same values after.
        ends: For a relationship: `type`, `dependent`, `provider`, `discriminator`.
        is_erased: Its content was erased by policy.
        is_withheld: The caller may not see what it is about.
    """

    kind: str
    subject: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    ends: Mapping[str, str] = field(default_factory=dict)
    is_erased: bool = False
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class FeedEntry(Report):
    """One entry of the log with everything it changed."""

    entry: Revision
    changes: tuple[FeedChange, ...]


@dataclass(frozen=True, slots=True)
class FeedPage(Report):
    """Entries after a revision, in order; `revision` is the last one told, to go on from."""

    entries: tuple[FeedEntry, ...]
    revision: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class TypeSummary(Report):
    """A registered relationship type."""

    name: str
    summary: str
    bears_on_impact: bool
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TypesReport(Report):
    """The registered relationship types, by name."""

    types: tuple[TypeSummary, ...]


@dataclass(frozen=True, slots=True)
class ClassReport(Report):
    """One registered class with its full definition, inherited attributes included.

    `version` is the revision that last changed it, 0 for one as it was shipped.
    """

    name: str
    definition: Mapping[str, Any]
    attributes: tuple[Mapping[str, Any], ...]
    is_shipped: bool
    version: int = 0


@dataclass(frozen=True, slots=True)
class RegistryChange(Report):
    """A class or relationship type that was registered or changed."""

    kind: str
    name: str
    revision: int
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UpsertReport(Report):
    """What a bulk upsert decided, record by record in the order they were given.

    Attributes:
        revision: The newest log entry it made, 0 where nothing changed.
        results: One for each record: `verdict`, `ci` (its id, or empty), `problems`.
        decided: Number of records by verdict.
    """

    revision: int
    results: tuple[UpsertResult, ...]
    decided: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class UpsertResult(Report):
    """What became of one record."""

    key: str
    verdict: str
    ci: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetentionReport(Report):
    """What retention erased: entries and payloads; `days` is the policy, 0 for none."""

    days: int
    entries: int
    payloads: int
    revision: int


@dataclass(frozen=True, slots=True)
class LogFigures(Report):
    """Size of the log, and for how long its content is kept.

    Attributes:
        entries: How many.
        bytes: As stored.
        checkpoints: States kept whole, from which past ones are told.
        newest_checkpoint: Revision of the newest of them, 0 if there is none.
        head_at: Time of the newest entry, or None.
        retention_days: For how many days payloads are kept, 0 for ever.
    """

    entries: int
    bytes: int
    checkpoints: int
    newest_checkpoint: int
    head_at: datetime | None
    retention_days: int = 0
