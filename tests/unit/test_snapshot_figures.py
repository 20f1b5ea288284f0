"""How critical is each CI of a snapshot, and how often does it fail?"""

from __future__ import annotations

import pytest

from cmdb.snapshot import Snapshot
from cmdb.snapshot.figures import ASSUMED_DEFAULT, ASSUMED_PERFECT, GIVEN
from tests.peers.compiled import hosts, snapshot
from tests.peers.snapshot_store import ci_change, link


def criticality(found: Snapshot) -> dict[str, int]:
    return dict(zip(found.topology.ids, found.topology.criticality.tolist(), strict=True))


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
