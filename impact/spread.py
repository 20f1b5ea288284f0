"""How far do DOWN and DEGRADED spread? The two least fixed points, for one world.

DOWN first; then "at least DEGRADED", given DOWN. Both walk outward from what changes, in whole
frontiers, so the cost is that of the part reached. In the worst world the walk starts from a
baseline in which unknown nodes are DOWN; by monotony, continuing from it reaches the same least
fixed point as starting afresh.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import (
    GATE,
    HARD,
    KIND,
    SOFT,
    Bool,
    Int32,
    Int64,
    UInt8,
    distinct,
    distinct_packed,
    row_positions,
)
from impact.fast import kernels_for
from impact.reach import SMALL_FRONTIER
from impact.scratch import Scratch
from impact.timers import Held, Timers

if TYPE_CHECKING:
    from impact.fast.kernels import Kernels

UP, DEGRADED, DOWN = 0, 1, 2
NOTHING: Int32 = np.empty(0, dtype=np.int32)
ONE = np.int32(1)


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """What outages change in one world, beside its baseline.

    Attributes:
        down: int32, nodes that become DOWN, in order of discovery.
        degraded: int32, nodes that become DEGRADED and not DOWN.
        gates: int64, slots of gates some member of which changed state, in no order and repeated.
        held: Edges over which an outage is tolerated so far; empty without timers.
        is_partial: The budget ended the walk.
    """

    down: Int32
    degraded: Int32
    gates: Int64
    held: Held
    is_partial: bool


@dataclass(slots=True, eq=False)
class Spread:
    """One walk; `run` once, read the states from the scratch, then `restore`."""

    scratch: Scratch
    budget: int
    timers: Timers | None = None
    found: list[Int32] = field(default_factory=list)
    soft: list[Int32] = field(default_factory=list)
    touched: list[Int64] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    changed: list[Int32] = field(default_factory=list)
    count: int = 0
    is_partial: bool = False

    def run(self, down: list[int], degraded: list[int]) -> Effect:
        """Return the effect of own states `down` and `degraded`; the scratch keeps the states."""
        if self.timers is None and self.budget >= len(self.scratch.state):
            kernels = kernels_for(self.scratch.topology)
            if kernels is not None:
                return self._run_compiled(kernels, down, degraded)
        self._spread(self._enter(_nodes(down), DOWN), DOWN)
        fallen = self._collect()
        starts = [_nodes(degraded), *self.soft, self._gates_below_full()]
        if self.timers is not None:
            starts.extend(self._through_held(self.timers))
        self._spread(self._enter(np.concatenate(starts), DEGRADED), DEGRADED)
        held = self.timers.held() if self.timers is not None else Held.none()
        gates = self._touched()
        return Effect(fallen, self._collect(), gates, held, self.is_partial)

    def _run_compiled(self, kernels: Kernels, down: list[int], degraded: list[int]) -> Effect:
        fallen, worse, slots = kernels.spread(self.scratch, _nodes(down), _nodes(degraded))
        self.changed, self.touched = [fallen, worse], [slots]
        return Effect(fallen, worse, slots, Held.none(), is_partial=False)

    def restore(self) -> None:
        """Put the scratch back to rest."""
        for nodes in self.changed:
            self.scratch.restore_states(nodes)
        self.scratch.restore_gates(self._touched())

    def _collect(self) -> Int32:
        nodes = np.concatenate([NOTHING, *self.found])
        self.changed.append(nodes)
        self.found = []
        return nodes

    def _spread(self, frontier: Int32, level: int) -> None:
        is_plain = self.timers is None and self.scratch.rest is None
        while len(frontier):
            if len(frontier) <= SMALL_FRONTIER and is_plain:
                frontier = self._walk_small(frontier.tolist(), level)
            else:
                frontier = self._step_wide(frontier, level)

    def _enter(self, nodes: Int32, level: int) -> Int32:
        """Set `level` on those of `nodes` that are below it and return them, one entry each."""
        return self._admit(distinct(nodes.compress(self.scratch.state.take(nodes) < level)), level)

    def _admit(self, fresh: Int32, level: int) -> Int32:
        """Set `level` on as many of `fresh`, ascending, as the budget allows; return these."""
        state = self.scratch.state
        room = self.budget - self.count
        if len(fresh) > room:
            fresh = fresh[:room]
            self.is_partial = True
        if level == DOWN and self.scratch.rest is not None:
            self._leave_degraded(fresh.compress(state.take(fresh) == DEGRADED))
        state[fresh] = level
        self.count += len(fresh)
        self.found.append(fresh)
        return fresh

    def _walk_small(self, frontier: list[int], level: int) -> Int32:
        """Follow few nodes by plain loops; returns the first frontier that is not narrow."""
        walked: list[int] = []
        while 0 < len(frontier) <= SMALL_FRONTIER:
            frontier = self._step_small(frontier, level)
            walked += frontier
        self.found.append(_nodes(walked))
        return _nodes(frontier)

    def _step_small(self, frontier: list[int], level: int) -> list[int]:
        state, starts = self.scratch.bytes, self.scratch.starts
        ends, codes = self.scratch.ends, self.scratch.codes
        fresh: list[int] = []
        soft: list[int] = []
        for node in frontier:
            first, last = starts[node], starts[node + 1]
            for end, code in zip(
                ends[first:last].tolist(), codes[first:last].tolist(), strict=True
            ):
                kind = code & KIND
                if kind == SOFT:
                    soft.append(end)
                elif (kind == HARD or (kind == GATE and self._counts_across(end, level))) and state[
                    end
                ] < level:
                    state[end] = level
                    fresh.append(end)
        if soft and level == DOWN:
            self.soft.append(_nodes(soft))
        self.count += len(fresh)
        return fresh if self.count <= self.budget else self._cut(fresh)

    def _counts_across(self, gate: int, level: int) -> bool:
        """Count one more member of a gate and tell whether that is too many."""
        scratch = self.scratch
        slot = scratch.gate_slots[gate]
        self.counted.append(slot)
        if level == DOWN:
            scratch.down_counts[slot] += 1
            return scratch.down_counts[slot] >= scratch.fails_at[slot]
        scratch.degraded_counts[slot] += 1
        not_up = scratch.down_counts[slot] + scratch.degraded_counts[slot]
        return not_up >= scratch.degrades_at[slot]

    def _cut(self, fresh: list[int]) -> list[int]:
        """Give back what exceeds the budget, highest node indices first."""
        room = len(fresh) - (self.count - self.budget)
        fresh.sort()
        self.scratch.state[fresh[room:]] = UP
        self.count = self.budget
        self.is_partial = True
        return fresh[:room]

    def _step_wide(self, frontier: Int32, level: int) -> Int32:
        """Follow a whole frontier at once."""
        rows = self.scratch.topology.dependents_of
        positions, counts = row_positions(rows, frontier)
        codes = rows.codes.take(positions)
        ends = rows.ends.take(positions)
        if self.timers is not None:
            providers = np.repeat(frontier, counts)
            passes = self.timers.passing(positions, codes, providers, level)
            if level == DOWN:
                late = np.flatnonzero(~passes)
                self.timers.hold(positions[late], ends[late], codes[late], providers[late])
            ends, codes = ends[passes], codes[passes]
        return self._follow(ends, codes, level)

    def _follow(self, ends: Int32, codes: UInt8, level: int) -> Int32:
        kinds = codes & KIND
        follows = self.scratch.state.take(ends) < level
        # Most edges are hard; the others are picked out once and looked at by themselves.
        others = (kinds != HARD).nonzero()[0]
        if len(others):
            passes = self._pass_others(ends.take(others), kinds.take(others), level)
            follows[others] &= passes
        return self._admit(distinct_packed(ends.compress(follows)), level)

    def _pass_others(self, ends: Int32, kinds: UInt8, level: int) -> Bool:
        """Return which edges that are not hard let `level` pass: to a gate that now crosses."""
        if level == DOWN:
            self.soft.append(ends.compress(kinds == SOFT))
        passes: Bool = kinds == GATE
        members = passes.nonzero()[0]
        if len(members):
            passes[members] = self._count(ends.take(members), level)
        return passes

    def _count(self, gates: Int32, level: int) -> Bool:
        """Count one more member for each entry of `gates`, and return which of these cross."""
        scratch, limits = self.scratch, self.scratch.topology.gates
        slots = scratch.topology.gate_slots.take(gates).astype(np.int64)
        self.touched.append(slots)
        # One by one, several of one gate included: cheaper than sorting to count them at once.
        if level == DOWN:
            np.add.at(scratch.members_down, slots, ONE)
            return scratch.members_down.take(slots) >= limits.fails_at.take(slots)
        np.add.at(scratch.members_degraded, slots, ONE)
        return self._not_up(slots) >= limits.degrades_at.take(slots)

    def _not_up(self, slots: Int64) -> Int32:
        scratch = self.scratch
        return np.add(scratch.members_down.take(slots), scratch.members_degraded.take(slots))

    def _touched(self) -> Int64:
        """Return the slots of gates whose counters changed so far, in no order and repeated."""
        self.touched = [np.concatenate([np.asarray(self.counted, dtype=np.int64), *self.touched])]
        self.counted = []
        return self.touched[0]

    def _leave_degraded(self, worse: Int32) -> None:
        """Take nodes that go from DEGRADED to DOWN out of the count of DEGRADED members."""
        if not len(worse):
            return
        rows = self.scratch.topology.dependents_of
        positions, counts = row_positions(rows, worse)
        codes = rows.codes.take(positions)
        chosen = (codes & KIND) == GATE
        if self.timers is not None:
            sources = np.repeat(worse, counts)
            chosen &= self.timers.passing(positions, codes, sources, DOWN)
        gates = rows.ends.take(positions.compress(chosen))
        slots = self.scratch.topology.gate_slots.take(gates).astype(np.int64)
        np.subtract.at(self.scratch.members_degraded, slots, ONE)
        self.touched.append(slots)

    def _gates_below_full(self) -> Int32:
        """Return touched gates with too few members UP, now that DOWN is settled."""
        gates = self.scratch.topology.gates
        slots = self._touched()
        crosses = self._not_up(slots) >= gates.degrades_at.take(slots)
        return gates.nodes.take(slots.compress(crosses))

    def _through_held(self, timers: Timers) -> list[Int32]:
        """Return dependents that a DOWN provider, tolerated as DOWN, still degrades."""
        late = timers.degrading(self.scratch)
        kinds = late.codes & KIND
        members = late.dependents[kinds == GATE]
        return [late.dependents[kinds == HARD], members[self._count(members, DEGRADED)]]


def _nodes(values: list[int]) -> Int32:
    return np.asarray(values, dtype=np.int32)
