"""What can be asked about availability, single points of failure and conflicts?"""

from __future__ import annotations

from datetime import datetime

import strawberry

from cmdb.model import analysis_reports as reports
from cmdb.model import cause_reports
from cmdb.model.structure_reports import StructureReport
from cmdb.ports.requests import AvailabilityQuestion, CauseQuestion
from cmdb_graphql.context import Ask
from cmdb_graphql.ids import local_id, local_ids
from cmdb_graphql.inputs import AffectedInput, CommonCauseInput, WhatIfEditInput
from cmdb_graphql.types.analysis import (
    Availability,
    Conflicts,
    CutSets,
    ImportanceRanking,
    RootCause,
    SinglePoints,
    StructureOf,
    WhatIf,
)
from cmdb_graphql.types.enums import PlannedMode, word


@strawberry.type
class AnalysingQuery:
    """Questions that reckon with every way in which something can fail."""

    @strawberry.field(graphql_type=Availability)
    async def availability(
        self,
        info: Ask,
        cis: list[str] | None = None,
        target_percent: float | None = None,
        period_hours: float | None = None,
        planned: PlannedMode | None = None,
        from_at: datetime | None = None,
        common_causes: list[CommonCauseInput] | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> reports.AvailabilityReport:
        """Return how available these CIs are in the long run, or a page of all services."""
        question = AvailabilityQuestion(
            local_ids(cis or []),
            target_percent,
            period_hours,
            None if planned is None else word(planned),
            from_at,
            [cause.asked() for cause in common_causes or ()],
            first,
            after or "",
        )
        return await info.context.ask(info.context.operations.availability, question)

    @strawberry.field(graphql_type=SinglePoints)
    async def spof(self, info: Ask, cis: list[str] | None = None) -> reports.SinglePointsReport:
        """Return the CIs whose failure alone takes these DOWN, or those of every service."""
        return await info.context.ask(info.context.operations.single_points, local_ids(cis or []))

    @strawberry.field(graphql_type=ImportanceRanking)
    async def importance(
        self, info: Ask, ci: str, first: int = 50, fussell_vesely: bool = False
    ) -> reports.ImportanceReport:
        """Return how much each CI matters to one, the most critical first."""
        return await info.context.ask(
            info.context.operations.importance,
            local_id(ci),
            first=first,
            fussell_vesely=fussell_vesely,
        )

    @strawberry.field(graphql_type=CutSets)
    async def cut_sets(
        self, info: Ask, ci: str, largest: int = 3, first: int = 100
    ) -> reports.CutSetsReport:
        """Return the number of minimal cut sets, and those of up to `largest` CIs."""
        return await info.context.ask(
            info.context.operations.cut_sets, local_id(ci), largest=largest, first=first
        )

    @strawberry.field(graphql_type=StructureOf)
    async def structure(
        self, info: Ask, ci: str, first: int = 200, with_open_psa: bool = False
    ) -> StructureReport:
        """Return what a CI relies on, nearest first, with its single points of failure marked."""
        return await info.context.ask(
            info.context.operations.structure,
            local_id(ci),
            first=first,
            with_open_psa=with_open_psa,
        )

    @strawberry.field(graphql_type=Conflicts)
    async def conflicts(
        self,
        info: Ask,
        start_at: datetime | None = None,
        end_at: datetime | None = None,
        change: str | None = None,
    ) -> reports.ConflictsReport:
        """Return which planned changes and open incidents harm services together."""
        change_id = local_id(change or "", "Change")
        return await info.context.ask(
            info.context.operations.conflicts, start_at, end_at, change_id=change_id
        )

    @strawberry.field(graphql_type=WhatIf)
    async def what_if(
        self, info: Ask, edits: list[WhatIfEditInput], cis: list[str] | None = None
    ) -> reports.WhatIfReport:
        """Return what some edits would change for services; nothing is stored."""
        return await info.context.ask(
            info.context.operations.what_if, [edit.asked() for edit in edits], local_ids(cis or [])
        )

    @strawberry.field(graphql_type=RootCause)
    async def root_cause(
        self,
        info: Ask,
        symptoms: list[AffectedInput] | None = None,
        incident: str | None = None,
        healthy: list[str] | None = None,
        onset_at: datetime | None = None,
        as_known_now: bool = False,
        hours: float = 72.0,
        first: int = 10,
    ) -> cause_reports.RootCauseReport:
        """Return which failures explain symptoms best, and what to look at next."""
        question = CauseQuestion(
            [symptom.asked() for symptom in symptoms or ()],
            local_id(incident or "", "Incident"),
            local_ids(healthy or []),
            onset_at,
            as_known_now,
            hours,
            first,
        )
        return await info.context.ask(info.context.operations.root_cause, question)
