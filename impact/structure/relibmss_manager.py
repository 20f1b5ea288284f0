"""How are diagrams made by relibmss? The one file that knows this library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import relibmss

from impact.structure.managers import EMPTY, NONE, Family


class RelibmssManager:
    """A `Manager` over relibmss."""

    def __init__(self) -> None:
        self._manager: Any = relibmss.BDD()
        self._levels: dict[int, int] = {}

    @property
    def size(self) -> int:
        """Return the number of nodes made so far."""
        return int(self._manager.info()["nodes"])

    def define(self, events: Sequence[int]) -> list[Any]:
        """Return the function of each event, that of the root first."""
        self._levels = {event: level for level, event in enumerate(events)}
        # The library puts later variables nearer the root.
        return [self._manager.defvar(str(event)) for event in reversed(events)][::-1]

    def constant(self, value: bool) -> Any:
        """Return the function that always holds, or never."""
        return self._manager.const(value)

    def negation(self, node: Any) -> Any:
        """Return the function that holds where this one does not."""
        return self._manager.Not(node)

    def at_least(self, k: int, nodes: Sequence[Any]) -> Any:
        """Return the function that holds where k of these do."""
        return self._manager.kofn(k, list(nodes))

    def probability(self, node: Any, q: Mapping[int, float]) -> float:
        """Return how likely a function holds."""
        return float(node.prob(self._by_label(q)))

    def birnbaum(self, node: Any, q: Mapping[int, float]) -> Mapping[int, float]:
        """Return its derivative by the probability of each event."""
        found = node.bmeas(self._by_label(q))
        return {int(label): float(value) for label, value in found.items()}

    def minimal_sets(self, node: Any) -> tuple[Family, int]:
        """Return the minimal sets of a coherent function, and their root."""
        # A minimal set of events that make a failure function hold is a minimal cut set.
        root = node.minpath()
        return self._read_family(root), int(root.get_id())

    def _by_label(self, q: Mapping[int, float]) -> dict[str, float]:
        return {str(event): q[event] for event in self._levels}

    def _read_family(self, root: Any) -> Family:
        found: Family = {}
        stack = [(root.get_id(), root)]
        while stack:
            number, node = stack.pop()
            if number in found or number in (NONE, EMPTY):
                continue
            low, high = node.get_children()
            low_number, high_number = low.get_id(), high.get_id()
            found[number] = (int(node.get_label()), low_number, high_number)
            stack.append((low_number, low))
            stack.append((high_number, high))
        return dict(sorted(found.items(), key=lambda item: -self._levels[item[1][0]]))
