"""Are articulation points and bridges those of networkx, and parallel links kept apart?"""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impact.errors import InvalidTopology
from impact.physical_network import CutPoints, find_cut_points
from tests.property.strategies_impact import exhaustive

NETWORKS = st.integers(1, 9).flatmap(
    lambda nodes: st.tuples(
        st.just(nodes),
        st.lists(st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)), max_size=16),
    )
)


@exhaustive
@given(NETWORKS)
def test_networkx_agrees(network: tuple[int, list[tuple[int, int]]]) -> None:
    nodes, links = network

    found = find_cut_points(nodes, [a for a, _ in links], [b for _, b in links])

    graph: nx.MultiGraph[int] = nx.MultiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(links)
    assert set(found.articulation_points) == set(nx.articulation_points(nx.Graph(graph)))
    parts = nx.number_connected_components(graph)
    bridges = {place for place in range(len(links)) if _parts_without(nodes, links, place) > parts}
    assert set(found.bridges) == bridges
    once = {frozenset(links[place]) for place in found.bridges}
    theirs: Any = nx.bridges(nx.Graph(graph))
    assert once == {frozenset(pair) for pair in theirs} - _repeated(links)


def _parts_without(nodes: int, links: list[tuple[int, int]], place: int) -> int:
    graph: nx.MultiGraph[int] = nx.MultiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(links[:place] + links[place + 1 :])
    return nx.number_connected_components(graph)


def _repeated(links: list[tuple[int, int]]) -> set[frozenset[int]]:
    pairs = [frozenset(link) for link in links]
    return {pair for pair in pairs if pairs.count(pair) > 1}


def test_a_deep_line_needs_no_recursion() -> None:
    found = find_cut_points(50_000, range(49_999), range(1, 50_000))

    assert found.articulation_points == tuple(range(1, 49_999))
    assert found.bridges == tuple(range(49_999))


def test_nothing_has_no_cut_points() -> None:
    assert find_cut_points(0, [], []) == find_cut_points(3, [], []) == CutPoints((), ())


@pytest.mark.parametrize(("ones", "others"), [([0], [3]), ([0, 1], [1]), ([-1], [0])])
def test_ends_that_are_none_are_refused(ones: list[int], others: list[int]) -> None:
    with pytest.raises(InvalidTopology):
        find_cut_points(3, ones, others)
