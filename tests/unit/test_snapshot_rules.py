"""Which CIs and relationships take part in a snapshot, and how strong is each edge?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.errors import UnknownCI
from impact.topology import STALE
from tests.peers.compiled import edges, hosts, snapshot
from tests.peers.snapshot_store import ci_change, link


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
