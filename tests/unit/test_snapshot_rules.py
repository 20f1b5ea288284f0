"""How do stored relationships become nodes and edges of the engine, rule by rule?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.errors import UnknownCI
from cmdb.model.changes import LogChange
from cmdb.model.shipped import shipped_registry
from cmdb.snapshot import IMPLICIT_GROUP, Snapshot, Snapshots
from cmdb.snapshot.figures import ASSUMED_DEFAULT, ASSUMED_PERFECT, GIVEN
from impact.topology import STALE
from tests.peers.snapshot_store import SnapshotStore, ci_change, link


def snapshot(*changes: LogChange) -> Snapshot:
    store = SnapshotStore()
    store.append(*changes)
    return Snapshots(store, shipped_registry).latest()


def hosts(*names: str) -> list[LogChange]:
    return [ci_change(name) for name in names]


def edges(found: Snapshot) -> list[tuple[str, str, str]]:
    graph = found.topology.to_networkx()
    return sorted((d, p, facts["strength"]) for d, p, facts in graph.edges(data=True))


def gate(found: Snapshot, ci_id: str) -> tuple[int, int, int]:
    gates = found.topology.gates
    slot = gates.slot(found.topology.index(ci_id))
    return int(gates.members[slot]), int(gates.k_min[slot]), int(gates.k_full[slot])


def criticality(found: Snapshot) -> dict[str, int]:
    return dict(zip(found.topology.ids, found.topology.criticality.tolist(), strict=True))


@pytest.mark.parametrize("stage", ["in_use", "in_maintenance", "stale"])
def test_a_ci_in_use_in_maintenance_or_stale_takes_part(stage: str) -> None:
    assert snapshot(ci_change("a", lifecycle=stage)).topology.ids == ("a",)


@pytest.mark.parametrize(
    "values", [{"lifecycle": "planned"}, {"lifecycle": "in_build"}, {"lifecycle": "retired"},
               {"merged_into": "b"}]
)  # fmt: skip
def test_a_planned_retired_or_merged_ci_and_its_edges_take_no_part(values: dict[str, Any]) -> None:
    found = snapshot(*hosts("b"), ci_change("a", **values), link("a", "depends_on", "b"))

    assert found.topology.ids == ("b",)
    assert edges(found) == []


def test_a_stale_ci_is_marked() -> None:
    found = snapshot(ci_change("a", lifecycle="stale"), ci_change("b"))

    assert [bool(flag & STALE) for flag in found.topology.flags] == [True, False]


def test_a_planned_ci_takes_part_where_it_is_included_by_name() -> None:
    found = snapshot(
        *hosts("b"), ci_change("a", lifecycle="planned"), link("a", "depends_on", "b")
    ).including(["a"])

    assert edges(found) == [("a", "b", "hard")]


def test_a_retired_ci_takes_no_part_even_if_it_is_asked_for() -> None:
    found = snapshot(ci_change("a", lifecycle="retired")).including(["a"])

    assert found.topology.ids == ()


def test_including_a_ci_that_is_not_known_says_so() -> None:
    with pytest.raises(UnknownCI):
        snapshot(*hosts("a")).including(["nobody"])


@pytest.mark.parametrize(
    ("type_name", "strength"),
    [("depends_on", "hard"), ("connects_to", "soft"), ("managed_by", "weak")],
)
def test_an_edge_has_the_strength_of_its_type(type_name: str, strength: str) -> None:
    found = snapshot(*hosts("a", "b"), link("a", type_name, "b"))

    assert edges(found) == [("a", "b", strength)]


def test_the_strength_of_an_edge_overrides_that_of_its_type() -> None:
    found = snapshot(*hosts("a", "b"), link("a", "depends_on", "b", strength="soft"))

    assert edges(found) == [("a", "b", "soft")]


def test_a_type_without_strength_is_never_compiled_whatever_an_edge_says() -> None:
    found = snapshot(*hosts("a", "b"), link("a", "owned_by", "b", strength="hard"))

    assert edges(found) == []


def test_a_symmetric_link_stays_weak_whatever_an_edge_says() -> None:
    found = snapshot(*hosts("a", "b"), link("a", "linked_to", "b", strength="hard"))

    assert edges(found) == [("a", "b", "weak")]


def test_an_ended_relationship_is_no_edge() -> None:
    assert edges(snapshot(*hosts("a", "b"), link("a", "depends_on", "b", live=False))) == []


def test_an_edge_carries_what_it_tolerates_and_whether_it_was_deduced() -> None:
    found = snapshot(
        *hosts("a", "b", "c", "d"),
        link("a", "depends_on", "b", tolerates_seconds=30.0),
        link("a", "depends_on", "c", inferred_by="rule"),
        link("a", "depends_on", "d", confidence=0.5),
    )

    facts = {provider: data for _, provider, data in found.topology.to_networkx().edges(data=True)}
    assert facts["b"]["tolerates_seconds"] == 30
    assert [facts[name]["inferred"] for name in "bcd"] == [False, True, True]
    assert found.inferred_edges == 2


def test_one_backend_is_a_hard_provider() -> None:
    found = snapshot(*hosts("lb", "w1"), link("lb", "routes_to", "w1"))

    assert edges(found) == [("lb", "w1", "hard")]
    assert not found.implicit_groups


def test_several_backends_make_an_implicit_group_of_which_one_is_enough() -> None:
    found = snapshot(
        *hosts("lb", "w1", "w2"), link("lb", "routes_to", "w1"), link("lb", "routes_to", "w2")
    )

    group = "any:lb:routes_to"
    assert edges(found) == [
        (group, "w1", "gate"),
        (group, "w2", "gate"),
        ("lb", group, "hard"),
    ]
    assert gate(found, group) == (2, 1, 2)


def test_an_implicit_group_has_a_readable_name_and_the_rights_of_its_dependent() -> None:
    found = snapshot(
        ci_change("lb", a_restricted_to=["net"]),
        *hosts("w1", "w2"),
        link("lb", "routes_to", "w1"),
        link("lb", "routes_to", "w2"),
    )

    group = "any:lb:routes_to"
    assert found.name_of(group) == "LB: any of 2 (routes_to)"
    assert found.class_of(group) == IMPLICIT_GROUP
    assert found.restricted_to_of(group) == found.restricted_to_of("lb") == ("net",)


def test_two_ways_to_one_backend_are_no_group() -> None:
    again = link("lb", "routes_to", "w1")
    again = LogChange("relationship", "second", 0, {}, again.after, again.ends)

    found = snapshot(*hosts("lb", "w1"), link("lb", "routes_to", "w1"), again)

    assert edges(found) == [("lb", "w1", "hard")] * 2


def test_a_member_by_two_ways_counts_once_and_tolerates_the_least_of_them() -> None:
    again = link("lb", "routes_to", "w1", tolerates_seconds=5.0)
    again = LogChange("relationship", "second", 0, {}, again.after, again.ends)

    found = snapshot(
        *hosts("lb", "w1", "w2"),
        link("lb", "routes_to", "w1", tolerates_seconds=60.0),
        again,
        link("lb", "routes_to", "w2"),
    )

    facts = found.topology.to_networkx().get_edge_data("any:lb:routes_to", "w1")
    assert [data["tolerates_seconds"] for data in facts.values()] == [5]
    assert found.topology.problems == ()


def test_a_backend_with_a_strength_of_its_own_stays_out_of_the_group() -> None:
    found = snapshot(
        *hosts("lb", "w1", "w2"),
        link("lb", "routes_to", "w1"),
        link("lb", "routes_to", "w2", strength="soft"),
    )

    assert edges(found) == [("lb", "w1", "hard"), ("lb", "w2", "soft")]


def test_a_retired_backend_leaves_the_group() -> None:
    found = snapshot(
        *hosts("lb", "w1"),
        ci_change("w2", lifecycle="retired"),
        link("lb", "routes_to", "w1"),
        link("lb", "routes_to", "w2"),
    )

    assert edges(found) == [("lb", "w1", "hard")]


@pytest.mark.parametrize("way", ["routes_to", "depends_on"])
def test_an_explicit_group_speaks_for_its_members(way: str) -> None:
    found = snapshot(
        *hosts("lb", "w1", "w2"),
        ci_change("g", "RedundancyGroup", a_k_min=2),
        link("g", "has_member", "w1"),
        link("g", "has_member", "w2"),
        link("lb", way, "g"),
        link("lb", "routes_to", "w1"),
        link("lb", "routes_to", "w2"),
    )

    assert edges(found) == [
        ("g", "w1", "gate"),
        ("g", "w2", "gate"),
        ("lb", "g", "hard"),
        ("lb", "w1", "weak"),
        ("lb", "w2", "weak"),
    ]


def test_a_group_of_others_does_not_speak_for_a_backend() -> None:
    found = snapshot(
        *hosts("lb", "w1", "w2"),
        ci_change("g", "RedundancyGroup"),
        link("g", "has_member", "w1"),
        link("lb", "routes_to", "w1"),
        link("lb", "routes_to", "w2"),
    )

    assert gate(found, "any:lb:routes_to") == (2, 1, 2)


def test_members_of_a_group_are_counted_by_its_figures() -> None:
    found = snapshot(
        *hosts("w1", "w2", "w3"),
        ci_change("g", "RedundancyGroup", a_k_min=1, a_k_full=2),
        *(link("g", "has_member", name) for name in ("w1", "w2", "w3")),
    )

    assert gate(found, "g") == (3, 1, 2)


def test_a_group_that_is_full_below_its_minimum_is_full_at_its_minimum() -> None:
    found = snapshot(
        *hosts("w1", "w2"),
        ci_change("g", "RedundancyGroup", a_k_min=2, a_k_full=1),
        *(link("g", "has_member", name) for name in ("w1", "w2")),
    )

    assert gate(found, "g") == (2, 2, 2)


def test_a_cluster_without_figures_lives_as_long_as_one_member() -> None:
    found = snapshot(
        *hosts("w1", "w2"),
        ci_change("k", "ComputeCluster"),
        *(link("k", "has_member", name) for name in ("w1", "w2")),
    )

    assert gate(found, "k") == (2, 1, 2)


def test_a_group_without_members_is_under_strength_and_a_cluster_is_a_plain_ci() -> None:
    found = snapshot(ci_change("g", "RedundancyGroup"), ci_change("k", "ComputeCluster"))

    assert [problem.ci for problem in found.topology.problems] == ["g"]


def test_services_are_those_of_the_business_and_service_layers() -> None:
    found = snapshot(
        *hosts("h"), ci_change("s", "BusinessService"), ci_change("p", "BusinessProcess")
    )

    assert sorted(found.services()) == ["p", "s"]


def test_criticality_comes_from_the_services_above_over_all_edges_that_propagate() -> None:
    found = snapshot(
        ci_change("s", "BusinessService", a_criticality=3),
        ci_change("t", "BusinessService", a_criticality=4),
        ci_change("g", "RedundancyGroup"),
        *hosts("a", "b", "c", "d"),
        link("s", "depends_on", "a"),
        link("a", "connects_to", "g"),
        link("g", "has_member", "b"),
        link("t", "depends_on", "b"),
        link("t", "managed_by", "c"),
    )

    assert criticality(found) == {"s": 3, "a": 3, "g": 3, "t": 4, "b": 4, "c": 1, "d": 1}


def test_a_manual_floor_raises_a_ci_and_nothing_below_it() -> None:
    found = snapshot(
        ci_change("s", "BusinessService"),
        ci_change("a", a_criticality=3),
        *hosts("b"),
        link("s", "depends_on", "a"),
        link("a", "depends_on", "b"),
    )

    assert criticality(found) == {"s": 1, "a": 3, "b": 1}


def test_criticality_on_a_cycle_ends() -> None:
    found = snapshot(
        ci_change("s", "BusinessService", a_criticality=2),
        *hosts("a", "b"),
        link("s", "depends_on", "a"),
        link("a", "depends_on", "b"),
        link("b", "depends_on", "a"),
    )

    assert criticality(found) == {"s": 2, "a": 2, "b": 2}


@pytest.mark.parametrize(
    ("values", "q", "mttr_hours", "basis"),
    [
        ({"a_mttf_hours": 98.0, "a_mttr_hours": 2.0}, 0.02, 2, GIVEN),
        ({"a_mtbf_hours": 100.0, "a_mttr_hours": 2.0}, 0.02, 2, GIVEN),
        ({"a_availability": 0.75}, 0.25, 4, GIVEN),
        ({"a_availability": 0.75, "a_mttr_hours": 8.0}, 0.25, 8, GIVEN),
        ({"a_mttf_hours": 12.0}, 0.25, 4, ASSUMED_DEFAULT),
        ({"a_mttr_hours": 8760.0}, 0.5, 8760, ASSUMED_DEFAULT),
        ({}, 4 / 8764, 4, ASSUMED_DEFAULT),
        ({"a_mttf_hours": 0.0, "a_mttr_hours": 0.0}, 0.0, 0, ASSUMED_DEFAULT),
        ({"a_mtbf_hours": 1.0, "a_mttr_hours": 2.0}, 1.0, 2, GIVEN),
    ],
)
def test_unavailability_comes_from_the_best_figures_there_are(
    values: dict[str, float], q: float, mttr_hours: float, basis: int
) -> None:
    found = snapshot(ci_change("a", "Host", **values)).figures

    assert (found.q[0], found.mttr_hours[0], found.basis[0]) == pytest.approx(
        (q, mttr_hours, basis)
    )


def test_a_ci_without_any_figure_never_fails_and_that_is_an_assumption() -> None:
    found = snapshot(ci_change("a", "BusinessService")).figures

    assert (found.q[0], found.basis[0]) == (0, ASSUMED_PERFECT)


def test_a_group_has_no_failure_of_its_own() -> None:
    found = snapshot(ci_change("g", "RedundancyGroup", a_availability=0.5)).figures

    assert (found.q[0], found.basis[0]) == (0, GIVEN)
