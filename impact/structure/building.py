"""How is a fault tree put together, so that equal parts are one and constants vanish?"""

from __future__ import annotations

from collections.abc import Iterable

from impact.structure.tree import FALSE, TRUE, FaultTree, Gate, Op


class TreeBuilder:
    """Builds one tree from below; the same gate twice is the same reference.

    Constants are folded as they come, gates of one child are left out, and repeated children of OR
    and AND count once. The order of children is kept: it is what an author had in mind, and one of
    the variable orders follows it.

    Examples:
        >>> builder = TreeBuilder(3)
        >>> both = builder.all_of([0, 1])
        >>> builder.all_of([0, 1]) == both, builder.any_of([both, FALSE]) == both
        (True, True)
        >>> builder.tree(builder.any_of([both, 2])).holds(0b100)
        True
    """

    def __init__(self, event_count: int) -> None:
        self.event_count = event_count
        self._gates: list[Gate] = []
        self._known: dict[Gate, int] = {}

    def tree(self, top: int) -> FaultTree:
        """Return the tree of a top, without the gates that it does not reach."""
        if top < self.event_count:
            return FaultTree(self.event_count, (), top)
        wanted = self._reached(top)
        number = {old: self.event_count + new for new, old in enumerate(wanted)}
        gates = tuple(_renumbered(self._gates[old - self.event_count], number) for old in wanted)
        return FaultTree(self.event_count, gates, number[top])

    def any_of(self, children: Iterable[int]) -> int:
        """Return the reference of an OR."""
        return self._joined(Op.OR, children, neutral=FALSE, deciding=TRUE)

    def all_of(self, children: Iterable[int]) -> int:
        """Return the reference of an AND."""
        return self._joined(Op.AND, children, neutral=TRUE, deciding=FALSE)

    def at_least(self, k: int, children: Iterable[int]) -> int:
        """Return the reference of a gate that holds if `k` children do; repeated ones count."""
        listed = list(children)
        k -= sum(1 for child in listed if child == TRUE)
        kept = tuple(child for child in listed if child >= 0)
        if k <= 0:
            return TRUE
        if k > len(kept):
            return FALSE
        if k == 1:
            return self.any_of(kept)
        if k == len(kept):
            return self.all_of(kept)
        return self._refer(Gate(Op.AT_LEAST, kept, k))

    def odd_of(self, children: Iterable[int]) -> int:
        """Return the reference of an exclusive or; pairs of the same child cancel out."""
        is_flipped = False
        kept: dict[int, None] = {}
        for child in children:
            if child == TRUE:
                is_flipped = not is_flipped
            elif child >= 0 and child in kept:
                del kept[child]
            elif child >= 0:
                kept[child] = None
        if not kept:
            return TRUE if is_flipped else FALSE
        joined = next(iter(kept)) if len(kept) == 1 else self._refer(Gate(Op.XOR, tuple(kept)))
        return self.negation(joined) if is_flipped else joined

    def negation(self, child: int) -> int:
        """Return the reference of a NOT; two of them cancel out."""
        if child < 0:
            return FALSE if child == TRUE else TRUE
        if child >= self.event_count:
            gate = self._gates[child - self.event_count]
            if gate.op is Op.NOT:
                return gate.children[0]
        return self._refer(Gate(Op.NOT, (child,)))

    def joined(self, gate: Gate, children: list[int]) -> int:
        """Return the reference of a gate like `gate` over other children."""
        match gate.op:
            case Op.OR:
                return self.any_of(children)
            case Op.AND:
                return self.all_of(children)
            case Op.AT_LEAST:
                return self.at_least(gate.k, children)
            case Op.XOR:
                return self.odd_of(children)
            case Op.NOT:
                return self.negation(children[0])

    def peek(self, reference: int) -> Gate | None:
        """Return the gate of a reference, None for events and constants."""
        if reference < self.event_count:
            return None
        return self._gates[reference - self.event_count]

    def _joined(self, op: Op, children: Iterable[int], *, neutral: int, deciding: int) -> int:
        kept: dict[int, None] = {}
        for child in children:
            if child == deciding:
                return deciding
            if child != neutral:
                kept[child] = None
        if not kept:
            return neutral
        if len(kept) == 1:
            return next(iter(kept))
        return self._refer(Gate(op, tuple(kept)))

    def _refer(self, gate: Gate) -> int:
        known = self._known.get(gate)
        if known is None:
            known = self._known[gate] = self.event_count + len(self._gates)
            self._gates.append(gate)
        return known

    def _reached(self, top: int) -> list[int]:
        wanted = {top}
        for reference in range(top, self.event_count - 1, -1):
            if reference in wanted:
                wanted.update(
                    child
                    for child in self._gates[reference - self.event_count].children
                    if child >= self.event_count
                )
        return sorted(wanted)


def _renumbered(gate: Gate, number: dict[int, int]) -> Gate:
    return Gate(gate.op, tuple(number.get(child, child) for child in gate.children), gate.k)
