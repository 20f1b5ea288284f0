"""In which order do the variables of a diagram come? No order is best; a portfolio is raced."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Final

from impact.structure.drawing_together import drawn_together
from impact.structure.tree import FaultTree

DRAWN: Final = "+drawn"
PORTFOLIO: Final = (
    "shared-light+drawn",
    "light-first+drawn",
    "shared-heavy",
    "heavy-first",
    "input",
)


def variable_order(tree: FaultTree, name: str) -> list[int]:
    """Return the events in the order of a depth-first walk, the root's variable first.

    Args:
        tree: A tree with a gate as its top.
        name: How the children of a gate are taken: `light-first` and `heavy-first` by the number of
            leaves below them; `shared-light` and `shared-heavy` those with most parents first, else
            by their events and by their leaves; `input` as they were given. With `+drawn`, what
            gates join is then drawn together.

    Source: Bouissou, Bruyère and Rauzy 1997, BDD based fault-tree processing: a comparison of
    variable ordering heuristics.
    """
    walk = name.removesuffix(DRAWN)
    order = _walk_order(tree, walk)
    return order if walk == name else drawn_together(tree, order)


def total_span(tree: FaultTree, order: Sequence[int]) -> int:
    """Return over how much of an order the events of each gate spread, summed over the gates.

    What spreads less makes smaller diagrams, as a rule.
    """
    lowest = [0] * tree.event_count
    for place, event in enumerate(order):
        lowest[event] = place
    highest = list(lowest)
    for gate in tree.gates:
        lowest.append(min(lowest[child] for child in gate.children))
        highest.append(max(highest[child] for child in gate.children))
    return sum(highest) - sum(lowest)


def _walk_order(tree: FaultTree, walk: str) -> list[int]:
    rank = _rank(tree, walk)
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


def _rank(tree: FaultTree, walk: str) -> Callable[[int], tuple[float, float]] | None:
    if walk == "input":
        return None
    sizes: Sequence[float] = _supports(tree) if walk == "shared-light" else _weights(tree)
    sign = 1.0 if walk in ("light-first", "shared-light") else -1.0
    parents: Mapping[int, int] = {}
    if walk.startswith("shared"):
        parents = Counter(child for gate in tree.gates for child in set(gate.children))
    return lambda reference: (-parents.get(reference, 0), sign * sizes[reference])


def _supports(tree: FaultTree) -> list[int]:
    """Return the number of different events below each reference."""
    below = [1 << event for event in range(tree.event_count)]
    for gate in tree.gates:
        below.append(reduce(or_, (below[child] for child in gate.children)))
    return [events.bit_count() for events in below]


def _weights(tree: FaultTree) -> list[float]:
    """Return the logarithm of the number of leaves below each reference, repeated ones counted."""
    weights = [0.0] * tree.event_count
    for gate in tree.gates:
        weights.append(log_sum([weights[child] for child in gate.children]))
    return weights


def log_sum(logarithms: Sequence[float]) -> float:
    """Return the logarithm of the sum of numbers given by their logarithms."""
    most = max(logarithms)
    return most + math.log(sum(math.exp(each - most) for each in logarithms))
