"""How is the preview of a change shown: verdict, stretches of time, evidence?"""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.cli.impact_tables import (
    BRIEF,
    USUAL,
    Detail,
    count_states,
    print_hits,
)
from cmdb.cli.output import (
    CRITICALITY,
    duration_text,
    plural,
    print_lines,
    print_table,
    time_text,
)
from cmdb.cli.trust_tables import print_basis, print_present
from cmdb.model.impact_reports import Hit, PreviewReport, Slice

_MOST_NAMES = 6


def print_preview(report: PreviewReport, detail: Detail = USUAL) -> None:
    """Print what a change would do."""
    print_lines([verdict(report)], style="bold")
    print_lines([""])
    print_table(
        ("from", "to", "lasts", "services", "CIs"),
        [_slice_row(part) for part in report.slices],
        title="WHEN",
    )
    print_hits(report.worst, detail)
    print_present(report.present)
    if detail is not BRIEF:
        print_basis(report.basis)


def verdict(report: PreviewReport) -> str:
    """Return whether the change can be done, in one sentence."""
    services = [hit for hit in report.added if hit.is_service]
    down = [hit for hit in services if hit.state == "DOWN"]
    if down:
        lasts = duration_text(_seconds_down(report.slices))
        worst = CRITICALITY[max(hit.criticality for hit in down)]
        return (
            f"THIS CHANGE BREAKS SERVICES: {_named(down)} DOWN for {lasts} "
            f"({plural(len(down), 'service')}, up to {worst})."
        )
    degraded = [hit for hit in services if hit.state == "DEGRADED"]
    if degraded:
        return f"No service goes DOWN; {_named(degraded)} DEGRADED while it lasts."
    if services:
        return (
            f"No service goes DOWN or DEGRADED; {_named(services)} AT RISK while it lasts: less "
            "redundancy than planned."
        )
    if report.added:
        return f"No service is affected; of other CIs {count_states(report.added, 'CI')}."
    if report.worst:
        return "Nothing more is affected than is so already, as far as is on record."
    return "Nothing else is affected, as far as is on record."


def _named(hits: Sequence[Hit]) -> str:
    names = [hit.ci.name for hit in hits[:_MOST_NAMES]]
    more = len(hits) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _seconds_down(slices: Sequence[Slice]) -> float:
    total = 0.0
    for part in slices:
        is_down = any(hit.is_service and hit.state == "DOWN" for hit in _added(part))
        if is_down and part.start_at and part.end_at:
            total += (part.end_at - part.start_at).total_seconds()
    return total


def _added(part: Slice) -> list[Hit]:
    """Return what the change adds in a stretch of time."""
    return [hit for hit in part.hits if not hit.is_present]


def _slice_row(part: Slice) -> tuple[object, ...]:
    added = _added(part)
    services = [hit for hit in added if hit.is_service]
    lasts = "-"
    if part.start_at and part.end_at:
        lasts = duration_text((part.end_at - part.start_at).total_seconds())
    return (
        time_text(part.start_at),
        time_text(part.end_at) if part.end_at else "",
        lasts,
        count_states(services) if added else "all as before",
        count_states(added) if added else "",
    )
