"""Conflicts of changes: what a planner would doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from impact import Outage, State, Topology
from impact.errors import InvalidBudget, UnknownNode
from impact.joint_outages import Cause, Conflict, JointEffect, JointOutages, LeftGate, joint_outages

TEN = datetime(2026, 5, 2, 22, tzinfo=UTC)


def pool(members: int, k_min: int, *, tolerates_seconds: float = 0.0) -> Topology:
    """Return a shop on a pool of databases of which k are needed."""
    return Topology.build(
        ids=["shop", "pool", *(f"db-{number}" for number in range(members))],
        dependents=[0, *([1] * members)],
        providers=range(1, members + 2),
        strengths=[0, *([2] * members)],
        tolerates_seconds=[tolerates_seconds, *([0.0] * members)],
        is_service=[1, 0, *([0] * members)],
        is_gate=[0, 1, *([0] * members)],
        k_min=[0, k_min, *([0] * members)],
    )


def change(name: str, ci: str, start: float = 0.0, hours: float = 1.0) -> Cause:
    """Return a change of one CI, in hours after ten."""
    begin = TEN + timedelta(hours=start)
    return Cause(name, (Outage(ci, State.DOWN, begin, begin + timedelta(hours=hours)),))


def sets_of(found: JointOutages, effect: JointEffect = JointEffect.DOWN) -> list[tuple[str, ...]]:
    """Return the guilty sets of one effect."""
    return [conflict.causes for conflict in found.conflicts if conflict.effect is effect]


def test_two_changes_that_overlap_name_the_half_hour_and_what_is_left_of_the_pool() -> None:
    found = joint_outages(
        pool(2, 1), [change("A", "db-0", 0.0, 0.5), change("B", "db-1", 0.25, 1.0)]
    )

    assert isinstance(found.conflicts[0], Conflict)
    conflict = next(c for c in found.conflicts if c.effect is JointEffect.DOWN)
    assert (conflict.service, conflict.causes) == ("shop", ("A", "B"))
    assert [(span.start_at, span.end_at) for span in conflict.spans] == [
        (TEN + timedelta(minutes=15), TEN + timedelta(minutes=30))
    ]
    assert conflict.gates == (LeftGate("pool", 0, 2, 1),)


def test_changes_that_only_touch_are_no_conflict() -> None:
    found = joint_outages(pool(2, 1), [change("A", "db-0"), change("B", "db-1", 1.0)])

    assert found.conflicts == ()
    assert found.is_complete


def test_changes_that_touch_outlast_together_what_is_tolerated() -> None:
    topology = Topology.build(
        ids=["shop", "rack"],
        dependents=[0],
        providers=[1],
        strengths=[0],
        tolerates_seconds=[5400],
        is_service=[1, 0],
    )

    found = joint_outages(topology, [change("A", "rack"), change("B", "rack", 1.0)])

    assert sets_of(found) == [("A", "B")]
    assert found.conflicts[0].spans[0].start_at == TEN + timedelta(minutes=90)


def test_a_change_that_does_it_alone_hides_no_conflict_of_two_others() -> None:
    causes = [change("A", "db-0"), change("B", "db-1"), change("Z", "pool")]

    assert sets_of(joint_outages(pool(2, 1), causes)) == [("A", "B")]


def test_three_changes_are_guilty_only_where_no_two_of_them_are() -> None:
    causes = [change(name, f"db-{place}") for place, name in enumerate("ABC")]

    assert sets_of(joint_outages(pool(4, 2), causes)) == [("A", "B", "C")]
    assert sets_of(joint_outages(pool(3, 2), causes)) == [("A", "B"), ("A", "C"), ("B", "C")]


def test_sets_that_leave_one_single_point_are_told_apart() -> None:
    causes = [change(name, f"db-{place}") for place, name in enumerate("AB")]

    found = joint_outages(pool(3, 1), causes)

    assert sets_of(found) == []
    assert sets_of(found, JointEffect.REDUNDANCY_LOST) == [("A", "B")]
    assert found.conflicts[0].single_failures == ("db-2",)
    assert found.conflicts[0].gates == (LeftGate("pool", 1, 3, 1),)


def test_a_set_that_takes_it_down_hides_no_smaller_one_that_leaves_a_single_point() -> None:
    causes = [change(name, f"db-{place}") for place, name in enumerate("ABC")]

    found = joint_outages(pool(3, 1), causes)

    assert sets_of(found) == [("A", "B", "C")]
    pairs = [("A", "B"), ("A", "C"), ("B", "C")]
    assert sets_of(found, JointEffect.REDUNDANCY_LOST) == pairs


def test_incidents_without_times_count_from_a_common_start() -> None:
    found = joint_outages(
        pool(2, 1), [Cause("I1", (Outage("db-0"),)), Cause("I2", (Outage("db-1"),))]
    )

    assert sets_of(found) == [("I1", "I2")]
    assert found.conflicts[0].spans[0].start_after_seconds == 0.0
    assert found.conflicts[0].spans[0].end_after_seconds is None


def test_an_open_incident_joins_the_changes_for_as_long_as_they_last() -> None:
    found = joint_outages(pool(2, 1), [Cause("I1", (Outage("db-0"),)), change("C", "db-1")])

    assert sets_of(found) == [("C", "I1")]
    assert found.conflicts[0].spans[0].end_at == TEN + timedelta(hours=1)


def test_a_group_of_two_hundred_is_answered() -> None:
    causes = [change(f"C{place:03d}", f"db-{place}") for place in range(12)]

    found = joint_outages(pool(200, 190), causes)

    assert len(sets_of(found)) == 12
    assert {len(each) for each in sets_of(found)} == {11}
    assert found.is_complete


def test_a_budget_that_ends_says_for_which_service_sets_may_be_missing() -> None:
    causes = [change(name, f"db-{place}") for place, name in enumerate("ABCDEF")]

    found = joint_outages(pool(6, 3), causes, budget=12)

    assert not found.is_complete
    assert found.incomplete == ("shop",)
    assert all(len(each) == 4 for each in sets_of(found))


def test_no_cause_one_cause_and_causes_of_others_find_nothing() -> None:
    assert joint_outages(pool(2, 1), []).conflicts == ()
    assert joint_outages(pool(2, 1), [change("A", "db-0")]).conflicts == ()
    assert joint_outages(pool(2, 1), [Cause("A", ()), change("B", "db-0")]).is_complete


def test_unknown_targets_and_no_budget_are_refused() -> None:
    with pytest.raises(UnknownNode):
        joint_outages(pool(2, 1), [change("A", "nowhere")])
    with pytest.raises(InvalidBudget):
        joint_outages(pool(2, 1), [change("A", "db-0")], budget=0)
