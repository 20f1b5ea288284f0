"""What can be asked about impact, incidents and changes?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import strawberry

from cmdb.model import impact_reports, log_reports, practice_reports
from cmdb.ports.requests import RecordListing
from cmdb_graphql.context import Ask
from cmdb_graphql.ids import local_id, local_ids
from cmdb_graphql.inputs import TargetInput
from cmdb_graphql.scalars import Moment
from cmdb_graphql.types.common import list_info
from cmdb_graphql.types.enums import ChangeState, IncidentState, word
from cmdb_graphql.types.impact import (
    BlastRadius,
    Explanation,
    KeptPreview,
    Preview,
    PreviewComparison,
    PreviewPage,
)
from cmdb_graphql.types.log import Diff
from cmdb_graphql.types.practices import (
    ChangeDetails,
    ChangePage,
    ChangesNear,
    IncidentDetails,
    IncidentPage,
)

T = TypeVar("T", IncidentPage, ChangePage, PreviewPage)


@strawberry.type
class ImpactQuery:
    """Questions about impact, incidents and changes."""

    @strawberry.field(graphql_type=BlastRadius)
    async def blast_radius(
        self, info: Ask, cis: list[str], at: Moment | None = None, budget: int | None = None
    ) -> impact_reports.BlastRadiusReport:
        """Return what an outage of these CIs takes with it, now or as things were."""
        asked: Any = at
        return await info.context.ask(
            info.context.operations.blast_radius, local_ids(cis), at=asked, budget=budget
        )

    @strawberry.field(graphql_type=Explanation)
    async def explain(
        self, info: Ask, cis: list[str], hit: str, at: Moment | None = None
    ) -> impact_reports.ExplainReport:
        """Return every step by which an outage of these CIs reaches one CI."""
        asked: Any = at
        return await info.context.ask(
            info.context.operations.explain_impact, local_ids(cis), local_id(hit), at=asked
        )

    @strawberry.field(
        graphql_type=Preview,
        description="What a change does in each stretch of time: targets in a window, or those of "
        "a recorded change.",
    )
    async def preview(
        self,
        info: Ask,
        targets: list[TargetInput] | None = None,
        start_at: datetime | None = None,
        end_at: datetime | None = None,
        change: str | None = None,
    ) -> impact_reports.PreviewReport:
        """Return what a change does in each stretch of time."""
        asked = [target.asked() for target in targets or ()]
        change_id = local_id(change or "", "Change")
        return await info.context.ask(
            info.context.operations.preview_change, asked, start_at, end_at, change_id=change_id
        )

    @strawberry.field(graphql_type=Diff)
    async def diff(
        self, info: Ask, first: Moment, second: Moment, outages: list[str] | None = None
    ) -> log_reports.DiffReport:
        """Return what differs between two moments, and how that changes the given outages."""
        before: Any = first
        after: Any = second
        return await info.context.ask(
            info.context.operations.diff_moments, before, after, local_ids(outages or [])
        )

    @strawberry.field
    async def incidents(
        self,
        info: Ask,
        states: list[IncidentState] | None = None,
        cis: list[str] | None = None,
        from_at: datetime | None = None,
        to_at: datetime | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> IncidentPage:
        """Return a page of incidents, newest first; an empty list means none."""
        words = None if states is None else [word(state) for state in states]
        listing = _listing(words, cis, from_at, to_at, first, after)
        report = await info.context.ask(info.context.operations.list_incidents, listing)
        return _page(IncidentPage, report.incidents, report, after)

    @strawberry.field(graphql_type=IncidentDetails)
    async def incident(self, info: Ask, id: strawberry.ID) -> practice_reports.IncidentDetails:
        """Return an incident with the services it affects and whom to notify."""
        incident_id = local_id(id, "Incident")
        return await info.context.ask(info.context.operations.find_incident, incident_id)

    @strawberry.field
    async def changes(
        self,
        info: Ask,
        states: list[ChangeState] | None = None,
        cis: list[str] | None = None,
        from_at: datetime | None = None,
        to_at: datetime | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> ChangePage:
        """Return a page of changes, newest first; an empty list means none."""
        words = None if states is None else [word(state) for state in states]
        listing = _listing(words, cis, from_at, to_at, first, after)
        report = await info.context.ask(info.context.operations.list_changes, listing)
        return _page(ChangePage, report.changes, report, after)

    @strawberry.field(graphql_type=ChangeDetails)
    async def change(self, info: Ask, id: strawberry.ID) -> practice_reports.ChangeDetails:
        """Return a change with the services it affects and whom to notify."""
        change_id = local_id(id, "Change")
        return await info.context.ask(info.context.operations.find_change, change_id)

    @strawberry.field
    async def previews(
        self,
        info: Ask,
        cis: list[str] | None = None,
        from_at: datetime | None = None,
        to_at: datetime | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> PreviewPage:
        """Return a page of kept previews, newest first; an empty list means none."""
        listing = _listing(None, cis, from_at, to_at, first, after)
        report = await info.context.ask(info.context.operations.list_previews, listing)
        return _page(PreviewPage, report.previews, report, after)

    @strawberry.field(graphql_type=KeptPreview)
    async def kept_preview(self, info: Ask, id: strawberry.ID) -> practice_reports.KeptPreview:
        """Return a kept preview."""
        preview_id = local_id(id, "KeptPreview")
        return await info.context.ask(info.context.operations.find_preview, preview_id)

    @strawberry.field(graphql_type=PreviewComparison)
    async def compare_preview(
        self,
        info: Ask,
        id: strawberry.ID,
    ) -> practice_reports.PreviewComparison:
        """Ask a kept question again today and return what differs."""
        preview_id = local_id(id, "KeptPreview")
        return await info.context.ask(info.context.operations.compare_preview, preview_id)

    @strawberry.field(graphql_type=ChangesNear)
    async def changes_near(
        self, info: Ask, cis: list[str], since_at: datetime, hops: int = 2, first: int = 100
    ) -> practice_reports.NearReport:
        """Return what the log and planned changes touched around these CIs, newest first."""
        return await info.context.ask(
            info.context.operations.changes_near, local_ids(cis), since_at, hops, first
        )


def _listing(
    states: list[str] | None,
    cis: list[str] | None,
    from_at: datetime | None,
    to_at: datetime | None,
    first: int,
    after: str | None,
) -> RecordListing:
    wanted = None if cis is None else local_ids(cis)
    return RecordListing(states, wanted, from_at, to_at, first, after or "")


def _page(kind: type[T], nodes: Any, report: Any, after: str | None) -> T:
    info = list_info(report.next, after or "")
    return kind(nodes=nodes, page_info=info, report=report.to_json())
