"""What holds in one world under given outages: the settled facts, free of working memory."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import GATE, HARD, KIND, TOLERANT, Bool, Int32, UInt8, distinct, row_positions
from impact.propagation import settled
from impact.risk import NO_MARGIN, Reliance, find_reliance
from impact.scratch import Scratch
from impact.spread import DOWN, Effect
from impact.timers import Held, Timers

if TYPE_CHECKING:
    from impact.topology import Topology


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The nodes that outages change in one world, in ascending node order.

    Attributes:
        topology: The snapshot asked.
        is_worst: Whether unknown nodes are taken as DOWN.
        seeds: Own states by node, as the outages set them.
        nodes: int32 (k,), nodes whose state changes or that rely on a gate that lost members.
        state: uint8 (k,), state codes.
        at_risk: bool (k,), AT_RISK marks.
        margin: int32 (k,), smallest margin relied on, NO_MARGIN for none.
        changed: bool (k,), whether the state, not only the mark, differs from the baseline.
        down_at: Milliseconds at which a node would go DOWN once tolerances are used up.
        timers: The clock of the event point, if time was asked for.
        may_tolerate: Whether an edge that tolerates leaves an affected node.
        is_partial: The budget ended a walk.
    """

    topology: Topology
    is_worst: bool
    seeds: dict[int, int]
    nodes: Int32
    state: UInt8
    at_risk: Bool
    margin: Int32
    changed: Bool
    down_at: dict[int, int]
    timers: Timers | None
    may_tolerate: bool
    is_partial: bool

    def place(self, node: int) -> int:
        """Return the position of a node in the arrays, or -1."""
        found = int(np.searchsorted(self.nodes, node))
        return found if found < len(self.nodes) and int(self.nodes[found]) == node else -1

    def state_of(self, node: int) -> int:
        """Return the state code of any node, from the baseline where it is not listed."""
        place = self.place(node)
        if place >= 0:
            return int(self.state[place])
        return int(self.topology.worst_baseline.state[node]) if self.is_worst else 0

    def has_passed(self, member: int, gate: int) -> bool:
        """Tell whether the DOWN of a member has reached its gate over an edge that tolerates."""
        if self.timers is None:
            return True
        rows = self.topology.dependents_of
        first, last = int(rows.starts[member]), int(rows.starts[member + 1])
        return any(
            self.timers.passes_at(position, member, DOWN) <= self.timers.now
            for position in range(first, last)
            if int(rows.ends[position]) == gate and int(rows.codes[position]) & KIND == GATE
        )

    def same_as(self, other: World) -> bool:
        """Tell whether both hold the same facts about the same nodes."""
        return (
            self.down_at == other.down_at
            and self.is_partial == other.is_partial
            and np.array_equal(self.nodes, other.nodes)
            and np.array_equal(self.state, other.state)
            and np.array_equal(self.at_risk, other.at_risk)
            and np.array_equal(self.margin, other.margin)
        )


def settle_world(
    topology: Topology,
    seeds: dict[int, int],
    budget: int,
    *,
    is_worst: bool = False,
    timers: Timers | None = None,
) -> World:
    """Return what `seeds` bring about; O(edges of the part reached)."""
    with settled(topology, seeds, budget, is_worst=is_worst, timers=timers) as (scratch, effect):
        reliance = find_reliance(scratch, effect, budget)
        down_at = _find_down_times(scratch, effect.held)
        waiting = np.fromiter(down_at.keys(), dtype=np.int32, count=len(down_at))
        nodes = np.concatenate([effect.down, effect.degraded, reliance.nodes, waiting])
        nodes = distinct(nodes)
        state = scratch.state[nodes]
        margin, relies = _margins(nodes, reliance)
        at_risk = (relies | _among(nodes, waiting)) & (state < DOWN)
        if scratch.rest is not None:
            at_risk |= scratch.rest.is_at_risk[nodes] & (state < DOWN)
            changed = state != scratch.rest.state[nodes]
        else:
            changed = state > 0
        return World(
            topology=topology,
            is_worst=is_worst,
            seeds=seeds,
            nodes=nodes,
            state=state,
            at_risk=at_risk,
            margin=margin,
            changed=changed,
            down_at=down_at,
            timers=timers,
            may_tolerate=topology.has_tolerances and _may_tolerate(scratch, effect),
            is_partial=effect.is_partial or reliance.is_partial,
        )


def _among(nodes: Int32, some: Int32) -> Bool:
    """Return bool (len(nodes),): which are in `some`; every one of `some` is in `nodes`."""
    found = np.zeros(len(nodes), dtype=np.bool_)
    found[np.searchsorted(nodes, some)] = True
    return found


def _margins(nodes: Int32, reliance: Reliance) -> tuple[Int32, Bool]:
    margin = np.full(len(nodes), NO_MARGIN, dtype=np.int32)
    relies = np.zeros(len(nodes), dtype=np.bool_)
    if len(reliance.nodes):
        places = np.searchsorted(nodes, reliance.nodes)
        margin[places] = reliance.margins
        relies[places] = True
    return margin, relies


def _may_tolerate(scratch: Scratch, effect: Effect) -> bool:
    rows = scratch.topology.dependents_of
    positions, _ = row_positions(rows, np.concatenate([effect.down, effect.degraded]))
    return bool((rows.codes.take(positions) & TOLERANT).any())


def _find_down_times(scratch: Scratch, held: Held) -> dict[int, int]:
    """Return when each node that still stands goes DOWN if the tolerated outages last.

    Earliest first along hard edges, adding what each edge tolerates. Gates are not passed: their
    members decide when the time comes.
    """
    state = scratch.bytes
    chosen = (held.codes & KIND) == HARD
    queue = [
        (at, node)
        for at, node in zip(
            held.passes_at[chosen].tolist(), held.dependents[chosen].tolist(), strict=True
        )
        if state[node] < DOWN
    ]
    heapq.heapify(queue)
    found: dict[int, int] = {}
    while queue:
        at, node = heapq.heappop(queue)
        if node in found:
            continue
        found[node] = at
        for dependent, tolerated in hard_dependents(scratch.topology, node):
            if state[dependent] < DOWN and dependent not in found:
                heapq.heappush(queue, (at + tolerated, dependent))
    return found


def hard_dependents(topology: Topology, node: int) -> list[tuple[int, int]]:
    """Return the hard dependents of a node and the milliseconds each edge tolerates."""
    rows = topology.dependents_of
    first, last = int(rows.starts[node]), int(rows.starts[node + 1])
    found = []
    for position in range(first, last):
        code = int(rows.codes[position])
        if code & KIND == HARD:
            tolerated = topology.tolerated_milliseconds(position) if code & TOLERANT else 0
            found.append((int(rows.ends[position]), tolerated))
    return found
