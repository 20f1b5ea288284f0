"""Which candidates take which nodes DOWN alone, by compiled loops over words of 64 candidates?"""

from __future__ import annotations

from typing import Any, TypeAlias

import numba
import numpy as np

Arrays: TypeAlias = Any
"""A tuple of arrays; numba finds their types out by itself."""


def components(starts: Any, ends: Any, roots: Any) -> tuple[Any, Any]:
    """Return the nodes that roots reach, component by component, and where each begins, int32.

    Components come after those that they reach; within one, nodes stand as they were finished.

    Source: R. Tarjan (1972), doi:10.1137/0201010.
    """
    nodes = len(starts) - 1
    settled = nodes + 1
    low, number = np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    finished, pending = np.zeros(nodes, np.int32), starts[:-1].copy()
    path, stack = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    order, groups = np.empty(nodes, np.int32), np.zeros(nodes + 1, np.int32)
    seen = done = height = count = emitted = 0
    for root in roots:
        if low[root]:
            continue
        seen += 1
        low[root] = number[root] = seen
        path[0] = stack[height] = root
        height += 1
        depth = 1
        while depth:
            node = path[depth - 1]
            if pending[node] < starts[node + 1]:
                provider = ends[pending[node]]
                pending[node] += 1
                if not low[provider]:
                    seen += 1
                    low[provider] = number[provider] = seen
                    path[depth] = stack[height] = provider
                    depth += 1
                    height += 1
                else:
                    low[node] = min(low[node], low[provider])
                continue
            depth -= 1
            done += 1
            finished[node] = done
            lowest = low[node]
            if depth:
                low[path[depth - 1]] = min(low[path[depth - 1]], lowest)
            if lowest != number[node]:
                continue
            begin = height - 1
            while stack[begin] != node:
                begin -= 1
            component = stack[begin:height]
            if height - begin > 1:
                component = component[np.argsort(finished[component])]
            for member in component:
                low[member] = settled
                order[emitted] = member
                emitted += 1
            height = begin
            count += 1
            groups[count] = emitted
    return order[:emitted].copy(), groups[: count + 1].copy()


def cover(cone: Arrays, block: Arrays, asked: Any, work: Arrays, found: Arrays) -> int:
    """Find which candidates of one block take each of the asked DOWN alone.

    Returns the number of words found that are not 0. Only places that rely on a candidate of the
    block are looked at.

    Args:
        cone: starts int32 (k + 1,), providers int32 (e,), is_member bool (e,), needs int32 (k,),
            groups int32 (c + 1,), as in `Cone`; then starts and dependents, the other way round.
        block: int32 (up to 64 w,), the places of the candidates, ascending, and the component of
            the first of them.
        asked: int32 (s,), places.
        work: sets uint64 (k, w); is_live bool (k,), False where a set is empty; is_pending
            bool (k,); reached uint64 (largest need + 1, w).
        found: row int64, word int32 and bits uint64 of what is found, (s w,) each.
    """
    groups, (candidates, first) = cone[4], block
    sets, is_live, is_pending, _ = work
    is_live[:] = False
    is_pending[:] = False
    for number in range(len(candidates)):
        at = candidates[number]
        sets[at] = 0
        sets[at, number >> 6] = np.uint64(1) << np.uint64(number & 63)
        is_live[at] = is_pending[at] = True
    for group in range(first, len(groups) - 1):
        begin, end = groups[group], groups[group + 1]
        if end - begin == 1:
            if is_pending[begin]:
                _grows(cone, begin, work)
                _passes_on(cone, begin, work)
        elif is_pending[begin:end].any():
            _settles(cone, begin, end, work)
    count = 0
    rows, words, bits = found
    for row in range(len(asked)):
        at = asked[row]
        if is_live[at]:
            for word in range(sets.shape[1]):
                if sets[at, word]:
                    rows[count], words[count], bits[count] = row, word, sets[at, word]
                    count += 1
    return count


def _settle(cone: Arrays, begin: int, end: int, work: Arrays) -> None:
    """Go round a cycle until nothing changes."""
    is_settled = False
    while not is_settled:
        is_settled = True
        for at in range(begin, end):
            if _grows(cone, at, work):
                is_settled = False
    for at in range(begin, end):
        _passes_on(cone, at, work)


def _pass_on(cone: Arrays, at: int, work: Arrays) -> None:
    """Have those looked at that rely on a place whose set is not empty."""
    starts, dependents = cone[5], cone[6]
    if work[1][at]:
        for edge in range(starts[at], starts[at + 1]):
            work[2][dependents[edge]] = True


def _grow(cone: Arrays, at: int, work: Arrays) -> bool:
    """Add to the set of a place what its providers bring; tell whether it grew."""
    starts, providers, is_member, needs = cone[:4]
    sets, is_live, _, reached = work
    need = needs[at]
    mine = sets[at]
    if not is_live[at]:
        mine[:] = 0
    grows = False
    live = 0
    for edge in range(starts[at], starts[at + 1]):
        provider = providers[edge]
        if not is_live[provider]:
            continue
        if is_member[edge] and need > 1:
            live += 1
        elif _join(mine, sets[provider]):
            grows = True
    if need > 1 and live >= need:
        reached[: need + 1] = 0
        for edge in range(starts[at], starts[at + 1]):
            if is_member[edge] and is_live[providers[edge]]:
                _count(reached, need, sets[providers[edge]])
        if _join(mine, reached[need]):
            grows = True
    if grows:
        is_live[at] = True
    return grows


def _count_once(reached: Any, need: int, more: Any) -> None:
    """Count a set: `reached[t]` holds the bits that are in at least t of the sets so far."""
    for size in range(need, 1, -1):
        for word in range(len(more)):
            reached[size, word] |= reached[size - 1, word] & more[word]
    for word in range(len(more)):
        reached[1, word] |= more[word]


def _join_bits(mine: Any, more: Any) -> bool:
    """Add the bits of one set to another; tell whether it grew."""
    fresh = np.uint64(0)
    for word in range(len(mine)):
        before = mine[word]
        fresh |= more[word] & ~before
        mine[word] = before | more[word]
    return bool(fresh != 0)


# One typed as little as numba is, so that what calls it is not either.
_njit: Any = numba.njit
_join = _njit(_join_bits)
_count = _njit(_count_once)
_grows = _njit(_grow)
_passes_on = _njit(_pass_on)
_settles = _njit(_settle)
