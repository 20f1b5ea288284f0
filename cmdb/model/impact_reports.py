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
class PresentOutage(Report):
    """Something that is so without the question: an open incident or another planned change.

    Attributes:
        ci: What it concerns.
        state: DOWN, DEGRADED or, of a target that is only at risk, AT_RISK.
        kind: `incident` or `change`.
        id: Of the incident or change.
        title: Of the incident or change; withheld with the name of the CI.
        start_at: When it begins.
        end_at: When it ends; None: no end in sight.
    """

    ci: NamedCI
    state: AffectedState
    kind: Literal["incident", "change"]
    id: str
    title: str
    start_at: datetime | None
    end_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step(Report):
    """One step of evidence: `dependent` is affected because `provider` is."""

    provider: NamedCI
    dependent: NamedCI
    type: str
    strength: str
    is_inferred: bool = False
    inferred_by: str = ""


@dataclass(frozen=True, slots=True)
class Hit(Report):
    """One affected CI.

    Attributes:
        ci: Which.
        state: What becomes of it; where something is unknown, taking the unknown as failed.
        best_state: The same, taking the unknown as working; differs only where something is.
        is_service: Of layer business or service.
        criticality: 1 (low) to 4 (critical).
        owner: Owning team, or empty.
        support: Supporting team, or empty.
        margin: Members that the tightest reduced group below it can still lose; None if no group
            is reduced.
        single_failures: CIs whose failure alone would now take it DOWN, at most 20; None where
            it is DOWN already or the budget did not suffice.
        single_failure_count: How many there are in all; 0 is the proof that there is none.
        since_at: When it comes to stand like this; None where the outage has no times.
        after_seconds: The same, counted from the beginning.
        down_at: When it goes DOWN if the outage lasts: what it tolerates is then used up.
        down_after_seconds: The same, counted from the beginning.
        evidence: A shortest chain from an outage to it.
        members: For a group, the members that are missing.
        present_state: How it stands without the question, by open incidents and other changes.
        is_present: It stands like this without the question, which adds nothing to it.
    """

    ci: NamedCI
    state: AffectedState
    best_state: AffectedState
    is_service: bool
    criticality: int
    owner: str
    support: str
    margin: int | None
    single_failures: tuple[NamedCI, ...] | None
    single_failure_count: int | None
    since_at: datetime | None
    after_seconds: float
    down_at: datetime | None
    down_after_seconds: float | None
    evidence: tuple[Step, ...]
    members: tuple[NamedCI, ...] = ()
    present_state: AffectedState = "UP"
    is_present: bool = False


@dataclass(frozen=True, slots=True)
class Trust(Report):
    """How far an answer rests on facts.

    Attributes:
        share: Share of the CIs and relationships of the answer that are neither stale nor guessed.
        relationships_used: Relationships between the CIs of the answer.
        inferred_used: How many of those were guessed by an importer rather than stated by a source.
        inferred_by: What guessed them, with numbers.
        inferred_hard: How many of the guessed ones are taken as hard.
        relationships_known: Relationships of the whole topology: those that bear on impact.
        inferred_known: How many of those are guessed.
        inferred_known_hard: How many of the guessed ones are taken as hard.
        stale_count: CIs of the answer that no source has confirmed lately.
        stale: Some of them, at most 20.
    """

    share: float = 1.0
    relationships_used: int = 0
    inferred_used: int = 0
    inferred_by: Mapping[str, int] = field(default_factory=dict)
    inferred_hard: int = 0
    relationships_known: int = 0
    inferred_known: int = 0
    inferred_known_hard: int = 0
    stale_count: int = 0
    stale: tuple[NamedCI, ...] = ()


@dataclass(frozen=True, slots=True)
class Basis(Report):
    """What an answer about impact was computed from.

    Attributes:
        revision: The revision of the inventory.
        recorded_at: When that revision was recorded; None before the first.
        trust: How far the answer rests on facts.
        assumptions: What was taken for granted.
        problems: What the inventory got wrong on the way.
        is_partial: A budget cut the answer short: there may be more, and worse.
    """

    revision: int
    recorded_at: datetime | None
    trust: Trust
    assumptions: tuple[str, ...]
    problems: tuple[str, ...]
    is_partial: bool


@dataclass(frozen=True, slots=True)
class BlastRadiusReport(Report):
    """What an outage takes with it, worst first; the CIs of the outage itself are not hits.

    `present` is what holds now without the question and was reckoned with.
    """

    outages: tuple[AssumedOutage, ...]
    hits: tuple[Hit, ...]
    basis: Basis
    present: tuple[PresentOutage, ...] = ()

    @property
    def added(self) -> tuple[Hit, ...]:
        """The hits that the question adds to what is so without it."""
        return tuple(hit for hit in self.hits if not hit.is_present)

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
        slices: In order of time; a stretch without effect has no hits.
        worst: The worst that the change adds to each CI at any moment, with evidence; of CIs to
            which it adds nothing, the worst that is so without it (`is_present`).
        basis: What the answer was computed from.
        present: Open incidents and other planned changes in the window, reckoned with.
    """

    targets: tuple[AssumedOutage, ...]
    slices: tuple[Slice, ...]
    worst: tuple[Hit, ...]
    basis: Basis
    present: tuple[PresentOutage, ...] = ()

    @property
    def added(self) -> tuple[Hit, ...]:
        """The hits that the change adds to what is so without it."""
        return tuple(hit for hit in self.worst if not hit.is_present)


@dataclass(frozen=True, slots=True)
class CountedGroup(Report):
    """How a group or cluster on the way was counted; with too few members its state is unknown."""

    ci: NamedCI
    members: int
    k_min: int
    k_full: int
    down: tuple[NamedCI, ...]
    degraded: tuple[NamedCI, ...]
    is_under_strength: bool


@dataclass(frozen=True, slots=True)
class ExplainReport(Report):
    """Why an outage reaches one CI: every step that carries it there, nearest the outage first.

    `hit` is None where the outage does not reach the CI. `present` is what holds now without the
    question and was reckoned with.
    """

    outages: tuple[AssumedOutage, ...]
    hit: Hit | None
    steps: tuple[Step, ...]
    groups: tuple[CountedGroup, ...]
    present: tuple[PresentOutage, ...] = ()
