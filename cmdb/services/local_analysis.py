"""How are questions about failures in the long run done in this process?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cmdb.services.context import Context

if TYPE_CHECKING:
    from cmdb.model.analysis_reports import (
        AvailabilityReport,
        ConflictsReport,
        CutSetsReport,
        ImportanceReport,
        SinglePointsReport,
        WhatIfReport,
    )
    from cmdb.model.cause_reports import RootCauseReport
    from cmdb.model.structure_reports import StructureReport
    from cmdb.ports import AvailabilityQuestion, CauseQuestion, WhatIfEdit


class LocalAnalysis:
    """`Analysing` over a context of this process."""

    _context: Context

    def availability(self, question: AvailabilityQuestion) -> AvailabilityReport:
        """Return how available CIs are, or a page of all services."""
        from cmdb.services.availability import availability

        return availability(self._context, question)

    def single_points(self, names: Sequence[str] = ()) -> SinglePointsReport:
        """Return the CIs whose failure alone takes these DOWN."""
        from cmdb.services.single_points import single_points

        return single_points(self._context, names)

    def importance(
        self, name: str, *, first: int = 50, fussell_vesely: bool = False
    ) -> ImportanceReport:
        """Return how much each CI matters to one."""
        from cmdb.services.availability import importance

        return importance(self._context, name, first=first, fussell_vesely=fussell_vesely)

    def cut_sets(self, name: str, *, largest: int = 3, first: int = 100) -> CutSetsReport:
        """Return the minimal cut sets of one."""
        from cmdb.services.availability import cut_sets

        return cut_sets(self._context, name, largest=largest, first=first)

    def structure(
        self, name: str, *, first: int = 200, with_open_psa: bool = False
    ) -> StructureReport:
        """Return what a CI relies on, nearest first."""
        from cmdb.services.structure import structure

        return structure(self._context, name, first=first, with_open_psa=with_open_psa)

    def root_cause(self, question: CauseQuestion) -> RootCauseReport:
        """Return which failures explain symptoms best, and what to look at next."""
        from cmdb.services.root_cause import root_cause

        return root_cause(self._context, question)

    def what_if(self, edits: Sequence[WhatIfEdit], names: Sequence[str] = ()) -> WhatIfReport:
        """Return what some edits would change for services."""
        from cmdb.services.what_if import what_if

        return what_if(self._context, edits, names)

    def conflicts(
        self,
        start_at: datetime | None = None,
        end_at: datetime | None = None,
        *,
        change_id: str = "",
    ) -> ConflictsReport:
        """Return which planned changes and open incidents harm services together."""
        from cmdb.services.conflicts import conflicts

        return conflicts(self._context, start_at, end_at, change_id=change_id)
