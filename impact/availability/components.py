"""Which nodes rely on each other in circles?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def strong_components(ends: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """Return the strongly connected components, each after those that its nodes point to. O(n + m).

    Args:
        ends: Where the edges of each node lead; all of them are keys.

    Source: R. Tarjan (1972), doi:10.1137/0201010.

    Examples:
        >>> strong_components({1: [2], 2: [1, 3], 3: []})
        [[3], [2, 1]]
    """
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    is_open: dict[int, bool] = {}
    stack: list[int] = []
    found: list[list[int]] = []
    for start in ends:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        stack.append(start)
        is_open[start] = True
        work = [(start, iter(ends[start]))]
        while work:
            node, pending = work[-1]
            for end in pending:
                if end not in order:
                    order[end] = low[end] = len(order)
                    stack.append(end)
                    is_open[end] = True
                    work.append((end, iter(ends[end])))
                    break
                if is_open[end]:
                    low[node] = min(low[node], order[end])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    found.append(_popped(stack, node, is_open))
    return found


def _popped(stack: list[int], root: int, is_open: dict[int, bool]) -> list[int]:
    component = []
    while True:
        component.append(stack.pop())
        is_open[component[-1]] = False
        if component[-1] == root:
            return component
