"""What does a topology refuse, what does it list, and how large is it?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from impact import InvalidTopology, Topology, UnknownNode
from tests.unit.impact.estate import estate

PAIR: dict[str, Any] = {"ids": ["a", "b"], "dependents": [0], "providers": [1], "strengths": [0]}


@pytest.mark.parametrize(
    ("array", "values"),
    [
        ("providers", [2]),
        ("dependents", [-1]),
        ("dependents", [0.5]),
        ("providers", [0, 1]),
        ("strengths", [4]),
        ("strengths", [0, 0]),
        ("ids", ["a", "a"]),
        ("q", [0.5, 1.5]),
        ("q", [0.5, float("nan")]),
        ("mttr_hours", [-1.0, 1.0]),
        ("k_min", [-1, 0]),
        ("criticality", [0, 1]),
        ("own_state", [3, 0]),
        ("tolerates_seconds", [-1.0]),
        ("edge_confidence", [1.5]),
        ("is_group", [True, False]),
        ("is_service", [True]),
    ],
)
def test_a_mistake_of_the_program_is_refused_by_the_name_of_the_array(
    array: str, values: list[Any]
) -> None:
    with pytest.raises(InvalidTopology) as caught:
        Topology.build(**(PAIR | {array: values}))

    assert caught.value.array == array


def test_k_full_below_k_min_is_refused() -> None:
    with pytest.raises(InvalidTopology, match="k_full"):
        estate("g gate a", groups={"g": (2, 1)})


def test_a_member_of_something_that_is_no_gate_is_refused() -> None:
    with pytest.raises(InvalidTopology, match="not marked as a gate"):
        estate("a gate b")


def test_an_unknown_id_is_named_with_advice() -> None:
    with pytest.raises(UnknownNode, match="'ghost' is not part"):
        estate("a hard b").index("ghost")


def test_an_empty_topology_can_be_built() -> None:
    topology = Topology.build(ids=[], dependents=[], providers=[], strengths=[])

    assert (len(topology), topology.edge_count, topology.problems) == (0, 0, ())


def test_mistakes_of_the_estate_are_listed_and_never_refused() -> None:
    topology = estate(
        "a hard a", "g gate g", "g gate b", "h gate b", "h gate b", "h gate c",
        groups={"g": (1, 0), "h": (1, 0), "none": (1, 0), "few": (3, 0)},
    )  # fmt: skip

    assert [(problem.kind, problem.ci) for problem in topology.problems] == [
        ("group_under_strength", "none"),
        ("group_under_strength", "few"),
        ("group_own_member", "g"),
        ("duplicate_member", "h"),
        ("self_loop", "a"),
    ]


def test_a_cluster_without_k_min_needs_one_of_its_members_and_says_so() -> None:
    topology = estate("c gate a", "c gate b", "c gate d", clusters={"c": (0, 0)})

    assert (topology.gates.k_min.tolist(), topology.gates.k_full.tolist()) == ([1], [3])
    assert [assumption.ci for assumption in topology.assumptions] == ["c"]


def test_a_cluster_without_members_is_a_plain_node() -> None:
    topology = estate("web hard c", clusters={"c": (2, 2)})

    assert len(topology.gates.nodes) == 0
    assert topology.problems == ()


def test_k_full_is_capped_at_the_number_of_members() -> None:
    topology = estate("g gate a", "g gate b", groups={"g": (1, 5)})

    assert topology.gates.k_full.tolist() == [2]


def test_a_group_without_k_full_is_at_full_strength_with_k_min() -> None:
    topology = estate("g gate a", "g gate b", groups={"g": (1, 0)})

    assert topology.gates.k_full.tolist() == [1]


def test_parallel_edges_are_kept_apart() -> None:
    topology = estate("a hard b", "a soft b", "a hard b 5", "a weak b")

    graph = topology.to_networkx()

    assert topology.edge_count == 4
    strengths = [facts["strength"] for _, _, facts in graph.edges(data=True)]
    assert sorted(strengths) == ["hard", "hard", "soft", "weak"]
    assert [f.get("tolerates_seconds") for *_, f in graph.edges(data=True)].count(5.0) == 1


def test_a_graph_for_exploring_points_from_dependent_to_provider() -> None:
    graph = estate("web hard g", "g gate db", groups={"g": (1, 0)}, services=["web"]).to_networkx()

    assert set(graph.edges()) == {("web", "g"), ("g", "db")}
    assert graph.nodes["web"]["is_service"]
    assert graph.nodes["g"]["k_min"] == 1


def test_a_million_nodes_and_five_million_edges_would_fit_64_megabytes() -> None:
    random = np.random.default_rng(1)
    nodes, edges = 10_000, 50_000
    topology = Topology.build(
        ids=[str(number) for number in range(nodes)],
        dependents=random.integers(0, nodes, edges),
        providers=random.integers(0, nodes, edges),
        strengths=random.integers(0, 2, edges),
    )

    assert topology.nbytes["total"] * 100 <= 64_000_000
