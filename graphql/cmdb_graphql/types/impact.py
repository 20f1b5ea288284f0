"""How are answers about impact told? Typed for people, and as columns for large graphs."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from cmdb.errors import BadValue
from cmdb.model import impact_reports as reports
from cmdb.model.practice_reports import (
    KeptPreview as KeptPreviewReport,
)
from cmdb_graphql.types.common import (
    NamedCIType,
    Node,
    PageInfo,
    as_json,
    node_id,
    plain_id,
    whole_report,
)
from cmdb_graphql.types.enums import AffectedState
from cmdb_graphql.types.graph_columns import graph_columns


@strawberry.type
class AssumedOutage:
    """One outage that a question assumed."""

    ci: NamedCIType
    state: AffectedState
    start_at: datetime | None
    end_at: datetime | None


@strawberry.type
class Step:
    """One step of evidence: `dependent` is affected because `provider` is."""

    provider: NamedCIType
    dependent: NamedCIType
    type: str
    strength: str
    is_inferred: bool
    inferred_by: str


@strawberry.type
class Hit:
    """One affected CI; `bestState` differs where something is unknown."""

    ci: NamedCIType
    state: AffectedState
    best_state: AffectedState
    is_service: bool
    criticality: int
    owner: str
    support: str
    margin: int | None
    single_failures: list[NamedCIType] | None
    single_failure_count: int | None
    since_at: datetime | None
    after_seconds: float
    down_at: datetime | None
    down_after_seconds: float | None
    evidence: list[Step]
    members: list[NamedCIType]
    report: JSON = whole_report()


@strawberry.type
class Trust:
    """How far an answer rests on facts."""

    share: float
    relationships_used: int
    inferred_used: int
    inferred_by: JSON
    inferred_hard: int
    relationships_known: int
    inferred_known: int
    inferred_known_hard: int
    stale_count: int
    stale: list[NamedCIType]


@strawberry.type
class Basis:
    """What an answer was computed from."""

    revision: int
    recorded_at: datetime | None
    trust: Trust
    assumptions: list[str]
    problems: list[str]
    is_partial: bool


def _chosen(
    hits: tuple[reports.Hit, ...], state: AffectedState | None, *, services_only: bool, first: int
) -> list[reports.Hit]:
    if first < 0:
        raise BadValue("first", "a number of hits is at least 0")
    wanted = (
        hit
        for hit in hits
        if state in (None, AffectedState(hit.state)) and (hit.is_service or not services_only)
    )
    return [hit for hit, _ in zip(wanted, range(first), strict=False)]


@strawberry.type
class BlastRadius:
    """What an outage takes with it, worst first."""

    outages: list[AssumedOutage]
    basis: Basis
    report: JSON = whole_report()

    @strawberry.field(graphql_type=list[Hit])
    def hits(
        self: reports.BlastRadiusReport,
        state: AffectedState | None = None,
        services_only: bool = False,
        first: int = 200,
    ) -> list[reports.Hit]:
        """Return the worst hits."""
        return _chosen(self.hits, state, services_only=services_only, first=first)

    @strawberry.field
    def hit_count(self: reports.BlastRadiusReport) -> int:
        """Return how many CIs are affected."""
        return len(self.hits)

    @strawberry.field(description="Affected CIs and the steps to them as columns.")
    def graph(self: reports.BlastRadiusReport) -> JSON:
        """Return nodes and edges."""
        return as_json(graph_columns(self.outages, self.hits))


@strawberry.type
class CountedGroup:
    """How a group or cluster on the way was counted."""

    ci: NamedCIType
    members: int
    k_min: int
    k_full: int
    down: list[NamedCIType]
    degraded: list[NamedCIType]
    is_under_strength: bool


@strawberry.type
class Explanation:
    """Why an outage reaches one CI; `hit` is absent where it does not."""

    outages: list[AssumedOutage]
    hit: Hit | None
    steps: list[Step]
    groups: list[CountedGroup]
    report: JSON = whole_report()


@strawberry.type
class Slice:
    """A stretch of time during which the same CIs are affected in the same way."""

    start_at: datetime | None
    end_at: datetime | None

    @strawberry.field(graphql_type=list[Hit])
    def hits(
        self: reports.Slice,
        state: AffectedState | None = None,
        services_only: bool = False,
        first: int = 200,
    ) -> list[reports.Hit]:
        """Return the worst hits."""
        return _chosen(self.hits, state, services_only=services_only, first=first)


@strawberry.type
class Preview:
    """What a change would do, by time."""

    targets: list[AssumedOutage]
    slices: list[Slice]
    basis: Basis
    report: JSON = whole_report()

    @strawberry.field(graphql_type=list[Hit], description="The worst that happens to each CI.")
    def worst(
        self: reports.PreviewReport,
        state: AffectedState | None = None,
        services_only: bool = False,
        first: int = 200,
    ) -> list[reports.Hit]:
        """Return the worst hits."""
        return _chosen(self.worst, state, services_only=services_only, first=first)

    @strawberry.field(description="Affected CIs and the steps to them as columns.")
    def graph(self: reports.PreviewReport) -> JSON:
        """Return nodes and edges."""
        return as_json(graph_columns(self.targets, self.worst))


@strawberry.type
class KeptPreview(Node):
    """A preview as it was kept, with the revision it was computed on."""

    id: strawberry.ID = node_id("KeptPreview")
    local_id: str = plain_id()
    version: int
    title: str
    kept_at: datetime
    kept_by: str
    preview: Preview
    change: str = strawberry.field(description="Id of the recorded change, or empty.")
    report: JSON = whole_report()

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Return whether a value is shown as this type."""
        return isinstance(value, KeptPreviewReport)


@strawberry.type
class PreviewSummary:
    """A kept preview in a list."""

    id: strawberry.ID = node_id("KeptPreview")
    local_id: str = plain_id()
    title: str
    change: str
    kept_at: datetime
    kept_by: str
    revision: int


@strawberry.type
class PreviewPage:
    """A page of kept previews, newest first."""

    nodes: list[PreviewSummary]
    page_info: PageInfo
    report: JSON


@strawberry.type
class ChangedOutcome:
    """A CI that the same change affects differently than when the preview was kept."""

    ci: NamedCIType
    is_service: bool
    before: AffectedState
    after: AffectedState
    margin_before: int | None
    margin_after: int | None
    is_worse: bool


@strawberry.type
class PreviewComparison:
    """A kept preview against the same question asked today."""

    kept_revision: int
    revision: int
    is_worse: bool
    differences: list[ChangedOutcome]
    today: Preview
    report: JSON = whole_report()
