"""Which sets of events bring about the top, none of them without need? The smallest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from impact.structure.cores import Cores, Limits
from impact.structure.parts import Core, Part
from impact.structure.tree import TRUE, Gate, Op

BySize = list[list[frozenset[int]]]
"""Cut sets by their number of events, from 0 to the largest asked for."""


@dataclass(slots=True)
class _Listing:
    """The sets of events of each reference while they are put together."""

    limits: Limits
    q: Sequence[float]
    cores: Cores
    is_complete: bool = field(default=True)


def list_cut_sets(
    part: Part, q: Sequence[float], cores: Cores, limits: Limits
) -> tuple[list[tuple[int, ...]], bool]:
    """Return minimal cut sets within limits, and whether none within them is missing.

    Those with fewer events come first, then the more likely ones, then by their events.

    Raises:
        Unsolved: The budget ended first.
    """
    listing = _Listing(limits, q, cores)
    leaves: dict[int, BySize] = {
        event: _single(event, listing) for event in range(part.rest.event_count)
    }
    by_size = _of_part(part, leaves, listing)
    found = [
        (len(chosen), -_product(chosen, q), tuple(sorted(chosen)))
        for chosen in chain.from_iterable(by_size)
    ]
    found.sort()
    is_complete = listing.is_complete and len(found) <= limits.limit
    return [events for _, _, events in found[: limits.limit]], is_complete


def _of_part(part: Part, leaves: dict[int, BySize], listing: _Listing) -> BySize:
    sets = dict(leaves)
    for module, within in part.modules:
        own = {place: sets[leaf] for place, leaf in enumerate(module.leaves)}
        if isinstance(within, Part):
            sets[module.reference] = _of_part(within, own, listing)
        elif within.is_one_gate:
            sets[module.reference] = _of_gate(within.tree.gates[0], own, listing)
        else:
            sets[module.reference] = _of_core(within, own, listing)
    points = [sets[event] for event in part.single_points]
    if part.rest.is_constant:
        certain = [[frozenset[int]()]] if part.rest.top == TRUE else []
        return _either([*points, certain], listing)
    return _either([*points, sets[part.rest.top]], listing)


def _of_gate(gate: Gate, leaves: dict[int, BySize], listing: _Listing) -> BySize:
    children = [leaves[child] for child in gate.children]
    if gate.op is Op.OR:
        return _either(children, listing)
    k = len(children) if gate.op is Op.AND else gate.k
    chosen: list[BySize] = [[[frozenset()]], *([] for _ in range(k))]
    for child in children:
        for count in range(k, 0, -1):
            joined = _both(chosen[count - 1], child, listing)
            chosen[count] = _either([chosen[count], joined], listing)
    return chosen[k]


def _of_core(core: Core, leaves: dict[int, BySize], listing: _Listing) -> BySize:
    best = [_best(leaves[place], listing) for place in range(core.tree.event_count)]
    chosen, is_complete = listing.cores.listed(core, best, listing.limits)
    listing.is_complete &= is_complete
    found: BySize = []
    for events in chosen:
        joined: BySize = [[frozenset()]]
        for event in events:
            joined = _both(joined, leaves[event], listing)
        found = _either([found, joined], listing)
    return found


def _single(event: int, listing: _Listing) -> BySize:
    is_within = listing.limits.largest >= 1 and listing.q[event] >= listing.limits.floor
    return [[], [frozenset([event])]] if is_within else []


def _either(families: list[BySize], listing: _Listing) -> BySize:
    length = max((len(family) for family in families), default=0)
    return [
        _bounded(
            (chosen for family in families if size < len(family) for chosen in family[size]),
            listing,
        )
        for size in range(length)
    ]


def _both(left: BySize, right: BySize, listing: _Listing) -> BySize:
    length = min(len(left) + len(right) - 1, listing.limits.largest + 1)
    if not left or not right:
        return []
    return [
        _bounded(
            (
                one | other
                for lefts in range(max(0, size - len(right) + 1), min(size, len(left) - 1) + 1)
                for one in left[lefts]
                for other in right[size - lefts]
                if _product(one | other, listing.q) >= listing.limits.floor
            ),
            listing,
        )
        for size in range(length)
    ]


def _bounded(sets: Iterable[frozenset[int]], listing: _Listing) -> list[frozenset[int]]:
    """Return at most `limit` sets, and remember if there were more."""
    kept = list(islice(sets, listing.limits.limit + 1))
    if len(kept) > listing.limits.limit:
        listing.is_complete = False
        kept.pop()
    return kept


def _best(family: BySize, listing: _Listing) -> float:
    """Return the highest probability of a set; 0 where none is within the limits."""
    return max((_product(chosen, listing.q) for sets in family for chosen in sets), default=0.0)


def _product(events: frozenset[int], q: Sequence[float]) -> float:
    product = 1.0
    for event in events:
        product *= q[event]
    return product
