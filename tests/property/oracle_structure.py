"""What fault trees mean, by trying all 2^n worlds. Shares no code with what it judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

World = tuple[bool, ...]
Formula = tuple[object, ...]
"""("event", i), ("or" | "and" | "xor" | "not", children...), ("atleast", k, children...)."""


def holds(formula: Formula, world: World) -> bool:
    """Tell whether a formula holds in a world."""
    kind, *parts = formula
    if kind == "event":
        return world[parts[0]]  # type: ignore[call-overload, no-any-return]  # parts are of any kind
    if kind == "atleast":
        k, *children = parts
        return sum(holds(child, world) for child in children) >= k  # type: ignore[arg-type, operator]  # as above
    values = [holds(child, world) for child in parts]  # type: ignore[arg-type]  # as above
    if kind == "not":
        return not values[0]
    return {"or": any(values), "and": all(values), "xor": sum(values) % 2 == 1}[str(kind)]


def worlds(count: int) -> Iterator[World]:
    """Return all worlds of so many events."""
    return product((False, True), repeat=count)


def probability(is_top: Callable[[World], bool], q: Sequence[float]) -> float:
    """Return the probability of what holds in some worlds."""
    return sum(_weight(world, q) for world in worlds(len(q)) if is_top(world))


def birnbaum(formula: Formula, q: Sequence[float], event: int) -> float:
    """Return P(top | event) - P(top | not event)."""
    with_it = [*q[:event], 1.0, *q[event + 1 :]]
    without = [*q[:event], 0.0, *q[event + 1 :]]
    return probability(lambda w: holds(formula, w), with_it) - probability(
        lambda w: holds(formula, w), without
    )


def minimal_cut_sets(formula: Formula, count: int) -> set[frozenset[int]]:
    """Return the minimal sets of events that make a coherent formula hold."""
    cuts = [
        frozenset(i for i in range(count) if world[i])
        for world in worlds(count)
        if holds(formula, world)
    ]
    return {cut for cut in cuts if not any(other < cut for other in cuts)}


def union_probability(cuts: set[frozenset[int]], event: int, q: Sequence[float]) -> float:
    """Return the probability that a minimal cut set with the event holds."""
    chosen = [cut for cut in cuts if event in cut]
    return probability(lambda w: any(all(w[i] for i in cut) for cut in chosen), q)


def _weight(world: World, q: Sequence[float]) -> float:
    weight = 1.0
    for is_so, value in zip(world, q, strict=True):
        weight *= value if is_so else 1.0 - value
    return weight
