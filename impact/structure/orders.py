"""In which order do the variables of a diagram come? No order is best; a portfolio is raced."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Final

from impact.structure.tree import FaultTree

PORTFOLIO: Final = ("light-first", "heavy-first", "input", "shared-first")


def variable_order(tree: FaultTree, name: str) -> list[int]:
    """Return the events in the order of a depth-first walk, the root's variable first.

    Args:
        tree: A tree with a gate as its top.
        name: How the children of a gate are taken: `light-first` and `heavy-first` by the number of
            leaves below them, `input` as they were given, `shared-first` by the number of their
            parents.

    Source: Bouissou, Bruyère and Rauzy 1997, BDD based fault-tree processing: a comparison of
    variable ordering heuristics.
    """
    rank = _rank(tree, name)
    order: dict[int, None] = {}
    seen = set()
    stack = [tree.top]
    while stack:
        reference = stack.pop()
        if reference in seen:
            continue
        seen.add(reference)
        if not tree.is_gate(reference):
            order[reference] = None
            continue
        children = tree.gate(reference).children
        stack.extend(reversed(children if rank is None else sorted(children, key=rank)))
    return list(order)


def _rank(tree: FaultTree, name: str) -> Callable[[int], float] | None:
    if name == "input":
        return None
    if name == "shared-first":
        parents = Counter(child for gate in tree.gates for child in set(gate.children))
        return lambda reference: -parents[reference]
    weights = _weights(tree)
    sign = 1.0 if name == "light-first" else -1.0
    return lambda reference: sign * weights[reference]


def _weights(tree: FaultTree) -> list[float]:
    """Return the logarithm of the number of leaves below each reference, repeated ones counted."""
    weights = [0.0] * tree.event_count
    for gate in tree.gates:
        below = [weights[child] for child in gate.children]
        most = max(below)
        weights.append(most + math.log(sum(math.exp(weight - most) for weight in below)))
    return weights
