"""What is left of a tree when some events are settled, and is it coherent at heart?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from impact.structure.building import TreeBuilder
from impact.structure.tree import DUAL, FALSE, TRUE, FaultTree, Gate, Op


def settled_events(probabilities: Sequence[float]) -> dict[int, bool]:
    """Return the events that never hold or always hold, with what they are."""
    return {event: q == 1.0 for event, q in enumerate(probabilities) if q in (0.0, 1.0)}


def fold(tree: FaultTree, fixed: Mapping[int, bool] | None = None) -> FaultTree:
    """Return an equivalent tree with some events settled, in the simplest form that costs O(size).

    Constants and gates of one child vanish, equal gates become one, a gate with one parent of its
    own kind melts into it, and negations vanish where they cancel out; where an event is left that
    holds both plainly and negated, or an XOR, the tree keeps the form that it came in.
    """
    without = _without_negations(tree, fixed or {})
    return _merged(without if without is not None else _substituted(tree, fixed or {}))


def _substituted(tree: FaultTree, fixed: Mapping[int, bool]) -> FaultTree:
    builder = TreeBuilder(tree.event_count)
    references = [
        (TRUE if fixed[event] else FALSE) if event in fixed else event
        for event in range(tree.event_count)
    ]
    for gate in tree.gates:
        references.append(builder.joined(gate, [references[child] for child in gate.children]))
    return builder.tree(tree.top if tree.is_constant else references[tree.top])


def _without_negations(tree: FaultTree, fixed: Mapping[int, bool]) -> FaultTree | None:
    """Return the tree with negations pushed down until they cancel, None where one stays."""
    if tree.is_plain:
        return None
    tree = _substituted(tree, fixed)
    if tree.is_constant or any(gate.op is Op.XOR for gate in tree.gates):
        return None
    builder = TreeBuilder(tree.event_count)
    found: dict[tuple[int, bool], int] = {}
    for reference, flipped in _needed(tree):
        gate = tree.gate(reference)
        if gate.op is Op.NOT:
            child, turned = gate.children[0], not flipped
            if not tree.is_gate(child) and turned:
                return None
            found[reference, flipped] = found.get((child, turned), child)
            continue
        if flipped and any(not tree.is_gate(child) for child in gate.children):
            return None
        children = [found.get((child, flipped), child) for child in gate.children]
        found[reference, flipped] = builder.joined(_turned(gate) if flipped else gate, children)
    return builder.tree(found.get((tree.top, False), tree.top))


def _needed(tree: FaultTree) -> list[tuple[int, bool]]:
    """Return which gates are needed plainly or negated, children before parents."""
    needed = {(tree.top, False)}
    for reference in range(tree.top, tree.event_count - 1, -1):
        for flipped in (False, True):
            if (reference, flipped) in needed:
                gate = tree.gate(reference)
                turned = flipped != (gate.op is Op.NOT)
                needed.update((child, turned) for child in gate.children)
    return sorted(pair for pair in needed if tree.is_gate(pair[0]))


def _turned(gate: Gate) -> Gate:
    """Return what the negation of a gate is over negated children (De Morgan)."""
    if gate.op is Op.AT_LEAST:
        return Gate(Op.AT_LEAST, gate.children, len(gate.children) - gate.k + 1)
    return Gate(DUAL[gate.op], gate.children)


def _merged(tree: FaultTree) -> FaultTree:
    """Return the tree with each OR in an OR and AND in an AND taken in, if it has one parent."""
    if tree.top < tree.event_count:
        return tree
    parents = Counter(child for gate in tree.gates for child in set(gate.children))
    builder = TreeBuilder(tree.event_count)
    references = list(range(tree.event_count))
    for gate in tree.gates:
        children: list[int] = []
        for child in gate.children:
            inner = builder.peek(references[child]) if parents[child] == 1 else None
            if inner is not None and inner.op is gate.op and gate.op in DUAL:
                children.extend(inner.children)
            else:
                children.append(references[child])
        references.append(builder.joined(gate, children))
    return builder.tree(references[tree.top])
