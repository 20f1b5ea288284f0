"""How far do DOWN and DEGRADED spread, by compiled loops?

The same two least fixed points as in `impact.spread`, without budget and timers. Bits beside the
state tell what a node still owes: that a soft provider of it is DOWN, or that it was DEGRADED
before and leaves the count of DEGRADED members.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from impact.arrays import GATE, HARD, KIND, SOFT

DEGRADED, DOWN = 1, 2
STATE, SOFTLY, WAS_DEGRADED = 3, 4, 8

Arrays: TypeAlias = Any
"""A tuple of arrays; numba finds their types out by itself."""


def spread(edges: Arrays, gates: Arrays, work: Arrays, seeds: Arrays) -> tuple[int, int, int]:
    """Return how many nodes became DOWN, how many DEGRADED, and how many gates were touched.

    Args:
        edges: starts int32 (n + 1,), ends int32 (m,), codes uint8 (m,), by provider.
        gates: slot of each node int32 (n,); fails_at, degrades_at and node int32 (gates,).
        work: state uint8 (n,); members_down and members_degraded int32 (gates,); queue int32 (n,)
            of the nodes found, the DOWN ones first; aside int32 (n,); touched int32 (gates,) of
            slots; is_touched bool (gates,), False at rest.
        seeds: int32 own states DOWN, and int32 own states DEGRADED.
    """
    starts, ends, codes = edges
    slots, fails_at, degrades_at, gate_nodes = gates
    state, down, degraded, queue, aside, touched, is_touched = work
    found = waiting = lost = done = 0
    for node in seeds[0]:
        before = state[node]
        if before < DOWN:
            state[node] = DOWN | (WAS_DEGRADED if before == DEGRADED else 0)
            queue[found] = node
            found += 1
    while done < found:
        node = queue[done]
        done += 1
        leaves = state[node] & WAS_DEGRADED
        state[node] &= STATE | SOFTLY
        for at in range(starts[node], starts[node + 1]):
            kind = codes[at] & KIND
            end = ends[at]
            now = state[end]
            if kind == SOFT:
                if now & STATE == 0 and not now & SOFTLY:
                    state[end] = now | SOFTLY
                    aside[waiting] = end
                    waiting += 1
                continue
            if kind == GATE:
                slot = slots[end]
                down[slot] += 1
                if leaves:
                    degraded[slot] -= 1
                if not is_touched[slot]:
                    is_touched[slot] = True
                    touched[lost] = slot
                    lost += 1
                if down[slot] < fails_at[slot]:
                    continue
            elif kind != HARD:
                continue
            if now & STATE < DOWN:
                state[end] = DOWN | (WAS_DEGRADED if now & STATE == DEGRADED else 0)
                queue[found] = end
                found += 1
    fallen = found
    for place in range(waiting):
        node = aside[place]
        now = state[node]
        state[node] = now & STATE
        if now & STATE == 0:
            state[node] = DEGRADED
            queue[found] = node
            found += 1
    for node in seeds[1]:
        if state[node] < DEGRADED:
            state[node] = DEGRADED
            queue[found] = node
            found += 1
    for place in range(lost):
        slot = touched[place]
        node = gate_nodes[slot]
        if state[node] < DEGRADED and down[slot] + degraded[slot] >= degrades_at[slot]:
            state[node] = DEGRADED
            queue[found] = node
            found += 1
    done = fallen
    while done < found:
        node = queue[done]
        done += 1
        for at in range(starts[node], starts[node + 1]):
            kind = codes[at] & KIND
            end = ends[at]
            if kind == GATE:
                slot = slots[end]
                degraded[slot] += 1
                if not is_touched[slot]:
                    is_touched[slot] = True
                    touched[lost] = slot
                    lost += 1
                if down[slot] + degraded[slot] < degrades_at[slot]:
                    continue
            elif kind != HARD:
                continue
            if state[end] < DEGRADED:
                state[end] = DEGRADED
                queue[found] = end
                found += 1
    for place in range(lost):
        is_touched[touched[place]] = False
    return fallen, found - fallen, lost
