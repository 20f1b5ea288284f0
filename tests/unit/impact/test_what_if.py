"""Edited topologies: what a planner of improvements would doubt."""

from __future__ import annotations

import numpy as np
import pytest

from impact import Outage, State, Topology, propagate
from impact.availability import StructureBuilder, read_events, service_availability
from impact.errors import InvalidEdit, UnknownNode
from impact.structure import Solver, measure_importance
from impact.what_if import AddReplica, Drop, Edit, Move, Remove, edited


def estate() -> Topology:
    """Return a shop on an application on a host in a rack with two feeds, and a spare host."""
    return Topology.build(
        ids=["shop", "app", "host", "spare", "rack", "feeds", "feed-a", "feed-b"],
        dependents=[0, 1, 2, 4, 5, 5, 0],
        providers=[1, 2, 4, 5, 6, 7, 3],
        strengths=[0, 0, 0, 0, 2, 2, 3],
        tolerates_seconds=[0, 0, 0, 600, 0, 0, 0],
        is_service=[1, 0, 0, 0, 0, 0, 0, 0],
        is_gate=[0, 0, 0, 0, 0, 1, 0, 0],
        k_min=[0, 0, 0, 0, 0, 1, 0, 0],
        q=[0.0, 0.01, 0.02, 0.02, 0.001, 0.0, 0.05, 0.05],
        mttr_hours=[1.0] * 8,
    )


def unavailability(topology: Topology) -> float:
    """Return P(DOWN) of the shop."""
    with Solver() as solver:
        return service_availability(topology, "shop", solver).unavailability.value


def test_no_edit_changes_nothing() -> None:
    before = estate()

    after = edited(before, [])

    assert after.ids == before.ids
    for name in ("flags", "criticality", "q", "mttr_hours"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    np.testing.assert_array_equal(after.dependents_of.ends, before.dependents_of.ends)
    np.testing.assert_array_equal(after.tolerant[1], before.tolerant[1])
    np.testing.assert_array_equal(after.weak[1], before.weak[1])
    np.testing.assert_array_equal(after.gates.k_min, before.gates.k_min)


def test_a_replica_in_place_squares_the_own_failure_of_the_ci() -> None:
    q = {"app": 0.01, "host": 0.02, "rack": 0.001, "feeds": 0.05**2}

    without = 1 - np.prod([1 - each for each in q.values()])
    with_two = 1 - np.prod([1 - each for each in (q | {"app": 0.01**2}).values()])

    assert unavailability(estate()) == pytest.approx(without)
    assert unavailability(edited(estate(), [AddReplica("app")])) == pytest.approx(with_two)


def test_a_replica_elsewhere_fails_by_itself() -> None:
    after = edited(estate(), [AddReplica("app", "app-2", (("host", "spare"),))])

    assert propagate(after, [Outage("host")]).of(after.index("shop"))[0] is State.UP
    assert propagate(after, [Outage("app"), Outage("spare")]).of(after.index("shop"))[0] is (
        State.DOWN
    )


def test_what_a_replica_saves_is_what_its_measure_says() -> None:
    topology = estate()
    structure = StructureBuilder(topology).build(0)
    events = read_events(topology, structure)
    with Solver() as solver:
        measures = measure_importance(solver, structure.down, events.q) or []

    for measure in measures:
        ci, q = events.names[measure.event], events.q[measure.event]
        if ci in ("app", "host", "rack"):
            saved = unavailability(topology) - unavailability(edited(topology, [AddReplica(ci)]))
            assert saved == pytest.approx(measure.birnbaum * q * (1 - q), rel=1e-9)


def test_a_replica_of_a_member_is_one_member_more() -> None:
    after = edited(estate(), [AddReplica("feed-a")])

    slot = after.gates.slot(after.index("feeds"))
    assert (after.gates.members[slot], after.gates.k_min[slot]) == (3, 1)


@pytest.mark.parametrize(
    ("edit", "down"),
    [
        (Move("app", "host", "spare"), {"spare"}),
        (Drop("feeds", "feed-b"), {"feed-a"}),
        (Remove("feed-b"), {"feed-a"}),
    ],
)
def test_an_edit_moves_what_takes_the_shop_down(edit: Edit, down: set[str]) -> None:
    before, after = estate(), edited(estate(), [edit])
    outages = [Outage(ci) for ci in down]

    assert propagate(before, outages).of(0)[0] is State.UP
    assert propagate(after, outages).of(after.index("shop"))[0] is State.DOWN


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (AddReplica("nowhere"), UnknownNode),
        (AddReplica("app", "host"), InvalidEdit),
        (AddReplica("feeds"), InvalidEdit),
        (Drop("shop", "rack"), InvalidEdit),
        (Move("app", "rack", "spare"), InvalidEdit),
    ],
)
def test_what_cannot_be_is_refused(edit: Edit, error: type[Exception]) -> None:
    with pytest.raises(error):
        edited(estate(), [edit])
