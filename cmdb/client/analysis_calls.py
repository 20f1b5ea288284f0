"""How is the server asked about availability, single points and conflicts?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, get_args

from cmdb.client import documents
from cmdb.client.call import Call, ask
from cmdb.client.inputs import affected_inputs, given, word_of
from cmdb.ports.requests import PlannedMode, WhatIfKind

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
    from cmdb.ports.requests import AvailabilityQuestion, CauseQuestion, WhatIfEdit


def availability(question: AvailabilityQuestion) -> Call[AvailabilityReport]:
    """Return how available CIs are in the long run, or a page of all services."""
    from cmdb.model.analysis_reports import AvailabilityReport

    planned, causes = question.planned, question.common_causes
    values = given(
        cis=list(question.names) or None,
        targetPercent=question.target_percent,
        periodHours=question.period_hours,
        planned=None if planned is None else word_of("planned", planned, get_args(PlannedMode)),
        fromAt=question.from_at,
        commonCauses=[given(group=c.group, beta=c.beta, sharedQ=c.q) for c in causes] or None,
        first=question.first,
        after=question.after or None,
    )
    return replace(ask(AvailabilityReport, documents.AVAILABILITY, **values), is_slow=True)


def single_points(names: Sequence[str] = ()) -> Call[SinglePointsReport]:
    """Return the CIs whose failure alone takes these DOWN; empty: those of every service."""
    from cmdb.model.analysis_reports import SinglePointsReport

    call = ask(SinglePointsReport, documents.SPOF, **given(cis=list(names) or None))
    return replace(call, is_slow=True)


def importance(
    name: str, *, first: int = 50, fussell_vesely: bool = False
) -> Call[ImportanceReport]:
    """Return how much each CI matters to one, the most critical first."""
    from cmdb.model.analysis_reports import ImportanceReport

    call = ask(
        ImportanceReport, documents.IMPORTANCE, ci=name, first=first, fussellVesely=fussell_vesely
    )
    return replace(call, is_slow=True)


def cut_sets(name: str, *, largest: int = 3, first: int = 100) -> Call[CutSetsReport]:
    """Return the number of minimal cut sets, and those of up to `largest` CIs."""
    from cmdb.model.analysis_reports import CutSetsReport

    call = ask(CutSetsReport, documents.CUT_SETS, ci=name, largest=largest, first=first)
    return replace(call, is_slow=True)


def structure(name: str, *, first: int = 200, with_open_psa: bool = False) -> Call[StructureReport]:
    """Return what a CI relies on, nearest first, with its single points of failure marked."""
    from cmdb.model.structure_reports import StructureReport

    call = ask(
        StructureReport, documents.STRUCTURE, ci=name, first=first, withOpenPsa=with_open_psa
    )
    return replace(call, is_slow=True)


def root_cause(question: CauseQuestion) -> Call[RootCauseReport]:
    """Return which failures explain symptoms best, and what to look at next."""
    from cmdb.model.cause_reports import RootCauseReport

    values = given(
        symptoms=affected_inputs(question.symptoms) or None,
        incident=question.incident or None,
        healthy=list(question.healthy) or None,
        onsetAt=question.onset_at,
        asKnownNow=question.as_known_now,
        hours=question.hours,
        first=question.first,
    )
    return replace(ask(RootCauseReport, documents.ROOT_CAUSE, **values), is_slow=True)


def what_if(edits: Sequence[WhatIfEdit], names: Sequence[str] = ()) -> Call[WhatIfReport]:
    """Return what some edits would change for services; nothing is stored."""
    from cmdb.model.analysis_reports import WhatIfReport

    sent = [
        given(
            kind=word_of("kind", each.kind, get_args(WhatIfKind)),
            ci=each.ci,
            provider=each.provider or None,
            to=each.to or None,
        )
        for each in edits
    ]
    call = ask(WhatIfReport, documents.WHAT_IF, **given(edits=sent, cis=list(names) or None))
    return replace(call, is_slow=True)


def conflicts(
    start_at: datetime | None = None, end_at: datetime | None = None, *, change_id: str = ""
) -> Call[ConflictsReport]:
    """Return which planned changes and open incidents of a window harm services together."""
    from cmdb.model.analysis_reports import ConflictsReport

    values = given(startAt=start_at, endAt=end_at, change=change_id or None)
    return ask(ConflictsReport, documents.CONFLICTS, **values)
