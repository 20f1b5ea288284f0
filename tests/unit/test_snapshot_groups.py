"""When do several providers become a group, and how many of its members are enough?"""

from __future__ import annotations

import pytest

from cmdb.model.changes import LogChange
from cmdb.snapshot import IMPLICIT_GROUP, Snapshot
from tests.peers.compiled import edges, hosts, snapshot
from tests.peers.snapshot_store import ci_change, link


def gate(found: Snapshot, ci_id: str) -> tuple[int, int, int]:
    gates = found.topology.gates
    slot = gates.slot(found.topology.index(ci_id))
    return int(gates.members[slot]), int(gates.k_min[slot]), int(gates.k_full[slot])


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
