"""Which states do outages bring about at each event, with what edges tolerate?"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import FOR_EVER, TOLERANT, Int32, distinct, row_positions
from impact.model import LAST_MILLISECOND, Outage, to_milliseconds
from impact.spread import DOWN
from impact.timers import Since, Timers
from impact.world import World, settle_world

if TYPE_CHECKING:
    from impact.topology import Topology

LONG_AGO = -(FOR_EVER // 2)
"""Before every event; far enough that everything tolerated has been used up, unless for ever."""


def own_changes(
    topology: Topology, outages: Iterable[Outage], untimed: int
) -> list[tuple[int, int, int, int]]:
    """Return (start, end, node, state) of every own state, in milliseconds."""
    changes = [
        (untimed, FOR_EVER, node, state)
        for node, state in zip(topology.own[0].tolist(), topology.own[1].tolist(), strict=True)
    ]
    for outage in outages:
        start = untimed if outage.start_at is None else to_milliseconds(outage.start_at)
        end = FOR_EVER if outage.end_at is None else to_milliseconds(outage.end_at)
        changes.append((start, end, topology.index(outage.ci), int(outage.state)))
    return changes


def sweep(
    topology: Topology,
    changes: list[tuple[int, int, int, int]],
    budget: int,
    *,
    first: int,
    is_worst: bool,
) -> Iterator[tuple[int, World]]:
    """Yield (time, world) at `first` and at every event point that has a time.

    What would pass after the last year of the calendar passes never.
    """
    last = FOR_EVER if first == 0 else LAST_MILLISECOND
    events = {moment for start, end, _, _ in changes for moment in (start, end)}
    queue = sorted((events | {first}) - {FOR_EVER})
    waiting = sorted(changes, reverse=True)
    active: list[tuple[int, int, int, int]] = []
    # Where nothing is tolerated, what is so depends on the own states alone, whenever they are so.
    known: dict[frozenset[tuple[int, int]], World] = {}
    down: dict[int, int] = {}
    degraded: dict[int, int] = {}
    while queue:
        now = heapq.heappop(queue)
        while queue and queue[0] == now:
            heapq.heappop(queue)
        while waiting and waiting[-1][0] <= now:
            active.append(waiting.pop())
        active = [each for each in active if each[1] > now]
        seeds: dict[int, int] = {}
        for _, _, node, state in active:
            seeds[node] = max(seeds.get(node, 0), state)
        world = known.get(frozenset(seeds.items()))
        if world is None:
            timers = Timers(topology, now, Since.of(down), Since.of(degraded))
            world = settle_world(topology, seeds, budget, is_worst=is_worst, timers=timers)
            if not world.may_tolerate:
                known[frozenset(seeds.items())] = world
        yield now, world
        fresh = [
            _keep_time(down, world.nodes[world.changed & (world.state == DOWN)], now),
            _keep_time(degraded, world.nodes[world.changed & (world.state > 0)], now),
        ]
        for moment in _timer_times(topology, np.concatenate(fresh), now):
            if moment <= last:
                heapq.heappush(queue, moment)


def _keep_time(since: dict[int, int], nodes: Int32, now: int) -> Int32:
    """Bring `since` up to date and return the nodes that came into the state just now."""
    present = nodes.tolist()
    times = {node: since.get(node, now) for node in present}
    fresh = [node for node in present if node not in since]
    since.clear()
    since.update(times)
    return np.asarray(fresh, dtype=np.int32)


def _timer_times(topology: Topology, nodes: Int32, now: int) -> list[int]:
    if not topology.has_tolerances or not len(nodes):
        return []
    rows = topology.dependents_of
    positions, _ = row_positions(rows, nodes)
    positions = positions[(rows.codes[positions] & TOLERANT) > 0]
    where, tolerated = topology.tolerant
    lengths = distinct(tolerated[np.searchsorted(where, positions)])
    return [now + length for length in lengths.tolist() if length < FOR_EVER // 4]
