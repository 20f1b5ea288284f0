"""Is what a CI relies on told nearest first, with each edge once and the rest counted?"""

from __future__ import annotations

import pytest

from impact import Strength, Topology
from impact.availability import reliance

HARD, SOFT, GATE, WEAK = Strength.HARD, Strength.SOFT, Strength.GATE, Strength.WEAK


def estate() -> Topology:
    """A shop on a pair in one rack, a cache that only degrades it, and a note that is no cause."""
    names = ["shop", "pair", "a", "b", "rack", "cache", "note"]
    edges = [
        ("shop", "pair", HARD), ("pair", "a", GATE), ("pair", "b", GATE), ("a", "rack", HARD),
        ("b", "rack", HARD), ("shop", "cache", SOFT), ("cache", "rack", SOFT),
        ("cache", "rack", HARD), ("shop", "note", WEAK),
    ]  # fmt: skip
    return Topology.build(
        ids=names,
        dependents=[names.index(dependent) for dependent, _, _ in edges],
        providers=[names.index(provider) for _, provider, _ in edges],
        strengths=[int(strength) for _, _, strength in edges],
        is_gate=[name == "pair" for name in names],
        k_min=[int(name == "pair") for name in names],
    )


def test_the_nearest_come_first_and_edges_once_with_their_strongest_kind() -> None:
    topology = estate()

    found = reliance(topology, topology.index("shop"), most=100)

    names = [topology.ids[node] for node in found.nodes]
    assert dict(zip(names, found.distances, strict=True)) == {
        "shop": 0, "pair": 1, "cache": 1, "a": 2, "b": 2, "rack": 2,
    }  # fmt: skip
    assert names[0] == "shop"
    assert list(found.distances) == sorted(found.distances)
    assert found.count == 6
    assert {(names[a], names[b], kind) for a, b, kind in found.edges} == {
        ("shop", "pair", HARD), ("shop", "cache", SOFT), ("pair", "a", GATE), ("pair", "b", GATE),
        ("a", "rack", HARD), ("b", "rack", HARD), ("cache", "rack", HARD),
    }  # fmt: skip
    assert len(found.edges) == 7


@pytest.mark.parametrize("most", [1, 3, 5])
def test_beyond_the_limit_nodes_are_counted_and_edges_left_out(most: int) -> None:
    topology = estate()

    found = reliance(topology, topology.index("shop"), most=most)
    whole = reliance(topology, topology.index("shop"), most=100)

    assert found.nodes == whole.nodes[:most]
    assert found.count == whole.count
    assert all(max(a, b) < most for a, b, _ in found.edges)


def test_a_circle_is_told_once() -> None:
    topology = Topology.build(
        ids=["a", "b"], dependents=[0, 1], providers=[1, 0], strengths=[HARD, HARD]
    )

    found = reliance(topology, 0, most=10)

    assert found.nodes == (0, 1)
    assert found.edges == ((0, 1, HARD), (1, 0, HARD))
