"""How are diagrams made by oxidd, where relibmss has no wheel? The one file that knows it.

It is about twice as slow, and reads figures and cut sets off a diagram in Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oxidd.bdd import BDDManager

from impact.structure.managers import Family
from impact.structure.minimal_sets import MinimalSets

MOST_NODES = 8_000_000
CACHE = 1_000_000


class OxiddManager:
    """A `Manager` over oxidd; beyond `MOST_NODES` the library gives up, and the process ends."""

    def __init__(self) -> None:
        self._manager: Any = BDDManager(MOST_NODES, CACHE, 1)
        self._events: list[int] = []

    @property
    def size(self) -> int:
        """Return the number of nodes made so far."""
        return int(self._manager.approx_num_inner_nodes())

    def define(self, events: Sequence[int]) -> list[Any]:
        """Return the function of each event, that of the root first."""
        self._events = list(events)
        return [self._manager.var(number) for number in self._manager.add_vars(len(events))]

    def constant(self, value: bool) -> Any:
        """Return the function that always holds, or never."""
        return self._manager.true() if value else self._manager.false()

    def negation(self, node: Any) -> Any:
        """Return the function that holds where this one does not."""
        return ~node

    def at_least(self, k: int, nodes: Sequence[Any]) -> Any:
        """Return the function that holds where k of these do, counted one after the other."""
        held = [self.constant(True)] + [self.constant(False)] * k
        for node in nodes:
            for count in range(k, 0, -1):
                held[count] |= held[count - 1] & node
        return held[k]

    def probability(self, node: Any, q: Mapping[int, float]) -> float:
        """Return how likely a function holds."""
        return self._probabilities(node, q)[node]

    def birnbaum(self, node: Any, q: Mapping[int, float]) -> Mapping[int, float]:
        """Return its derivative by the probability of each event that it depends on."""
        known = self._probabilities(node, q)
        reached = dict.fromkeys(known, 0.0)
        reached[node] = 1.0
        found: dict[int, float] = {}
        for each, event, high, low in sorted(self._inner(node), key=_level):
            share = reached[each]
            found[event] = found.get(event, 0.0) + share * (known[high] - known[low])
            reached[high] += share * q[event]
            reached[low] += share * (1.0 - q[event])
        return found

    def minimal_sets(self, node: Any) -> tuple[Family, int]:
        """Return the minimal sets of a coherent function, and their root."""
        sets = MinimalSets({event: level for level, event in enumerate(self._events)})
        ends = {self.constant(False): sets.none, self.constant(True): sets.empty}
        for each, event, high, low in sorted(self._inner(node), key=_level, reverse=True):
            ends[each] = sets.of(event, ends[low], ends[high])
        return sets.family(ends[node]), ends[node]

    def _probabilities(self, node: Any, q: Mapping[int, float]) -> dict[Any, float]:
        known: dict[Any, float] = {self.constant(False): 0.0, self.constant(True): 1.0}
        for each, event, high, low in sorted(self._inner(node), key=_level, reverse=True):
            known[each] = q[event] * known[high] + (1.0 - q[event]) * known[low]
        return known

    def _inner(self, root: Any) -> Iterator[tuple[Any, int, Any, Any]]:
        """Yield each inner node with its event and its children, in any order."""
        seen = {root}
        stack = [root]
        while stack:
            node = stack.pop()
            cofactors = node.cofactors()
            if cofactors is None:
                continue
            yield node, self._events[node.node_var()], *cofactors
            for child in cofactors:
                if child not in seen:
                    seen.add(child)
                    stack.append(child)


def _level(row: tuple[Any, int, Any, Any]) -> int:
    return int(row[0].node_level())
