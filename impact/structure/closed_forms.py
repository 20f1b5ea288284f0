"""What is known about a single gate over independent leaves without any diagram?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from impact.arrays import Float64
from impact.structure.tree import Gate, Op


def gate_probability(gate: Gate, q: Sequence[float]) -> float:
    """Return the probability that a gate over different leaves holds; O(n), O(n k) for at-least."""
    values = [q[child] for child in gate.children]
    match gate.op:
        case Op.OR:
            return any_probability(values)
        case Op.AND:
            return math.prod(values)
        case Op.AT_LEAST:
            return float(_counts(values, gate.k)[-1][gate.k])
        case Op.NOT:
            return 1.0 - values[0]
        case Op.XOR:
            return (1.0 - math.prod(1.0 - 2.0 * value for value in values)) / 2.0


def gate_birnbaum(gate: Gate, q: Sequence[float]) -> list[float]:
    """Return the derivative by the probability of each child, in the order of the children."""
    values = [q[child] for child in gate.children]
    match gate.op:
        case Op.OR:
            return products_of_others([1.0 - value for value in values])
        case Op.AND:
            return products_of_others(values)
        case Op.AT_LEAST:
            return _exactly_among_others(values, gate.k - 1)
        case Op.NOT:
            return [-1.0]
        case Op.XOR:
            return products_of_others([1.0 - 2.0 * value for value in values])


def gate_unions(gate: Gate, q: Sequence[float]) -> list[float]:
    """Return the probability of the union of the cut sets with each child, without it in them."""
    values = [q[child] for child in gate.children]
    match gate.op:
        case Op.OR:
            return [1.0] * len(values)
        case Op.AND:
            return products_of_others(values)
        case _:
            return _at_least_among_others(values, gate.k - 1)


def gate_cut_sets(gate: Gate, weights: Sequence[int]) -> int:
    """Return the number of minimal cut sets if a child stands for as many as its weight says."""
    values = [weights[child] for child in gate.children]
    k = {Op.OR: 1, Op.AND: len(values)}.get(gate.op, gate.k)
    chosen = [1] + [0] * k
    for value in values:
        for size in range(k, 0, -1):
            chosen[size] += chosen[size - 1] * value
    return chosen[k]


def any_probability(values: Sequence[float]) -> float:
    """Return the probability that at least one of independent events holds, exact near zero."""
    possible = [value for value in values if value > 0.0]
    if len(possible) < 2:
        return possible[0] if possible else 0.0
    if max(possible) >= 1.0:
        return 1.0
    return -math.expm1(math.fsum(math.log1p(-value) for value in possible))


def products_of_others(values: Sequence[float]) -> list[float]:
    """Return for each value the product of all others; zeros need no care."""
    before = accumulate(values, lambda a, b: a * b, initial=1.0)
    after = list(accumulate(reversed(values), lambda a, b: a * b, initial=1.0))
    return [left * right for left, right in zip(before, reversed(after[:-1]), strict=False)]


def _counts(values: Sequence[float], k: int) -> list[Float64]:
    """Return after 0, 1, ... values the probabilities of 0 to k holding, k meaning k or more."""
    counts = np.zeros(k + 1)
    counts[0] = 1.0
    found = [counts]
    for value in values:
        following = counts * (1.0 - value)
        following[1:] += counts[:-1] * value
        following[k] += counts[k] * value
        found.append(following)
        counts = following
    return found


def _exactly_among_others(values: Sequence[float], k: int) -> list[float]:
    before = _counts(values, k + 1)
    after = _counts(values[::-1], k + 1)[::-1]
    return [float(before[i][: k + 1] @ after[i + 1][k::-1][: k + 1]) for i in range(len(values))]


def _at_least_among_others(values: Sequence[float], k: int) -> list[float]:
    """Return for each value the probability that at least k of the others hold."""
    before = _counts(values, k)
    after = _counts(values[::-1], k)[::-1]
    found = []
    for i in range(len(values)):
        left, right = before[i], after[i + 1]
        reached = np.cumsum(right[::-1])
        found.append(float(left @ reached))
    return found
