"""What does a CI rely on, nearest first, and over which edges?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from impact.arrays import GATE, HARD, KIND, SOFT
from impact.model import Strength
from impact.topology import Topology

_KINDS = (HARD, GATE, SOFT)


@dataclass(frozen=True, slots=True)
class Reliance:
    """A CI and what it relies on.

    Attributes:
        nodes: The CI itself, then what it relies on, fewest edges away first.
        distances: How many edges away each of them is.
        edges: Places in `nodes` of dependent and provider, and the strength; one for each pair.
        count: Number of nodes in all, those beyond the limit included.
    """

    nodes: tuple[int, ...]
    distances: tuple[int, ...]
    edges: tuple[tuple[int, int, Strength], ...]
    count: int


def reliance(topology: Topology, node: int, *, most: int) -> Reliance:
    """Return what a node relies on by hard edges, soft edges and memberships.

    Args:
        topology: The snapshot.
        node: Where to begin.
        most: Nodes that are told, at least 1; the others are counted. An edge is told if both its
            ends are.

    Complexity: O(edges below the node).
    """
    distances = {node: 0}
    frontier = [node]
    while frontier:
        following: dict[int, None] = {}
        for dependent in frontier:
            following |= dict.fromkeys(
                provider
                for provider, _ in _providers(topology, dependent)
                if provider not in distances
            )
        distances |= dict.fromkeys(following, distances[frontier[0]] + 1)
        frontier = list(following)
    told = list(distances)[:most]
    place = {each: number for number, each in enumerate(told)}
    edges = (
        (place[dependent], place[provider], strength)
        for dependent in told
        for provider, strength in _providers(topology, dependent)
        if provider in place
    )
    return Reliance(
        tuple(told), tuple(distances[each] for each in told), tuple(edges), len(distances)
    )


def _providers(topology: Topology, dependent: int) -> Iterator[tuple[int, Strength]]:
    """Yield each provider once, with the strongest of its edges."""
    rows = topology.providers_of
    part = slice(int(rows.starts[dependent]), int(rows.starts[dependent + 1]))
    found: dict[int, int] = {}
    for provider, code in zip(rows.ends[part].tolist(), rows.codes[part].tolist(), strict=True):
        kind = code & KIND
        if kind in _KINDS:
            found[provider] = min(found.get(provider, kind), kind, key=_KINDS.index)
    for provider, kind in found.items():
        yield provider, Strength(kind)
