"""What do questions about availability, single points and conflicts answer?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cmdb.model.reports import NamedCI, Report


@dataclass(frozen=True, slots=True)
class Figure(Report):
    """A probability under the contract that every such answer keeps.

    Attributes:
        value: In [0, 1].
        method: `exact`; `hybrid` (single points are exact, the remainder was sampled);
            `monte_carlo`.
        ci95: The ends of the 95 % interval; None if exact.
        samples: Number of samples; None if exact.
        seed: Of the samples; None if exact.
        order: Variable order of the largest diagram; None if there was none.
        bdd_nodes: Nodes of all its diagrams.
        assumptions: What was taken for granted.
    """

    value: float
    method: Literal["exact", "hybrid", "monte_carlo"]
    ci95: tuple[float, float] | None
    samples: int | None
    seed: int | None
    order: str | None
    bdd_nodes: int | None
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetRisk(Report):
    """How likely a service misses its target in a period.

    Attributes:
        target_percent: Availability that was agreed.
        period_hours: Length of the period.
        allowed_minutes: Downtime that the target allows in it.
        missed: P(more downtime than that), the share of simulated periods; None with the reason.
        mean_downtime_minutes: Mean downtime of a simulated period; None with the reason.
        reason: Why it cannot be told; empty where it can.
    """

    target_percent: float
    period_hours: float
    allowed_minutes: float
    missed: Figure | None
    mean_downtime_minutes: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class ServiceAvailability(Report):
    """How available a service is in the long run, by what it relies on.

    Attributes:
        service: Which.
        availability: 1 - P(DOWN).
        unavailability: P(DOWN), planned windows included where they count.
        degraded: P(at least DEGRADED), without planned windows.
        downtime_minutes_per_year: What P(DOWN) amounts to.
        outages_per_year: How often it goes DOWN unplanned; None with the reason.
        mean_outage_hours: How long that lasts on average; None without a frequency, and where
            planned windows count.
        frequency_reason: Why there is no frequency; empty where there is one.
        relies_on: Number of CIs whose failure can matter.
        assumed_share: Share of these whose figures were assumed, in [0, 1].
        assumed_default_count: CIs with the figures of their class.
        assumed_default: Some of them, at most 20.
        assumed_perfect_count: CIs without any figure, taken as never failing.
        assumed_perfect: Some of them, at most 20.
        unknown: CIs whose state cannot be judged, taken as never failing, at most 20.
        target: How likely it misses a target; None where none was asked about.
        scheduled_interruptions_per_year: How often planned windows alone take it DOWN; None where
            nobody looked at them.
        scheduled_hours_per_year: How long that lasts altogether.
    """

    service: NamedCI
    availability: float
    unavailability: Figure
    degraded: Figure | None
    downtime_minutes_per_year: float
    outages_per_year: float | None
    mean_outage_hours: float | None
    frequency_reason: str
    relies_on: int
    assumed_share: float
    assumed_default_count: int
    assumed_default: tuple[NamedCI, ...]
    assumed_perfect_count: int
    assumed_perfect: tuple[NamedCI, ...]
    unknown: tuple[NamedCI, ...]
    target: TargetRisk | None
    scheduled_interruptions_per_year: float | None
    scheduled_hours_per_year: float | None


@dataclass(frozen=True, slots=True)
class PlannedWork(Report):
    """Which planned changes were looked at, and whether their windows count as downtime.

    Attributes:
        mode: `counted` as downtime, or `excluded` by the agreement.
        from_at: Where the year that was looked at begins.
        to_at: Its end, 365 days later.
        changes: Planned changes that have a window in it, whatever they do.
        windows: Stretches of time in which they take CIs out of service, none of them overlapping.
        is_complete: Whether all of them could be reckoned with.
    """

    mode: Literal["counted", "excluded"]
    from_at: datetime
    to_at: datetime
    changes: int
    windows: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class AvailabilityReport(Report):
    """The availability of some services.

    Attributes:
        revision: Of the inventory it was computed from.
        services: In the order asked for, or of the inventory.
        next: Where the page of services that follows begins; empty at the end.
        total: Number of services of the estate, or of CIs asked for.
        planned: Which planned changes were looked at; None where nobody asked for them.
    """

    revision: int
    services: tuple[ServiceAvailability, ...]
    next: str
    total: int
    planned: PlannedWork | None


@dataclass(frozen=True, slots=True)
class SinglePoints(Report):
    """CIs whose failure alone takes a service DOWN; the service itself is left out.

    Attributes:
        service: Which.
        count: How many there are.
        cis: They, at most 200, by id.
    """

    service: NamedCI
    count: int
    cis: tuple[NamedCI, ...]


@dataclass(frozen=True, slots=True)
class CommonPoint(Report):
    """A CI that is a single point of failure of several services."""

    ci: NamedCI
    services: int


@dataclass(frozen=True, slots=True)
class SinglePointsReport(Report):
    """The single points of failure of one service, or of every service.

    Attributes:
        revision: Of the inventory.
        services: Each with its single points.
        shared: The CIs that most services have as a single point, at most 20.
    """

    revision: int
    services: tuple[SinglePoints, ...]
    shared: tuple[CommonPoint, ...]


@dataclass(frozen=True, slots=True)
class CIImportance(Report):
    """How much one CI matters: P = P(DOWN), P1 the same if it has failed, P0 if it never fails.

    Attributes:
        ci: Which.
        unavailability: Of the CI by itself.
        birnbaum: P1 - P0.
        criticality: q (P1 - P0) / P; None where P = 0. So of the next two.
        risk_achievement_worth: P1 / P.
        risk_reduction_worth: P / P0, or `infinity` where P0 = 0.
        fussell_vesely: P(union of the minimal cut sets with it) / P; None where not asked for.
        replica_minutes_per_year: Downtime of the service that a second such CI in its place saves,
            standing on what it stands on: (P1 - P0) q (1 - q).
    """

    ci: NamedCI
    unavailability: float
    birnbaum: float
    criticality: float | None
    risk_achievement_worth: float | None
    risk_reduction_worth: float | Literal["infinity"] | None
    fussell_vesely: float | None
    replica_minutes_per_year: float


@dataclass(frozen=True, slots=True)
class ImportanceReport(Report):
    """What matters most to a service, the most critical CI first.

    Attributes:
        revision: Of the inventory.
        service: Which.
        unavailability: P(DOWN).
        cis: At most as many as asked for.
        count: Number of CIs that have a measure.
        reason: Why there are none; empty where there are.
    """

    revision: int
    service: NamedCI
    unavailability: Figure
    cis: tuple[CIImportance, ...]
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class CutSet(Report):
    """CIs whose failure together takes a service DOWN, and of which none can be spared."""

    cis: tuple[NamedCI, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class CutSetsReport(Report):
    """The minimal cut sets of a service.

    Attributes:
        revision: Of the inventory.
        service: Which.
        count: Exact number of all minimal cut sets, as decimal digits; None with the reason.
        sets: Those within the limits: fewer CIs first, then the more likely ones.
        largest: Limit: CIs of a listed set.
        limit: Limit: number of listed sets.
        is_complete: No set within `largest` is missing.
        reason: Why nothing was found out; empty otherwise.
    """

    revision: int
    service: NamedCI
    count: str | None
    sets: tuple[CutSet, ...]
    largest: int
    limit: int
    is_complete: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ConflictCause(Report):
    """An open incident or planned change that was reckoned with."""

    kind: Literal["incident", "change"]
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class ConflictSpan(Report):
    """A stretch of time with the effect; an absent time means without beginning or end."""

    start_at: datetime | None
    end_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeftGroup(Report):
    """A group that lost members: `standing` of `members` are left, `needed` are."""

    ci: NamedCI
    standing: int
    members: int
    needed: int


@dataclass(frozen=True, slots=True)
class JointConflict(Report):
    """Causes that together harm a service, while no part of them does.

    Attributes:
        service: Which.
        effect: `DOWN`, `DEGRADED`, or `REDUNDANCY_LOST`: a single CI can now take it DOWN.
        causes: Two or more.
        spans: When.
        groups: What is left of the groups on the way, at the beginning.
        single_failures: For `REDUNDANCY_LOST` those CIs, at most 20.
    """

    service: NamedCI
    effect: Literal["DOWN", "DEGRADED", "REDUNDANCY_LOST"]
    causes: tuple[ConflictCause, ...]
    spans: tuple[ConflictSpan, ...]
    groups: tuple[LeftGroup, ...]
    single_failures: tuple[NamedCI, ...]


@dataclass(frozen=True, slots=True)
class ConflictsReport(Report):
    """The conflicts of what is planned and open in a window.

    Attributes:
        revision: Of the inventory.
        start_at: Begin of the window.
        end_at: Its end.
        causes: Everything reckoned with.
        conflicts: If all that is unknown works.
        worst: If all that is unknown has failed.
        is_complete: No conflict is missing.
        incomplete: Services for which one may be missing, at most 20.
        assumptions: What was taken for granted.
    """

    revision: int
    start_at: datetime
    end_at: datetime
    causes: tuple[ConflictCause, ...]
    conflicts: tuple[JointConflict, ...]
    worst: tuple[JointConflict, ...]
    is_complete: bool
    incomplete: tuple[NamedCI, ...]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhatIfService(Report):
    """What some edits would change for one service.

    Attributes:
        service: Which.
        before: P(DOWN) as things are.
        after: P(DOWN) with the edits.
        saved_minutes_per_year: Downtime that they save; negative if they cost some.
        gained: Single points of failure that they bring, at most 20.
        gained_count: How many.
        lost: Single points of failure that they take away, at most 20.
        lost_count: How many.
    """

    service: NamedCI
    before: Figure
    after: Figure
    saved_minutes_per_year: float
    gained: tuple[NamedCI, ...]
    gained_count: int
    lost: tuple[NamedCI, ...]
    lost_count: int


@dataclass(frozen=True, slots=True)
class WhatIfReport(Report):
    """What some edits would change; nothing was stored.

    Attributes:
        revision: Of the inventory that was edited.
        edits: In words, as they were made.
        services: Those asked for, or those that rely on an edited CI; most saved first.
        left_out: Services beyond the limit that rely on an edited CI too.
    """

    revision: int
    edits: tuple[str, ...]
    services: tuple[WhatIfService, ...]
    left_out: int
