"""What do the children of a gate have in common? Taken out once, it is joined once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from impact.structure.building import TreeBuilder
from impact.structure.orders import log_sum
from impact.structure.tree import DUAL, FaultTree, Gate, Op

DEEPEST = 50
"""Factors within factors that are looked for."""

_Term = tuple[int, ...]


def factored(tree: FaultTree) -> FaultTree:
    """Return an equivalent tree in which what children of a gate share is taken out of them.

    `a b or a c or d` becomes `a (b or c) or d`, and likewise with AND and OR exchanged; `a or a b`
    becomes `a`. Only children with one parent are opened, so that nothing is named more often than
    before. What most children share goes first, then what has most leaves; O(size log size) for
    each level of factors within factors.

    Source: Brayton 1987, Factoring logic functions, doi:10.1147/rd.312.0187 (quick factoring).
    """
    if tree.is_constant or not tree.is_gate(tree.top):
        return tree
    return _Factoring(tree).factored()


class _Factoring:
    """Builds the factored tree, children before parents."""

    def __init__(self, tree: FaultTree) -> None:
        self._tree = tree
        self._builder = TreeBuilder(tree.event_count)
        self._parents = Counter(child for gate in tree.gates for child in set(gate.children))
        self._weights: dict[int, float] = dict.fromkeys(range(tree.event_count), 0.0)

    def factored(self) -> FaultTree:
        references = list(range(self._tree.event_count))
        for gate in self._tree.gates:
            children = [references[child] for child in gate.children]
            if gate.op in DUAL:
                alone = [self._parents[child] == 1 for child in gate.children]
                terms = self._terms(gate.op, children, alone)
                references.append(self._sum(gate.op, terms, DEEPEST))
            else:
                references.append(self._weighed(self._builder.joined(gate, children)))
        return self._builder.tree(references[self._tree.top])

    def _terms(self, op: Op, children: Sequence[int], alone: Sequence[bool]) -> list[_Term]:
        """Return each child as what its dual gate joins; one that is no such gate stands alone."""
        terms: dict[_Term, None] = {}
        for child, is_alone in zip(children, alone, strict=True):
            if is_alone and len(self._opened(op, child)) > 1:
                terms |= dict.fromkeys((inner,) for inner in self._opened(op, child))
            else:
                terms[tuple(self._opened(DUAL[op], child)) if is_alone else (child,)] = None
        return list(terms)

    def _sum(self, op: Op, terms: Sequence[_Term], depth: int) -> int:
        """Return the reference of `op` over terms, each of which joins its children by the dual."""
        parts: list[int] = []
        for is_factored, shared in self._groups(terms):
            if not (is_factored and depth):
                parts += (self._join(DUAL[op], term) for term in shared)
                continue
            common = set(shared[0]).intersection(*shared)
            factors = [child for child in shared[0] if child in common]
            quotients = [tuple(child for child in t if child not in common) for t in shared]
            if all(quotients):
                factors.append(self._sum(op, quotients, depth - 1))
            parts.append(self._join(DUAL[op], factors))
        return self._join(op, parts)

    def _groups(self, terms: Sequence[_Term]) -> list[tuple[bool, list[_Term]]]:
        """Return groups of terms that share a child, the most shared first; what is left last."""
        holders: dict[int, list[int]] = {}
        for place, term in enumerate(terms):
            for child in term:
                holders.setdefault(child, []).append(place)
        counts = {child: len(places) for child, places in holders.items() if len(places) > 1}
        queue = [(-count, -self._weights[child], child) for child, count in counts.items()]
        heapify(queue)
        left = dict.fromkeys(range(len(terms)))
        groups: list[tuple[bool, list[_Term]]] = []
        while queue:
            count, weight, factor = heappop(queue)
            if counts[factor] < 2:
                continue
            if -count != counts[factor]:
                heappush(queue, (-counts[factor], weight, factor))
                continue
            places = [place for place in holders[factor] if place in left]
            groups.append((True, [terms[place] for place in places]))
            for place in places:
                del left[place]
                for child in terms[place]:
                    if child in counts:
                        counts[child] -= 1
        return [*groups, (False, [terms[place] for place in left])]

    def _join(self, op: Op, children: Sequence[int]) -> int:
        return self._weighed(self._builder.joined(Gate(op, tuple(children)), list(children)))

    def _weighed(self, reference: int) -> int:
        """Note the number of leaves below a gate, as a logarithm, repeated ones counted."""
        gate = self._builder.peek(reference)
        if gate is not None and reference not in self._weights:
            self._weights[reference] = log_sum([self._weights[child] for child in gate.children])
        return reference

    def _opened(self, op: Op, reference: int) -> Sequence[int]:
        """Return what a gate of that kind joins, or the reference itself."""
        gate = self._builder.peek(reference)
        return gate.children if gate is not None and gate.op is op else (reference,)
