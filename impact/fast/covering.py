"""Which candidates take which nodes DOWN alone, by compiled loops over words of 64 candidates?"""

from __future__ import annotations

from typing import Any, TypeAlias

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


def cover(cone: Arrays, column: Any, span: Arrays, asked: Any, work: Arrays) -> Any:
    """Return uint64 (s, w): which candidates of one block take each of the asked DOWN alone.

    Args:
        cone: starts int32 (k + 1,), providers int32 (e,), is_member bool (e,), needs int32 (k,),
            groups int32 (c + 1,), as in `Cone`.
        column: int32 (k,), the candidate that a place is, -1 where it is none.
        span: The first candidate of the block, and the component from which on there are any.
        asked: int32 (s,), places.
        work: sets uint64 (k, w); is_live bool (k,), False where a set is empty; reached
            uint64 (largest need + 1, w).
    """
    starts, providers, is_member, needs, groups = cone
    low, first = span
    sets, is_live, reached = work
    width = sets.shape[1]
    high = low + 64 * width
    one = np.uint64(1)
    grown = np.empty(width, np.uint64)
    is_live[:] = False
    for group in range(first, len(groups) - 1):
        begin, end = groups[group], groups[group + 1]
        for at in range(begin, end):
            sets[at] = 0
            if low <= column[at] < high:
                is_live[at] = True
                place = column[at] - low
                sets[at, place >> 6] = one << np.uint64(place & 63)
        is_settled = False
        while not is_settled:
            is_settled = True
            for at in range(begin, end):
                need = needs[at]
                live = 0
                grown[:] = sets[at]
                for edge in range(starts[at], starts[at + 1]):
                    provider = providers[edge]
                    if not is_live[provider]:
                        continue
                    if not is_member[edge] or need == 1:
                        for word in range(width):
                            grown[word] |= sets[provider, word]
                    else:
                        live += 1
                if need > 1 and live >= need:
                    reached[: need + 1] = 0
                    for edge in range(starts[at], starts[at + 1]):
                        provider = providers[edge]
                        if is_member[edge] and is_live[provider]:
                            for size in range(need, 1, -1):
                                for word in range(width):
                                    reached[size, word] |= (
                                        reached[size - 1, word] & sets[provider, word]
                                    )
                            for word in range(width):
                                reached[1, word] |= sets[provider, word]
                    for word in range(width):
                        grown[word] |= reached[need, word]
                for word in range(width):
                    if grown[word] != sets[at, word]:
                        sets[at, word] = grown[word]
                        is_live[at] = True
                        is_settled = end - begin == 1
    found = np.zeros((len(asked), width), np.uint64)
    for row in range(len(asked)):
        if is_live[asked[row]]:
            found[row] = sets[asked[row]]
    return found
