"""Which events bring about the top alone?"""

from __future__ import annotations

from functools import reduce
from operator import and_

from impact.single_failures import at_least
from impact.structure.tree import FaultTree, Gate, Op


def find_single_points(tree: FaultTree) -> list[int]:
    """Return, in ascending order, the events that alone make the top of a plain tree hold.

    S(event) = {event}; S(or) is the union of the children's sets, S(and) their intersection, and of
    an at-least gate those in at least k of them. Exact with repeated events, since a coherent
    function holds for one event exactly if its gates do. Sets are the bits of whole numbers:
    O(gates x children x events / 64), times k for an at-least gate.

    Examples:
        >>> from impact.structure import TreeBuilder
        >>> builder = TreeBuilder(3)
        >>> find_single_points(builder.tree(builder.any_of([0, builder.all_of([1, 2])])))
        [0]
    """
    if tree.is_constant:
        return []
    sets = [1 << event for event in range(tree.event_count)]
    for gate in tree.gates:
        sets.append(_join(gate, [sets[child] for child in gate.children]))
    return _bits(sets[tree.top])


def _join(gate: Gate, children: list[int]) -> int:
    if gate.op is Op.AND:
        return reduce(and_, children)
    return at_least(children, gate.k if gate.op is Op.AT_LEAST else 1)


def _bits(number: int) -> list[int]:
    found = []
    while number:
        lowest = number & -number
        found.append(lowest.bit_length() - 1)
        number ^= lowest
    return found
