"""What happens when? One sweep over all outages together, with what edges tolerate."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from impact.blast_radius import BlastRadius, merge_radii, single_radius
from impact.model import Outage, to_milliseconds
from impact.propagation import check_budget
from impact.sweep import LONG_AGO, own_changes, sweep
from impact.views import Views, Worlds
from impact.world import World

if TYPE_CHECKING:
    from impact.topology import Topology


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of time in which nothing changes: `[start_at, end_at)`.

    Attributes:
        start_at: None: before the first event, or times are relative.
        end_at: None: it lasts for ever, or times are relative.
        start_after_seconds: From the first event; None: before it.
        end_after_seconds: From the first event; None: for ever.
        radius: The blast radius during the slice.
    """

    start_at: datetime | None
    end_at: datetime | None
    start_after_seconds: float | None
    end_after_seconds: float | None
    radius: BlastRadius


@dataclass(frozen=True, slots=True)
class Timeline:
    """The slices in order of time, the quiet ones included, and their union.

    Attributes:
        slices: They touch each other; neighbours differ.
        merged: Every CI as it stands at its worst, from the first slice in which it does.
        is_relative: No outage has a time: seconds count from their common start.
        is_partial: Some slice was cut short by the budget.
    """

    slices: tuple[Slice, ...]
    merged: BlastRadius
    is_relative: bool
    is_partial: bool
    _starts: tuple[int, ...] = field(repr=False, compare=False)

    def at(self, moment: datetime) -> Slice:
        """Return the slice that holds a moment; the last, lasting one if times are relative."""
        if self.is_relative:
            return self.slices[-1]
        place = bisect_right(self._starts, to_milliseconds(moment))
        return self.slices[max(place - 1, 0)]


def timeline(
    topology: Topology, outages: Iterable[Outage], *, budget: int | None = None
) -> Timeline:
    """Return what `outages` bring about over time, with what edges tolerate.

    An edge that tolerates t lets DOWN (and, separately, at least DEGRADED) pass at a time if its
    provider is in that state and has been throughout the t before. Timers run over the whole
    timeline; at each event the least fixed point is taken afresh, so no cycle holds itself down
    after recovery. An outage without a start has lasted long if another one has a time; if none
    has, all start together at second 0.

    Args:
        topology: The snapshot to ask.
        outages: Own states with their windows.
        budget: Largest number of affected CIs per slice; None: no limit.

    Complexity: events x edges of the part reached; an event is a start, an end, or a tolerance
    that is used up.

    Raises:
        UnknownNode: An outage names a CI that takes no part.
        InvalidBudget: A budget below 1.

    Examples:
        >>> from impact import Topology
        >>> topology = Topology.build(
        ...     ids=["rack", "feed"], dependents=[0], providers=[1], strengths=[0],
        ...     tolerates_seconds=[600])
        >>> for part in timeline(topology, [Outage("feed")]).slices:
        ...     print(part.start_after_seconds, [hit.ci for hit in part.radius.hits
        ...                                      if hit.state == 2])
        0.0 ['feed']
        600.0 ['feed', 'rack']
    """
    causes = tuple(outages)
    limit = check_budget(budget)
    is_relative = not any(outage.is_timed for outage in causes)
    first = 0 if is_relative else LONG_AGO
    changes = own_changes(topology, causes, first)
    best = list(sweep(topology, changes, limit, first=first, is_worst=False))
    worst = best
    if len(topology.unknown_nodes):
        worst = list(sweep(topology, changes, limit, first=first, is_worst=True))
    moments = list(_joined(best, worst))
    return _assemble(topology, causes, moments, is_relative=is_relative, budget=budget)


def _joined(
    best: list[tuple[int, World]], worst: list[tuple[int, World]]
) -> Iterator[tuple[int, World, World]]:
    """Yield (time, best, worst) at every event of either world where something differs."""
    if worst is best:
        pairs = [(now, world, world) for now, world in best]
    else:
        times = sorted({now for now, _ in best} | {now for now, _ in worst})
        pairs = [(now, _world_at(best, now), _world_at(worst, now)) for now in times]
    last: tuple[World, World] | None = None
    for now, one, other in pairs:
        if last is None or not (_are_alike(one, last[0]) and _are_alike(other, last[1])):
            yield now, one, other
            last = (one, other)


def _are_alike(one: World, other: World) -> bool:
    return one is other or one.same_as(other)


def _world_at(worlds: list[tuple[int, World]], now: int) -> World:
    return worlds[bisect_right(worlds, now, key=lambda each: each[0]) - 1][1]


def _assemble(
    topology: Topology,
    causes: tuple[Outage, ...],
    moments: list[tuple[int, World, World]],
    *,
    is_relative: bool,
    budget: int | None,
) -> Timeline:
    """Cut the moments before recorded time down to one and give each slice its radius."""
    recorded = [place for place, (now, _, _) in enumerate(moments) if now > LONG_AGO // 2]
    moments = moments[max((recorded[0] if recorded else len(moments)) - 1, 0) :]
    starts = [now if now > LONG_AGO // 2 else None for now, _, _ in moments]
    origin = next((start for start in starts if start is not None), 0)
    slices = []
    worlds: dict[tuple[int, int], Worlds] = {}
    for place, (_, best, worst) in enumerate(moments):
        start, end = starts[place], (starts[place + 1] if place + 1 < len(starts) else None)
        views = Views(
            best,
            worst,
            start=start,
            origin=origin,
            is_relative=is_relative,
            worlds=worlds.setdefault((id(best), id(worst)), Worlds(best, worst, budget)),
        )
        slices.append(
            Slice(
                views.moment(start),
                views.moment(end),
                None if start is None else (start - origin) / 1000.0,
                None if end is None else (end - origin) / 1000.0,
                single_radius(topology, causes, views),
            )
        )
    radii = [part.radius for part in slices]
    merged = merge_radii(topology, causes, radii)
    keys = tuple(LONG_AGO if start is None else start for start in starts)
    return Timeline(tuple(slices), merged, is_relative, merged.is_partial, keys)
