"""Is what happened around a CI told completely, newest first, and cheaply?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cmdb.errors import BadValue, UnknownCI
from cmdb.ports import ChangeUpdate, EditReason, NewChange, NewRelationship, Target
from tests.contract.counted_reads import CountedReads
from tests.contract.practice_estate import (
    ADMIN,
    FIRST_DOUBLE,
    NOW,
    SECOND_DOUBLE,
    VIEWER,
    WHY,
    Shop,
    merge_doubles,
    minutes,
    with_doubles,
)

START = NOW - timedelta(days=1)


def edit(shop: Shop, name: str, value: int, reason: str = "tuned") -> None:
    shop.clock.move(minutes=1)
    shop.as_(ADMIN).set_attributes(name, {"memory_mib": value}, EditReason(reason))


def test_what_the_log_touched_is_told_newest_first_with_values(shop: Shop) -> None:
    edit(shop, "db", 1)
    edit(shop, "web-1", 2)
    edit(shop, "db", 3)

    report = shop.as_(ADMIN).changes_near(["db"], NOW, hops=0)

    assert [(e.subject.name, e.what, dict(e.after)) for e in report.events] == [
        ("db", "changed memory_mib", {"a_memory_mib": 3}),
        ("db", "changed memory_mib", {"a_memory_mib": 1}),
    ]
    assert [e.at for e in report.events] == [minutes(3), minutes(1)]
    assert {(e.kind, e.actor, e.source, e.hops) for e in report.events} == {
        ("log", "ann", "manual", 0)
    }
    assert not report.is_partial


def test_hops_widen_the_view_over_relationships_either_way(shop: Shop) -> None:
    edit(shop, "web-1", 1)
    edit(shop, "db", 2)

    def seen(hops: int) -> dict[str, int]:
        events = shop.as_(ADMIN).changes_near(["orders"], NOW, hops=hops).events
        return {event.subject.name: event.hops for event in events}

    assert seen(0) == {}
    assert seen(1) == {"db": 1}
    assert seen(2) == {"db": 1}
    assert seen(3) == {"db": 1, "web-1": 3}


def test_what_is_older_than_asked_for_is_left_out(shop: Shop) -> None:
    edit(shop, "db", 1)
    edit(shop, "db", 2)

    events = shop.as_(ADMIN).changes_near(["db"], minutes(1), hops=0).events

    assert [dict(event.after) for event in events] == [{"a_memory_mib": 2}]


def test_a_relationship_is_told_with_its_ends(shop: Shop) -> None:
    shop.clock.move(minutes=1)
    shop.as_(ADMIN).add_relationship(NewRelationship("depends_on", "audit", "db"), WHY)

    events = shop.as_(ADMIN).changes_near(["db"], NOW, hops=0).events

    assert [(e.subject.name, e.what) for e in events] == [
        ("db", "BusinessService/audit depends_on PhysicalServer/db added")
    ]


def test_planned_changes_are_told_when_they_begin_and_drafts_are_not(shop: Shop) -> None:
    edit(shop, "db", 1)
    new = NewChange("patch", (Target("db", "degraded"),), minutes(60), minutes(90))
    made = shop.as_(ADMIN).plan_change(new, WHY)
    draft = shop.as_(ADMIN).changes_near(["orders"], NOW).events
    shop.as_(ADMIN).update_change(made.id, ChangeUpdate("scheduled"), WHY)

    events = shop.as_(ADMIN).changes_near(["orders"], NOW).events
    later = shop.as_(ADMIN).changes_near(["orders"], minutes(90)).events

    assert [event.kind for event in draft] == ["log"]
    assert [(e.kind, e.subject.name, e.at, e.hops) for e in events] == [
        ("change", "db", minutes(60), 1),
        ("log", "db", minutes(1), 1),
    ]
    assert (events[0].change, events[0].what) == (made.id, "patch (scheduled): degraded")
    assert later == ()


def test_changes_planned_for_what_was_merged_away_are_told_of_the_survivor(shop: Shop) -> None:
    with_doubles(shop)
    for name in (FIRST_DOUBLE, SECOND_DOUBLE):
        new = NewChange(name, (Target(name),), minutes(60), minutes(90), state="scheduled")
        shop.as_(ADMIN).plan_change(new, WHY)

    def planned(name: str, hops: int) -> list[tuple[str, int, str]]:
        events = shop.as_(ADMIN).changes_near([name], NOW, hops=hops).events
        return sorted((e.subject.name, e.hops, e.what) for e in events if e.kind == "change")

    apart = planned("db", 0)
    merge_doubles(shop)

    assert apart == []
    first, second = (f"{name} (scheduled): outage" for name in (FIRST_DOUBLE, SECOND_DOUBLE))
    assert planned("db", 0) == [("db", 0, first), ("db", 0, second)]
    assert planned("orders", 1) == [("db", 1, first), ("db", 1, second)]
    assert planned("web-1", 0) == []


def test_of_what_is_restricted_only_the_class_is_told(shop: Shop) -> None:
    edit(shop, "vault", 7)

    (event,) = shop.as_(VIEWER).changes_near(["audit"], NOW).events
    (known,) = shop.as_(ADMIN).changes_near(["audit"], NOW).events

    assert (event.subject.id, event.subject.name) == ("", "(not visible to you)")
    assert (dict(event.before), dict(event.after)) == ({}, {})
    assert (known.subject.name, dict(known.after)) == ("vault", {"a_memory_mib": 7})
    with pytest.raises(UnknownCI):
        shop.as_(VIEWER).changes_near(["vault"], NOW)


def test_a_limit_cuts_and_says_so(shop: Shop) -> None:
    for value in range(4):
        edit(shop, "db", value)

    cut = shop.as_(ADMIN).changes_near(["db"], NOW, hops=0, limit=3)
    whole = shop.as_(ADMIN).changes_near(["db"], NOW, hops=0, limit=4)

    assert (len(cut.events), cut.is_partial) == (3, True)
    assert [event.at for event in cut.events] == [minutes(4), minutes(3), minutes(2)]
    assert (len(whole.events), whole.is_partial) == (4, False)


def test_an_erased_payload_makes_the_answer_partial(shop: Shop) -> None:
    edit(shop, "db", 1)
    shop.store.erase_payloads(shop.store.head().revision, [0])
    edit(shop, "web-1", 1)

    report = shop.as_(ADMIN).changes_near(["db"], NOW, hops=0)

    assert (report.events, report.is_partial) == ((), True)


@pytest.mark.parametrize(
    "wrong", [{"hops": -1}, {"hops": 6}, {"limit": 0}, {"limit": 1001}, {"names": []}]
)
def test_what_cannot_be_asked_is_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadValue):
        shop.as_(ADMIN).changes_near(**{"names": ["db"], "since_at": NOW, **wrong})
    with pytest.raises(BadValue):
        shop.as_(ADMIN).changes_near(["db"], NOW.replace(tzinfo=None))


def test_the_number_of_reads_grows_with_what_is_found_and_not_with_the_log(shop: Shop) -> None:
    counted: Any = CountedReads(shop.connection)
    shop.store._connection = counted

    def reads() -> int:
        shop.snapshots.latest()
        counted.texts.clear()
        shop.as_(ADMIN).changes_near(["orders"], NOW, hops=1)
        return len(counted.texts)

    edit(shop, "db", 1)
    few = reads()
    for value in range(25):
        edit(shop, "web-1", value)
    many = reads()
    edit(shop, "db", 2)
    one_more = reads()

    assert many == few
    assert one_more == few + 1


def relate(shop: Shop, dependent: str, provider: str) -> str:
    shop.clock.move(minutes=1)
    new = NewRelationship("depends_on", dependent, provider)
    return shop.as_(ADMIN).add_relationship(new, WHY).id


def test_a_neighbour_that_was_retired_is_told_with_what_is_behind_it(shop: Shop) -> None:
    shop.clock.move(minutes=1)
    shop.as_(ADMIN).set_attributes("orders", {"criticality": 4}, WHY)
    edit(shop, "db", 2)
    shop.clock.move(minutes=1)
    shop.as_(ADMIN).retire_ci("orders", EditReason("gone"))

    def seen(since: float) -> list[tuple[str, str, int]]:
        events = shop.as_(ADMIN).changes_near(["shop"], minutes(since)).events
        return [(event.subject.name, event.what, event.hops) for event in events]

    assert seen(0) == [
        ("orders", "retired", 1),
        ("db", "changed memory_mib", 2),
        ("orders", "changed criticality", 1),
    ]
    assert seen(3) == []


def test_what_is_behind_a_neighbour_retired_before_is_no_neighbour(shop: Shop) -> None:
    shop.clock.move(minutes=1)
    shop.as_(ADMIN).retire_ci("orders", EditReason("gone"))
    edit(shop, "db", 2)

    def seen(since: float) -> set[str]:
        events = shop.as_(ADMIN).changes_near(["shop"], minutes(since)).events
        return {event.subject.name for event in events}

    assert seen(1) == set()
    assert seen(0) == {"orders", "db"}


def test_the_former_end_of_a_relationship_removed_since_is_still_near(shop: Shop) -> None:
    relationship = relate(shop, "db", "web-1")
    edit(shop, "web-1", 1)
    shop.clock.move(minutes=1)
    shop.as_(ADMIN).remove_relationship(relationship, WHY)
    edit(shop, "web-1", 2)

    def seen(since: float) -> list[tuple[str, str]]:
        events = shop.as_(ADMIN).changes_near(["db"], minutes(since), hops=1).events
        return [(event.subject.name, event.what) for event in events]

    ended = ("db", "PhysicalServer/db depends_on PhysicalServer/web-1 ended")
    assert seen(2) == [("web-1", "changed memory_mib"), ended]
    assert seen(3) == []


def test_changes_of_relationships_with_what_is_restricted_are_counted(shop: Shop) -> None:
    relate(shop, "orders", "vault")
    relate(shop, "orders", "web-1")

    told = shop.as_(VIEWER).changes_near(["orders"], NOW, hops=0)
    known = shop.as_(ADMIN).changes_near(["orders"], NOW, hops=0)
    cut = shop.as_(VIEWER).changes_near(["orders"], NOW, hops=0, limit=1)

    assert [event.what for event in told.events] == [
        "BusinessService/orders depends_on PhysicalServer/web-1 added"
    ]
    assert (told.withheld, told.is_partial) == (1, False)
    assert (len(known.events), known.withheld) == (2, 0)
    assert cut.is_partial
