"""How far do DOWN and DEGRADED spread, by compiled loops?

The same two least fixed points as in `impact.spread`, without budget and timers. Bits beside the
state tell what a node still owes: that a soft provider of it is DOWN, that it was DEGRADED before
and leaves the count of DEGRADED members, that it is in the next frontier.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numba
import numpy as np

from impact.arrays import GATE, HARD, KIND, SOFT

DEGRADED, DOWN = 1, 2
STATE, SOFTLY, WAS_DEGRADED, FRESH = 3, 4, 8, 16
WIDE, SPARSE = 512, 16
"""From so many nodes on, spread over a range of up to so many times their number, a frontier is
put in ascending order: rows that lie side by side in memory are then read one after the other."""

FALLEN = np.arange(32, dtype=np.uint8)
for now in range(32):
    if now & STATE < DOWN:
        FALLEN[now] = now & SOFTLY | DOWN | FRESH | (WAS_DEGRADED if now & STATE else 0)
WORSENED = np.arange(32, dtype=np.uint8)
WORSENED[0] = DEGRADED | FRESH
"""What each state with its bits becomes."""

Arrays: TypeAlias = Any
"""A tuple of arrays; numba finds their types out by itself."""


def spread(edges: Arrays, gates: Arrays, work: Arrays, seeds: Arrays) -> tuple[int, int, int]:
    """Return how many nodes became DOWN, how many DEGRADED, and how many gates were touched.

    Args:
        edges: starts int32 (n + 1,), ends int32 (m,), codes uint8 (m,), by provider.
        gates: slot of each node int32 (n,); fails_at, degrades_at and node int32 (gates,).
        work: state uint8 (n,); members_down and members_degraded int32 (gates,); queue, of the
            nodes found, the DOWN ones first, int32 (n + 1,); aside int32 (n,); touched, of slots,
            int32 (gates,); is_touched bool (gates,), False at rest.
        seeds: int32 own states DOWN, and int32 own states DEGRADED.
    """
    degrades_at, gate_nodes = gates[2:]
    state, down, degraded, queue, aside, touched, is_touched = work
    found = 0
    for node in seeds[0]:
        found = _falls(state, queue, found, node)
    waiting = lost = done = 0
    while done < found:
        level = found
        _sorts(state, queue, done, level)
        found, waiting, lost = _follows_down(edges, gates, work, done, (found, waiting, lost))
        done = level
    fallen = found
    for node in aside[:waiting]:
        state[node] &= STATE
        found = _worsens(state, queue, found, node)
    for node in seeds[1]:
        found = _worsens(state, queue, found, node)
    for slot in touched[:lost]:
        if down[slot] + degraded[slot] >= degrades_at[slot]:
            found = _worsens(state, queue, found, gate_nodes[slot])
    while done < found:
        level = found
        _sorts(state, queue, done, level)
        found, lost = _follows_degraded(edges, gates, work, done, (found, lost))
        done = level
    for slot in touched[:lost]:
        is_touched[slot] = False
    return fallen, found - fallen, lost


def _follow_down(
    edges: Arrays, gates: Arrays, work: Arrays, done: int, counts: Any
) -> tuple[int, int, int]:
    """Let the nodes that became DOWN, from `done` in the queue on, act on their dependents."""
    starts, ends, codes = edges
    slots, fails_at = gates[:2]
    state, down, degraded, queue, aside, touched, is_touched = work
    found, waiting, lost = counts
    for node in queue[done:found]:
        leaves = state[node] & WAS_DEGRADED
        state[node] &= STATE | SOFTLY
        for at in range(starts[node], starts[node + 1]):
            kind = codes[at] & KIND
            end = ends[at]
            if kind == HARD:
                found = _falls(state, queue, found, end)
            elif kind == SOFT:
                if state[end] & (STATE | SOFTLY) == 0:
                    state[end] |= SOFTLY
                    aside[waiting] = end
                    waiting += 1
            elif kind == GATE:
                slot = slots[end]
                down[slot] += 1
                if leaves:
                    degraded[slot] -= 1
                lost = _touches(touched, is_touched, lost, slot)
                if down[slot] >= fails_at[slot]:
                    found = _falls(state, queue, found, end)
    return found, waiting, lost


def _follow_degraded(
    edges: Arrays, gates: Arrays, work: Arrays, done: int, counts: Any
) -> tuple[int, int]:
    """Let the nodes that became DEGRADED, from `done` in the queue on, act on their dependents."""
    starts, ends, codes = edges
    slots, _, degrades_at, _ = gates
    state, down, degraded, queue, _, touched, is_touched = work
    found, lost = counts
    for node in queue[done:found]:
        state[node] &= STATE
        for at in range(starts[node], starts[node + 1]):
            kind = codes[at] & KIND
            end = ends[at]
            if kind == HARD:
                found = _worsens(state, queue, found, end)
            elif kind == GATE:
                slot = slots[end]
                degraded[slot] += 1
                lost = _touches(touched, is_touched, lost, slot)
                if down[slot] + degraded[slot] >= degrades_at[slot]:
                    found = _worsens(state, queue, found, end)
    return found, lost


def _fall(state: Any, queue: Any, found: int, node: int) -> Any:
    """Set DOWN on a node that is not, and queue it; return the length of the queue.

    Without a branch, since no processor foresees which nodes were found before.
    """
    now = state[node]
    queue[found] = node
    state[node] = FALLEN[now]
    return found + (now & STATE < DOWN)


def _worsen(state: Any, queue: Any, found: int, node: int) -> Any:
    """Set DEGRADED on a node that is UP, and queue it; return the length of the queue."""
    now = state[node]
    queue[found] = node
    state[node] = WORSENED[now]
    return found + (now & STATE == 0)


def _touch(touched: Any, is_touched: Any, lost: int, slot: int) -> int:
    """Keep the slot of a gate whose counters changed, once; return how many there are."""
    if is_touched[slot]:
        return lost
    is_touched[slot] = True
    touched[lost] = slot
    return lost + 1


def _sort(state: Any, queue: Any, begin: int, end: int) -> None:
    """Put a wide frontier in ascending order, by going over the range of nodes that it spans."""
    if end - begin < WIDE:
        return
    low, high = queue[begin:end].min(), queue[begin:end].max()
    if high - low > SPARSE * (end - begin):
        return
    place = begin
    for node in range(low, high + 1):
        queue[place] = node
        place += (state[node] & FRESH) >> 4


# Typed as little as numba is, so that what calls them is not either. The small ones are put in
# place, since a call counts the references of each array that it hands on.
_njit: Any = numba.njit
_falls = _njit(forceinline=True)(_fall)
_worsens = _njit(forceinline=True)(_worsen)
_touches = _njit(forceinline=True)(_touch)
_sorts = _njit(_sort)
_follows_down = _njit(_follow_down)
_follows_degraded = _njit(_follow_degraded)
