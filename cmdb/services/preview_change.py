"""What would a change do, in which stretch of time, and how close does it come to worse?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import impact
from cmdb.errors import BadValue
from cmdb.model.impact_reports import PreviewReport, Slice
from cmdb.ports import Target
from cmdb.services.context import Context
from cmdb.services.find_ci import find_ci
from cmdb.services.impact_answers import (
    ask_about,
    report_basis,
    report_hits,
    report_outages,
)
from cmdb.services.impact_names import Names
from cmdb.services.permit import permit

_STATES = {"outage": impact.State.DOWN, "degraded": impact.State.DEGRADED}


def preview_change(
    context: Context, targets: Sequence[Target], start_at: datetime, end_at: datetime
) -> PreviewReport:
    """Return what happens in each stretch of time if the targets are affected from start to end.

    Args:
        context: On whose behalf, and with what.
        targets: What the change does to each CI.
        start_at: When the work begins, an aware time.
        end_at: When it ends, after the start.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: A window that ends before it starts or has no time zone, or a CI that takes no
            part in impact.
    """
    permit(context.caller, "read")
    _check_window(start_at, end_at)
    question = ask_about(context, context.snapshots.latest(), [target.ci for target in targets])
    outages = tuple(
        impact.Outage(find_ci(context, target.ci).id, _STATES[target.effect], start_at, end_at)
        for target in targets
    )
    found = impact.timeline(question.snapshot.topology, outages)
    known = Names(
        context, question.snapshot, [*question.ids, *(hit.ci for hit in found.merged.hits)]
    )
    slices = [
        Slice(
            part.start_at,
            part.end_at,
            tuple(report_hits(known, part.radius.hits, question.ids)),
        )
        for part in found.slices
        if part.start_at is not None
    ]
    return PreviewReport(
        targets=report_outages(known, outages),
        slices=tuple(slices),
        worst=tuple(report_hits(known, found.merged.hits, question.ids)),
        basis=report_basis(context, known, found.merged, question.ids),
    )


def _check_window(start_at: datetime, end_at: datetime) -> None:
    for name, moment in (("from", start_at), ("to", end_at)):
        if moment.tzinfo is None:
            raise BadValue(name, "it has no time zone", "Write 2026-05-01T22:00Z.")
    if end_at <= start_at:
        raise BadValue("to", "the window must end after it starts")
