"""What can a user ask about availability, single points and conflicts?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from cmdb.ports.requests import AvailabilityQuestion, CauseQuestion, WhatIfEdit

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


class Analysing(Protocol):
    """Questions that reckon with every way in which something can fail."""

    def availability(self, question: AvailabilityQuestion) -> AvailabilityReport:
        """Return how available CIs are in the long run, or a page of all services."""
        ...

    def single_points(self, names: Sequence[str] = ()) -> SinglePointsReport:
        """Return the CIs whose failure alone takes these DOWN; empty: those of every service."""
        ...

    def importance(
        self, name: str, *, first: int = 50, fussell_vesely: bool = False
    ) -> ImportanceReport:
        """Return how much each CI matters to one, the most critical first."""
        ...

    def cut_sets(self, name: str, *, largest: int = 3, first: int = 100) -> CutSetsReport:
        """Return the number of minimal cut sets, and those of up to `largest` CIs."""
        ...

    def structure(
        self, name: str, *, first: int = 200, with_open_psa: bool = False
    ) -> StructureReport:
        """Return what a CI relies on, nearest first, with its single points of failure marked.

        Args:
            name: Of the CI.
            first: Most nodes told.
            with_open_psa: Whether it is told as an Open-PSA model too.
        """
        ...

    def root_cause(self, question: CauseQuestion) -> RootCauseReport:
        """Return which failures explain symptoms best, and what to look at next."""
        ...

    def what_if(self, edits: Sequence[WhatIfEdit], names: Sequence[str] = ()) -> WhatIfReport:
        """Return what some edits would change for services; nothing is stored.

        Args:
            edits: Made one after the other.
            names: Services to compare; empty: those that rely on an edited CI.
        """
        ...

    def conflicts(
        self,
        start_at: datetime | None = None,
        end_at: datetime | None = None,
        *,
        change_id: str = "",
    ) -> ConflictsReport:
        """Return which planned changes and open incidents of a window harm services together.

        Args:
            start_at: Begin of the window; None: that of the recorded change.
            end_at: Its end; None: that of the recorded change.
            change_id: Tell only conflicts in which this change takes part; or empty.
        """
        ...
