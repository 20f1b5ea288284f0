"""How are answers about availability, single points, conflicts and root causes told?"""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from cmdb.model import analysis_reports as reports
from cmdb_graphql.types.common import NamedCIType, as_json, whole_report
from cmdb_graphql.types.enums import AffectedState, PlannedMode
from cmdb_graphql.types.impact import Step
from cmdb_graphql.types.practices import NearEvent


@strawberry.type
class Figure:
    """A probability, how it was found, and how far it can be trusted."""

    value: float
    method: str = strawberry.field(description="`exact`, `hybrid` or `monte_carlo`.")
    ci95: list[float] | None
    samples: int | None
    seed: int | None
    order: str | None
    bdd_nodes: int | None
    assumptions: list[str]


@strawberry.type
class TargetRisk:
    """How likely a service misses its target in a period; `missed` is absent with a reason."""

    target_percent: float
    period_hours: float
    allowed_minutes: float
    missed: Figure | None
    mean_downtime_minutes: float | None
    reason: str


@strawberry.type
class ServiceAvailability:
    """How available a service is in the long run, by what it relies on."""

    service: NamedCIType
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
    assumed_default: list[NamedCIType]
    assumed_perfect_count: int
    assumed_perfect: list[NamedCIType]
    unknown: list[NamedCIType]
    target: TargetRisk | None
    scheduled_interruptions_per_year: float | None
    scheduled_hours_per_year: float | None


@strawberry.type
class PlannedWork:
    """Which planned changes were looked at, and whether their windows count as downtime."""

    mode: PlannedMode
    from_at: datetime
    to_at: datetime
    changes: int
    windows: int
    is_complete: bool


@strawberry.type
class Availability:
    """The availability of some services; `next` is the `after` of the page that follows."""

    revision: int
    services: list[ServiceAvailability]
    next: str
    total: int
    planned: PlannedWork | None
    report: JSON = whole_report()


@strawberry.type
class ServiceSinglePoints:
    """CIs whose failure alone takes a service DOWN."""

    service: NamedCIType
    count: int
    cis: list[NamedCIType]


@strawberry.type
class CommonPoint:
    """A CI that is a single point of failure of several services."""

    ci: NamedCIType
    services: int


@strawberry.type
class SinglePoints:
    """The single points of failure of one service, or of every service."""

    revision: int
    services: list[ServiceSinglePoints]
    shared: list[CommonPoint]
    report: JSON = whole_report()


@strawberry.type
class StructureNode:
    """A CI or group that a service relies on, or the service itself."""

    ci: NamedCIType
    distance: int
    unavailability: float | None
    is_single_point: bool
    needed: int | None
    members: int


@strawberry.type
class StructureEdge:
    """That one node relies on another; both are places in the list of nodes."""

    dependent: int
    provider: int
    kind: str = strawberry.field(description="`hard`, `soft` or `member`.")


@strawberry.type(name="Structure")
class StructureOf:
    """What a service relies on, nearest first, and where a single failure is enough."""

    revision: int
    service: NamedCIType
    nodes: list[StructureNode]
    edges: list[StructureEdge]
    count: int
    single_point_count: int
    is_complete: bool
    open_psa: str = strawberry.field(
        description="An Open-PSA model in XML; empty unless it was asked for."
    )
    report: JSON = whole_report()


@strawberry.type
class CIImportance:
    """How much one CI matters to the service."""

    ci: NamedCIType
    unavailability: float
    birnbaum: float
    criticality: float | None
    risk_achievement_worth: float | None
    fussell_vesely: float | None
    replica_minutes_per_year: float

    @strawberry.field(description="A number, or the word `infinity`.")
    def risk_reduction_worth(self: reports.CIImportance) -> JSON | None:
        """Return P / P0."""
        worth = self.risk_reduction_worth
        return None if worth is None else as_json(worth)


@strawberry.type
class ImportanceRanking:
    """What matters most to a service, the most critical CI first."""

    revision: int
    service: NamedCIType
    unavailability: Figure
    cis: list[CIImportance]
    count: int
    reason: str
    report: JSON = whole_report()


@strawberry.type
class CutSet:
    """CIs whose failure together takes a service DOWN, and of which none can be spared."""

    cis: list[NamedCIType]
    probability: float


@strawberry.type
class CutSets:
    """The minimal cut sets of a service; `count` is exact, as decimal digits."""

    revision: int
    service: NamedCIType
    count: str | None
    sets: list[CutSet]
    largest: int
    limit: int
    is_complete: bool
    reason: str
    report: JSON = whole_report()


@strawberry.type
class ConflictCause:
    """An open incident or planned change that was reckoned with."""

    kind: str
    id: str
    title: str


@strawberry.type
class ConflictSpan:
    """A stretch of time; an absent time means without beginning or end."""

    start_at: datetime | None
    end_at: datetime | None


@strawberry.type
class LeftGroup:
    """A group that lost members: `standing` of `members` are left, `needed` are."""

    ci: NamedCIType
    standing: int
    members: int
    needed: int


@strawberry.type
class JointConflict:
    """Causes that together harm a service, while no part of them does."""

    service: NamedCIType
    effect: str = strawberry.field(description="`DOWN`, `DEGRADED` or `REDUNDANCY_LOST`.")
    causes: list[ConflictCause]
    spans: list[ConflictSpan]
    groups: list[LeftGroup]
    single_failures: list[NamedCIType]


@strawberry.type
class Conflicts:
    """The conflicts of what is planned and open in a window."""

    revision: int
    start_at: datetime
    end_at: datetime
    causes: list[ConflictCause]
    conflicts: list[JointConflict]
    worst: list[JointConflict]
    is_complete: bool
    incomplete: list[NamedCIType]
    assumptions: list[str]
    report: JSON = whole_report()


@strawberry.type
class WhatIfService:
    """What some edits would change for one service."""

    service: NamedCIType
    before: Figure
    after: Figure
    saved_minutes_per_year: float
    gained: list[NamedCIType]
    gained_count: int
    lost: list[NamedCIType]
    lost_count: int


@strawberry.type
class WhatIf:
    """What some edits would change, most saved first; nothing was stored."""

    revision: int
    edits: list[str]
    services: list[WhatIfService]
    left_out: int
    report: JSON = whole_report()


@strawberry.type
class ObservedSymptom:
    """A CI or service that suffers, and since when if that is known."""

    ci: NamedCIType
    state: AffectedState
    onset_at: datetime | None


@strawberry.type
class ScoreTerms:
    """What a score is the sum of; what speaks against a candidate is negative."""

    explained: float
    silent: float
    contradicted: float
    another: float
    change: float
    late: float
    prior: float


@strawberry.type
class CausePath:
    """A shortest chain from a candidate to a symptom; without steps it is the symptom itself."""

    symptom: NamedCIType
    steps: list[Step]


@strawberry.type
class CauseCandidate:
    """A CI, or a set of up to three, whose failure explains symptoms."""

    cis: list[NamedCIType]
    score: float
    terms: ScoreTerms
    is_origin: bool
    explained: list[NamedCIType]
    unexplained: list[NamedCIType]
    contradicted: list[NamedCIType]
    silent: int
    paths: list[CausePath]
    changes: list[NearEvent]


@strawberry.type
class RootCause:
    """Which component it is, most likely, and what to look at next."""

    revision: int
    onset_at: datetime
    as_known_now: bool
    symptoms: list[ObservedSymptom]
    candidates: list[CauseCandidate]
    sets: list[CauseCandidate]
    minimal_explaining_sets: list[list[NamedCIType]]
    explained_by_best: int
    check_next: NamedCIType | None
    recorded_later: list[NearEvent]
    is_complete: bool
    report: JSON = whole_report()
