"""Which sets of events are minimal? Families of sets as diagrams without what holds no event.

Source: Rauzy 1993, New algorithms for fault trees analysis, doi:10.1016/0951-8320(93)90060-C;
Minato 1993, Zero-suppressed BDDs for set manipulation, doi:10.1145/157485.164890.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from impact.structure.managers import EMPTY, NONE, Family


class MinimalSets:
    """Makes families of minimal sets from below; equal families are one.

    Args:
        levels: The place of each event in the order, 0 next to the root.

    Examples:
        >>> sets = MinimalSets({7: 0, 8: 1})
        >>> either = sets.of(8, sets.none, sets.empty)
        >>> sets.family(sets.of(7, either, sets.empty))
        {2: (8, 0, 1), 3: (7, 2, 1)}
    """

    none, empty = NONE, EMPTY

    def __init__(self, levels: Mapping[int, int]) -> None:
        self._levels = levels
        self._nodes: Family = {}
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._without: dict[tuple[int, int], int] = {}

    def of(self, event: int, low: int, high: int) -> int:
        """Return the minimal sets of a function from those of its halves.

        Args:
            event: On which it depends first.
            low: The minimal sets where the event does not hold.
            high: Those where it does, the event itself left out.
        """
        return self._node(event, low, self._left(high, low))

    def family(self, root: int) -> Family:
        """Return the nodes of a family, children first."""
        wanted = {root}
        for number in range(root, EMPTY, -1):
            if number in wanted:
                wanted.update(self._nodes[number][1:])
        return {number: node for number, node in self._nodes.items() if number in wanted}

    def _node(self, event: int, low: int, high: int) -> int:
        if high == NONE:
            return low
        key = (event, low, high)
        if key not in self._numbers:
            number = self._numbers[key] = EMPTY + 1 + len(self._nodes)
            self._nodes[number] = key
        return self._numbers[key]

    def _left(self, sets: int, others: int) -> int:
        """Return the sets of which no other one is a part.

        Calls wait on a stack of their own: a chain of events may be longer than Python's.
        """
        stack = [(sets, others)]
        while stack:
            task = stack[-1]
            if task in self._without:
                stack.pop()
                continue
            missing = [part for part in self._parts(*task) if part not in self._without]
            if missing:
                stack.extend(missing)
            else:
                self._without[task] = self._settled(*task)
        return self._without[sets, others]

    def _parts(self, sets: int, others: int) -> list[tuple[int, int]]:
        """Return what must be known first; the second step of a shared event may come later."""
        if sets == NONE or others in (NONE, EMPTY):
            return []
        lower = self._nodes[others][1]
        if sets == EMPTY or self._level(sets) > self._level(others):
            return [(sets, lower)]
        _, low, high = self._nodes[sets]
        if self._level(sets) < self._level(others):
            return [(low, others), (high, others)]
        first = (high, self._nodes[others][2])
        known = self._without.get(first)
        return [(low, lower), first, *([] if known is None else [(known, lower)])]

    def _settled(self, sets: int, others: int) -> int:
        if sets == NONE or others == EMPTY:
            return NONE
        if others == NONE:
            return sets
        left = partial(self._known, self._nodes[others][1])
        if sets == EMPTY or self._level(sets) > self._level(others):
            return left(sets)
        event, low, high = self._nodes[sets]
        if self._level(sets) < self._level(others):
            return self._node(event, self._without[low, others], self._without[high, others])
        return self._node(event, left(low), left(self._without[high, self._nodes[others][2]]))

    def _known(self, others: int, sets: int) -> int:
        return self._without[sets, others]

    def _level(self, number: int) -> int:
        return self._levels[self._nodes[number][0]]
