"""Which CIs take a service DOWN if they fail alone?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import impact
from cmdb.model.analysis_reports import CommonPoint, SinglePoints, SinglePointsReport
from cmdb.ports.awaited import check_awaited
from cmdb.services.analysis import MOST_NAMED, names_of, some_of
from cmdb.services.context import Context
from cmdb.services.impact_answers import ask_about
from cmdb.services.permit import permit

MOST_POINTS = 200


def single_points(context: Context, names: Sequence[str] = ()) -> SinglePointsReport:
    """Return the CIs whose failure alone takes these DOWN; without names, those of every service.

    What is out at present plays no part: it is asked how things stand by design.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: A CI takes no part in impact.
    """
    permit(context.caller, "read")
    snapshot = context.snapshots.latest()
    chosen = snapshot.services()
    if names:
        chosen = [ci.id for ci in ask_about(context, snapshot, names).cis]
    found_points = impact.single_points(snapshot.topology, chosen)
    counts: Counter[str] = Counter()
    rows = []
    for ci_id in chosen:
        check_awaited()
        found = found_points[ci_id]
        counts.update(found)
        rows.append(
            SinglePoints(
                names_of(context, snapshot, [ci_id])[0],
                len(found),
                some_of(context, snapshot, found, MOST_POINTS),
            )
        )
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:MOST_NAMED]
    shared = tuple(
        CommonPoint(names_of(context, snapshot, [ci])[0], count) for ci, count in most if count > 1
    )
    return SinglePointsReport(snapshot.revision, tuple(rows), shared)
