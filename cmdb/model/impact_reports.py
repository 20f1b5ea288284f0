"""What do questions about impact answer? What breaks, when, why, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cmdb.model.reports import NamedCI, Report

AffectedState = Literal["DOWN", "DEGRADED", "AT_RISK", "UP"]


@dataclass(frozen=True, slots=True)
class AssumedOutage(Report):
    """One outage that a question assumed; an absent time means without beginning or end."""

    ci: NamedCI
    state: AffectedState
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step(Report):
    """One step of evidence: `dependent` is affected because `provider` is."""

    provider: NamedCI
    dependent: NamedCI
    type: str
    strength: str
    inferred_by: str = ""


@dataclass(frozen=True, slots=True)
class Hit(Report):
    """One affected CI.

    Attributes:
        ci: Which.
        state: What becomes of it if everything unknown works.
        worst_state: What becomes of it if everything unknown fails; the same where nothing is.
        is_service: Of layer business or service.
        criticality: 1 (low) to 4 (critical).
        owner: Owning team, or empty.
        support: Supporting team, or empty.
        margin: Members to lose before the tightest reduced group below it fails; None if none is
            reduced.
        single_failures: CIs whose failure alone would now take it DOWN; None where not computed.
        evidence: A shortest chain from an outage to it.
        members: For a group, the members that crossed its threshold.
    """

    ci: NamedCI
    state: AffectedState
    worst_state: AffectedState
    is_service: bool
    criticality: int
    owner: str
    support: str
    margin: int | None
    single_failures: tuple[NamedCI, ...] | None
    evidence: tuple[Step, ...]
    members: tuple[NamedCI, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust(Report):
    """How far an answer rests on facts.

    Attributes:
        relationships_used: Relationships between the CIs of the answer.
        inferred_used: How many of those were guessed by an importer rather than stated by a source.
        inferred_by: What guessed them, with numbers.
        inferred_hard: How many of the guessed ones are taken as hard.
        relationships_known: Relationships of the whole topology.
        inferred_known: How many of those are guessed.
        stale: CIs of the answer that no source has confirmed lately.
    """

    relationships_used: int = 0
    inferred_used: int = 0
    inferred_by: Mapping[str, int] = field(default_factory=dict)
    inferred_hard: int = 0
    relationships_known: int = 0
    inferred_known: int = 0
    stale: tuple[NamedCI, ...] = ()


@dataclass(frozen=True, slots=True)
class BlastRadiusReport(Report):
    """What an outage takes with it; `hits` leave out the CIs that were taken down themselves."""

    outages: tuple[AssumedOutage, ...]
    revision: int
    at: datetime | None
    hits: tuple[Hit, ...]
    trust: Trust
    assumptions: tuple[str, ...]
    problems: tuple[str, ...]
    is_partial: bool

    def in_state(self, state: AffectedState, *, services: bool | None = None) -> list[Hit]:
        """Return the hits of a state; only services, only others, or both."""
        return [
            hit for hit in self.hits if hit.state == state and services in (None, hit.is_service)
        ]


@dataclass(frozen=True, slots=True)
class Slice(Report):
    """A stretch of time during which the same CIs are affected in the same way.

    `start_at` is None where the state has no beginning in sight, `end_at` where it has no end.
    """

    start_at: datetime | None
    end_at: datetime | None
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class PreviewReport(Report):
    """What a change would do, by time.

    Attributes:
        targets: What the change does to each CI, with its window.
        revision: The state of the inventory that was asked.
        slices: In order of time; a stretch without effect has no hits.
        worst: The worst that happens to each CI at any moment, with evidence.
        trust: How far the answer rests on facts.
        assumptions: What was taken for granted.
        problems: What the inventory got wrong on the way.
        is_partial: A budget cut the answer short.
    """

    targets: tuple[AssumedOutage, ...]
    revision: int
    slices: tuple[Slice, ...]
    worst: tuple[Hit, ...]
    trust: Trust
    assumptions: tuple[str, ...]
    problems: tuple[str, ...]
    is_partial: bool


@dataclass(frozen=True, slots=True)
class ExplainReport(Report):
    """Why an outage reaches one CI: every step that carries it there, nearest the outage first."""

    outages: tuple[AssumedOutage, ...]
    hit: Hit | None
    steps: tuple[Step, ...]
