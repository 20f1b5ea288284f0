"""What does a reader get back? CIs, relationships and their history, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

ATTRIBUTE_PREFIX = "a_"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
LAST_MILLISECOND = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
"""The last one that a calendar of four-digit years can name."""


def from_epoch_ms(at: int) -> datetime:
    """Return the aware UTC time of epoch milliseconds."""
    return EPOCH + at * MILLISECOND


def to_epoch_ms(at: datetime) -> int:
    """Return epoch milliseconds of an aware time, rounded, but never past the last year."""
    return min(round((at - EPOCH) / MILLISECOND), LAST_MILLISECOND)


@dataclass(frozen=True, slots=True)
class CI:
    """A configuration item as it stands.

    Attributes:
        id: Opaque, time-ordered.
        class_name: A registered class.
        name: What people call it.
        lifecycle: One of the life-cycle stages.
        version: The revision that last changed its own values.
        attributes: The winning values.
        created_at: When it was first recorded.
        updated_at: When it was last changed.
        merged_into: The CI that took it over, or empty.
    """

    id: str
    class_name: str
    name: str
    lifecycle: str
    version: int
    attributes: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    merged_into: str = ""

    @classmethod
    def from_properties(cls, stored: Mapping[str, Any]) -> CI:
        """Return the CI that stored properties describe."""
        attributes = {
            name.removeprefix(ATTRIBUTE_PREFIX): value
            for name, value in stored.items()
            if name.startswith(ATTRIBUTE_PREFIX)
        }
        return cls(
            stored["id"],
            stored["class"],
            stored["name"],
            stored["lifecycle"],
            stored["version"],
            attributes,
            from_epoch_ms(stored["created_at"]),
            from_epoch_ms(stored["updated_at"]),
            stored.get("merged_into") or "",
        )


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship as it stands, from the dependent to the provider."""

    id: str
    type: str
    dependent: str
    provider: str
    discriminator: str
    version: int
    strength: str | None = None
    tolerates_seconds: float | None = None
    confidence: float = 1.0
    inferred_by: str = ""
    is_live: bool = True


@dataclass(frozen=True, slots=True)
class Identifier:
    """A key and the CI that owns it.

    Attributes:
        key: The unique text.
        ci_id: The owner; empty for a placeholder.
        contested: Other CIs that claim it.
        witnesses: For a placeholder, up to four source records of one source that carry it.
    """

    key: str
    ci_id: str
    contested: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()

    @property
    def is_placeholder(self) -> bool:
        """Whether it is carried by too many to identify anything."""
        return bool(self.witnesses)


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One change that touched a CI.

    Attributes:
        revision: The log entry.
        at: When.
        actor: Who.
        source: From which data source.
        reason: Why.
        kind: `ci` or `relationship`.
        subject: Id of the CI or relationship.
        before: The values that differed, before.
        after: The same values after.
        ends: For a relationship: `type`, `dependent`, `provider`, `discriminator`.
    """

    revision: int
    at: datetime
    actor: str
    source: str
    reason: str
    kind: str
    subject: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    ends: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """One hit of a search, best first."""

    id: str
    class_name: str
    name: str
    lifecycle: str
    score: float


@dataclass(frozen=True, slots=True)
class GraphRows:
    """Everything the snapshot needs, as columns (one value a CI, one a relationship).

    Attributes:
        revision: Head of the log when the rows were read.
        cis: Columns by property name: `id`, `class`, `name`, `lifecycle`, `merged_into` and the
            attributes that the engine uses (`a_k_min`, `a_k_full`, `a_criticality`, ...).
        relationships: By type: columns `id`, `dependent`, `provider`, `strength`,
            `tolerates_seconds`, `confidence`. Live ones only.
    """

    revision: int
    cis: Mapping[str, Sequence[Any]]
    relationships: Mapping[str, Mapping[str, Sequence[Any]]]


UNDER_WAY = frozenset({"reading", "running"})
"""The states of an import run whose process works on it."""


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One run of an import, for resuming and for proof of looking.

    Attributes:
        id: Opaque.
        source: Data source.
        scope: Declared scope as text.
        format: Importer.
        fingerprint: Digest of what was read.
        state: `reading`, `running`, `interrupted`, `failed`, `finished`.
        phase: `records` or `links`.
        done: Records done in the phase.
        started_at: Epoch milliseconds.
        ended_at: Epoch milliseconds, 0 while running.
        counts: The report, once finished; the error, once failed or interrupted.
        is_complete: Whether the scope was read completely.
        continues: Id of the interrupted run that is taken up under this id.
        asked: Digest of the request and its input, where an idempotency key came with it.
        alive_at: When its process last showed that it lives, by the clock of the database, in
            epoch milliseconds; the store notes it by itself.
    """

    id: str
    source: str
    scope: str
    format: str
    fingerprint: str
    state: str
    phase: str
    done: int
    started_at: int
    ended_at: int = 0
    counts: Mapping[str, Any] = field(default_factory=dict)
    is_complete: bool = False
    continues: str = ""
    asked: str = ""
    alive_at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class DataSource:
    """What is on record of a data source.

    Attributes:
        name: Its name.
        records: How many source records it has.
        has_runs: Whether an import of it was ever begun.
        last_finished_at: End of its last finished run in epoch milliseconds, 0 if there is none.
        precedence: The stored one, or None.
    """

    name: str
    records: int = 0
    has_runs: bool = False
    last_finished_at: int = 0
    precedence: int | None = None
