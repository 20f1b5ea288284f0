"""What does the binary decision diagram of a tree say?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from operator import and_, or_, xor
from typing import Any

from impact.structure.managers import EMPTY, NONE, Manager, open_manager
from impact.structure.tree import FaultTree, Gate, Op


class Diagram:
    """The diagram of one tree, built by joining two functions at a time.

    Args:
        tree: A tree with a gate as its top.
        variables: Its events, that of the root first.

    Building can be interrupted after every join and taken up again; one join can take long, so the
    process that calls this needs a watcher.
    """

    def __init__(self, tree: FaultTree, variables: Sequence[int]) -> None:
        self.tree = tree
        self._manager: Manager = open_manager()
        self._levels = {event: level for level, event in enumerate(variables)}
        made = self._manager.define(variables)
        self._nodes: dict[int, Any] = dict(zip(variables, made, strict=True))
        self._joins = sum(map(_joins_of, tree.gates))
        self._joined = 0
        self._steps = _join_all(tree, self._manager, self._levels, self._nodes)

    @property
    def share(self) -> float:
        """Return the share of joins made, in [0, 1]."""
        return self._joined / self._joins

    @property
    def size(self) -> int:
        """Return the number of nodes made so far."""
        return self._manager.size

    def build(self, seconds: float, nodes: int) -> bool:
        """Build on until it is whole; tell whether it is."""
        end = time.monotonic() + seconds
        for _ in self._steps:
            self._joined += 1
            if self.share < 1 and (time.monotonic() > end or self.size > nodes):
                return False
        return True

    def probability(self, q: Sequence[float]) -> float:
        """Return the probability of the top; O(nodes)."""
        return self._manager.probability(self._top, dict(enumerate(q)))

    def birnbaum(self, q: Sequence[float]) -> list[float]:
        """Return the derivative of the probability by that of each event; O(nodes)."""
        found = self._manager.birnbaum(self._top, dict(enumerate(q)))
        return [found.get(event, 0.0) for event in range(self.tree.event_count)]

    def cut_sets(self) -> CutSetDiagram:
        """Return the family of the minimal cut sets; the tree must be coherent."""
        variables = {event: self._nodes[event] for event in self._levels}  # the root's first
        return CutSetDiagram(self._manager, variables, self._top)

    @property
    def _top(self) -> Any:
        return self._nodes[self.tree.top]


def _join_all(
    tree: FaultTree, manager: Manager, levels: Mapping[int, int], nodes: dict[int, Any]
) -> Iterator[None]:
    """Add the function of every gate to `nodes`, children first; come to a halt after each join.

    It holds no diagram, so that one is freed, and gigabytes with it, when it is dropped.
    """
    tops = dict(levels)
    for reference, gate in tree.numbered_gates():
        tops[reference] = min(tops[child] for child in gate.children)
        # Deepest first: what lies nearest the leaves is joined while it is small.
        ordered = sorted(gate.children, key=lambda child: -tops[child])
        for joined in _partial_joins(manager, gate, [nodes[child] for child in ordered]):
            nodes[reference] = joined
            yield


def _partial_joins(manager: Manager, gate: Gate, nodes: list[Any]) -> Iterator[Any]:
    """Yield the function of ever more children; as many as `_joins_of` says."""
    match gate.op:
        case Op.NOT:
            yield manager.negation(nodes[0])
        case Op.AT_LEAST:
            yield manager.at_least(gate.k, nodes)
        case Op.OR:
            yield from accumulate(nodes, or_)
        case Op.AND:
            yield from accumulate(nodes, and_)
        case Op.XOR:
            yield from accumulate(nodes, xor)


def _joins_of(gate: Gate) -> int:
    return 1 if gate.op in (Op.NOT, Op.AT_LEAST) else len(gate.children)


class CutSetDiagram:
    """A family of sets of events: the minimal cut sets, each once.

    Args:
        manager: Of the functions, also of those of the unions that are asked for.
        variables: The function of each event, in the order of the diagram.
        top: The coherent function whose minimal cut sets these are.
    """

    def __init__(self, manager: Manager, variables: dict[int, Any], top: Any) -> None:
        self._manager = manager
        self._variables = variables
        self._nodes, self._root = manager.minimal_sets(top)
        self._unions: dict[int, Any] = {
            end: manager.constant(end == EMPTY) for end in (NONE, EMPTY)
        }

    def count(self, weights: Sequence[int]) -> int:
        """Return the number of sets if an event stands for as many sets as its weight says."""
        counts = {NONE: 0, EMPTY: 1}
        for node, (event, low, high) in self._nodes.items():
            counts[node] = counts[low] + weights[event] * counts[high]
        return counts[self._root]

    def listed(
        self, q: Sequence[float], *, largest: int, floor: float, limit: int
    ) -> tuple[list[list[int]], bool]:
        """Return sets of at most `largest` events whose product of `q` is `floor` or more.

        Smaller sets come first; those of one size come in the order of the diagram. At most
        `limit` of them; the second value tells whether none is missing.
        """
        smallest = {NONE: len(self._variables) + 1, EMPTY: 0}
        for node, (_, low, high) in self._nodes.items():
            smallest[node] = min(smallest[low], smallest[high] + 1)
        found: list[list[int]] = []
        for size in range(smallest[self._root], largest + 1):
            for chosen in self._of_size(size, smallest, q, floor):
                if len(found) == limit:
                    return found, False
                found.append(chosen)
        return found, True

    def union_with(self, event: int, q: Sequence[float]) -> float:
        """Return the probability of the union of the sets that hold `event`, without it in them.

        The event holds together with that union with q times this, the numerator of Fussell and
        Vesely's measure.
        """
        unions: dict[int, Any] = {NONE: self._unions[NONE], EMPTY: self._unions[NONE]}
        for node, (variable, low, high) in self._nodes.items():
            if variable == event:
                unions[node] = self._union(high)
            else:
                unions[node] = self._either(variable, unions[low], unions[high])
        return self._manager.probability(unions[self._root], dict(enumerate(q)))

    def _union(self, root: int) -> Any:
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self._unions:
                stack.pop()
                continue
            variable, low, high = self._nodes[node]
            missing = [child for child in (low, high) if child not in self._unions]
            if missing:
                stack.extend(missing)
            else:
                low_union, high_union = self._unions[low], self._unions[high]
                self._unions[node] = self._either(variable, low_union, high_union)
        return self._unions[root]

    def _either(self, variable: int, low: Any, high: Any) -> Any:
        return (self._variables[variable] & high) | low

    def _of_size(
        self, size: int, smallest: dict[int, int], q: Sequence[float], floor: float
    ) -> Iterator[list[int]]:
        stack: list[tuple[int, list[int], float]] = [(self._root, [], 1.0)]
        while stack:
            node, chosen, product = stack.pop()
            if node == EMPTY and len(chosen) == size:
                yield chosen
            if node in (NONE, EMPTY) or len(chosen) + smallest[node] > size:
                continue
            variable, low, high = self._nodes[node]
            stack.append((low, chosen, product))
            if product * q[variable] >= floor:
                stack.append((high, [*chosen, variable], product * q[variable]))
