"""Which parts of a tree share no event with the rest, so that each can be solved alone?"""

from __future__ import annotations

from dataclasses import dataclass

from impact.structure.tree import FaultTree, Gate


@dataclass(frozen=True, slots=True)
class Module:
    """A gate whose events occur nowhere else, as a tree of its own.

    Attributes:
        reference: The gate in the whole tree.
        tree: The part; its events stand for `leaves`, in this order.
        leaves: References in the whole tree: events, and the gates of modules within.
    """

    reference: int
    tree: FaultTree
    leaves: tuple[int, ...]


def find_modules(tree: FaultTree) -> list[Module]:
    """Return the modules of a tree, inner ones first; the last is the top. O(size).

    Every gate is visited once by a depth-first walk; it is a module if all visits to everything
    below it lie between its own first visit and its return. A tree without a gate has none.

    Source: Dutuit and Rauzy 1996, A linear-time algorithm to find modules of fault trees,
    doi:10.1109/24.537011.
    """
    if tree.is_constant or not tree.is_gate(tree.top):
        return []
    heads = _find_heads(tree)
    return [_cut_out(tree, reference, heads) for reference in sorted(heads)]


def _find_heads(tree: FaultTree) -> set[int]:
    first, second, last = _walk(tree)
    earliest: dict[int, int] = {}
    latest: dict[int, int] = {}
    heads = set()
    for reference, gate in tree.numbered_gates():
        below = [
            (min(first[child], earliest.get(child, first[child])),
             max(last[child], latest.get(child, last[child])))
            for child in gate.children
        ]  # fmt: skip
        earliest[reference] = min(low for low, _ in below)
        latest[reference] = max(high for _, high in below)
        if earliest[reference] > first[reference] and latest[reference] < second[reference]:
            heads.add(reference)
    return heads


def _walk(tree: FaultTree) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """Return when each node was first visited, when its walk ended, and its last visit."""
    first: dict[int, int] = {}
    second: dict[int, int] = {}
    last: dict[int, int] = {}
    time = 0
    stack = [(tree.top, False)]
    while stack:
        reference, is_done = stack.pop()
        time += 1
        last[reference] = time
        if is_done:
            second[reference] = time
        elif reference not in first:
            first[reference] = time
            if tree.is_gate(reference):
                stack.append((reference, True))
                stack.extend((child, False) for child in reversed(tree.gate(reference).children))
    return first, second, last


def _cut_out(tree: FaultTree, head: int, heads: set[int]) -> Module:
    inner = _inner_gates(tree, head, heads)
    leaves: dict[int, int] = {}
    for reference in inner:
        for child in tree.gate(reference).children:
            if child not in inner:
                leaves.setdefault(child, len(leaves))
    number = leaves | {reference: len(leaves) + i for i, reference in enumerate(inner)}
    gates = tuple(
        Gate(gate.op, tuple(number[child] for child in gate.children), gate.k)
        for gate in map(tree.gate, inner)
    )
    return Module(head, FaultTree(len(leaves), gates, number[head]), tuple(leaves))


def _inner_gates(tree: FaultTree, head: int, heads: set[int]) -> dict[int, None]:
    """Return the gates of a module without those of modules within, children before parents."""
    found = {head}
    stack = [head]
    while stack:
        for child in tree.gate(stack.pop()).children:
            if tree.is_gate(child) and child not in heads and child not in found:
                found.add(child)
                stack.append(child)
    return dict.fromkeys(sorted(found))
