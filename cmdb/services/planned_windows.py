"""In which stretches of a year do planned changes take which CIs out of service?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from cmdb.errors import BadValue
from cmdb.model.inventory import to_epoch_ms
from cmdb.model.planned_changes import PLANNED_CHANGES
from cmdb.ports.awaited import check_awaited
from cmdb.services.context import Context
from cmdb.services.outlook import Effect
from cmdb.services.planned_changes import window_of
from cmdb.services.present import (
    MOST_OF_A_KIND,
    Present,
    effects_of,
    overlaps,
    taking_part,
    within_reach,
)
from cmdb.services.record_values import check_aware
from cmdb.snapshot import Snapshot
from impact.availability import Maintenance

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class PlannedWindows:
    """What is planned in a year.

    Attributes:
        from_at: Where the year begins.
        to_at: Its end.
        changes: Number of planned changes in it, whatever they do.
        windows: Stretches in order of time, none overlapping, each with all CIs that are out of
            service then.
        is_complete: Whether all changes could be reckoned with.
    """

    from_at: datetime
    to_at: datetime
    changes: int
    windows: tuple[Maintenance, ...]
    is_complete: bool


def planned_windows(
    context: Context, snapshot: Snapshot, from_at: datetime | None = None
) -> PlannedWindows:
    """Return what planned changes take out of service in the 365 days from a moment; None: now.

    Only outages count, not what is degraded or at risk; and only as they are planned, however long
    a change that is being implemented has overrun.

    Raises:
        BadValue: The moment has no zone, or no year follows it.
    """
    from_at = context.clock.now() if from_at is None else from_at
    check_aware("from", from_at)
    try:
        to_at = from_at + YEAR
    except OverflowError as error:
        raise BadValue("from", "no year follows that moment") from error
    read = context.store.nodes_between(
        {"change": PLANNED_CHANGES}, to_epoch_ms(from_at), to_epoch_ms(to_at), MOST_OF_A_KIND + 1
    )
    changes = sorted((each for each in read if window_of(each)[1] > from_at), key=lambda n: n.id)
    outages = [
        Present(effect, node)
        for node in changes[:MOST_OF_A_KIND]
        for effect in effects_of(node)
        if effect.effect == "outage" and overlaps(effect, from_at, to_at)
    ]
    reckoned = within_reach(outages, from_at, to_at)
    effects = [each.effect for each in taking_part(context, snapshot, reckoned)]
    return PlannedWindows(
        from_at,
        to_at,
        len(changes),
        disjoint(effects, from_at, to_at),
        len(reckoned) == len(outages) and len(changes) <= MOST_OF_A_KIND,
    )


def disjoint(
    effects: Iterable[Effect], from_at: datetime, to_at: datetime
) -> tuple[Maintenance, ...]:
    """Return the stretches between two moments in which something is out, with all that is out.

    Args:
        effects: Outages, in any order, that overlap the time between the moments.
        from_at: What begins before counts from here.
        to_at: What ends later counts until here.
    """
    steps: dict[datetime, Counter[str]] = defaultdict(Counter)
    for each in effects:
        steps[max(each.start_at or from_at, from_at)][each.ci] += 1
        steps[min(each.end_at or to_at, to_at)][each.ci] -= 1
    out: Counter[str] = Counter()
    found: list[Maintenance] = []
    is_out = False
    for begin, end in pairwise(sorted(steps)):
        check_awaited()
        out.update(steps[begin])
        cis = tuple(sorted(ci for ci, count in out.items() if count))
        if cis:
            hours = (end - begin) / timedelta(hours=1)
            found.append(Maintenance(cis, hours, continues=is_out))
        is_out = bool(cis)
    return tuple(found)
