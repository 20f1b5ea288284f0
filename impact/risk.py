"""Which CIs lost redundancy but still stand, and how many more members may fail?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impact.arrays import HARD, KIND, Bool, Int32, Int64, distinct, row_positions
from impact.reach import SMALL_FRONTIER
from impact.scratch import Scratch
from impact.spread import NOTHING, Effect

NO_MARGIN = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, eq=False)
class Reliance:
    """Nodes that rely, over hard edges, on a gate that lost members; the gates included.

    `margins` is the smallest margin among those gates, NO_MARGIN where it is unknown (under
    strength). `lost` are the slots of the gates, `is_partial` tells that the budget ended it.
    """

    nodes: Int32
    margins: Int32
    lost: Int64
    is_partial: bool = False


def find_reliance(scratch: Scratch, effect: Effect, budget: int) -> Reliance:
    """Return who relies on gates that `effect` took a member from.

    One walk per distinct margin, smallest first, so each node is met first by its smallest
    margin. A chain never passes through a membership: an outer gate whose members all stand is
    not at risk, and one that lost a member starts a walk of its own.
    """
    lost = _lost_gates(scratch, effect)
    if not len(lost):
        return Reliance(NOTHING, NOTHING, lost)
    gates = scratch.topology.gates
    margins = gates.members[lost] - scratch.members_down[lost] - gates.k_min[lost]
    margins = np.where(gates.is_under_strength[lost], NO_MARGIN, margins).astype(np.int32)
    nodes: list[Int32] = []
    values: list[Int32] = []
    room, is_partial = budget, False
    for margin in distinct(margins):
        found, is_cut = _walk_hard(scratch, gates.nodes[lost[margins == margin]], room)
        room -= len(found)
        is_partial |= is_cut
        nodes.append(found)
        values.append(np.full(len(found), margin, dtype=np.int32))
    relying = np.concatenate(nodes)
    scratch.mark[relying] = 0
    return Reliance(relying, np.concatenate(values), lost, is_partial)


def _walk_hard(scratch: Scratch, start: Int32, room: int) -> tuple[Int32, bool]:
    """Return start and all that relies on it by hard edges, unless marked; marks what it finds.

    At most `room` nodes: a frontier that exceeds it is cut to the lowest node indices, and the
    second value tells so.
    """
    found: list[Int32] = [NOTHING]
    frontier = _unmarked(scratch, start)
    while len(frontier) and len(frontier) <= room:
        scratch.mark[frontier] = 1
        found.append(frontier)
        room -= len(frontier)
        step = _step_small if len(frontier) <= SMALL_FRONTIER else _step_wide
        frontier = _unmarked(scratch, step(scratch, frontier))
    last = frontier[:room]
    scratch.mark[last] = 1
    found.append(last)
    return np.concatenate(found), len(frontier) > 0


def _unmarked(scratch: Scratch, nodes: Int32) -> Int32:
    return distinct(nodes.compress(scratch.mark.take(nodes) == 0))


def _step_small(scratch: Scratch, frontier: Int32) -> Int32:
    starts, ends, codes, marks = scratch.starts, scratch.ends, scratch.codes, scratch.mark_bytes
    fresh = []
    for node in frontier.tolist():
        first, last = starts[node], starts[node + 1]
        for end, code in zip(ends[first:last].tolist(), codes[first:last].tolist(), strict=True):
            if code & KIND == HARD and not marks[end]:
                fresh.append(end)
    return np.asarray(fresh, dtype=np.int32)


def _step_wide(scratch: Scratch, frontier: Int32) -> Int32:
    rows = scratch.topology.dependents_of
    positions, _ = row_positions(rows, frontier)
    is_hard: Bool = (rows.codes.take(positions) & KIND) == HARD
    return rows.ends.take(positions.compress(is_hard))


def _lost_gates(scratch: Scratch, effect: Effect) -> Int64:
    """Return slots of gates with more members DOWN than in the baseline, in ascending order."""
    slots = distinct(effect.gates)
    before = 0 if scratch.rest is None else scratch.rest.members_down[slots]
    return slots[scratch.members_down[slots] > before]
