"""Are incidents recorded, moved, listed and withheld as they must, and do they enter answers?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from cmdb.errors import (
    BadValue,
    Forbidden,
    IllegalTransition,
    KeyReused,
    StaleVersion,
    UnknownCI,
    UnknownRecord,
)
from cmdb.ports import (
    EditReason,
    IncidentUpdate,
    Listing,
    NewAffected,
    NewChange,
    NewIncident,
    RecordListing,
    Target,
)
from tests.contract.practice_estate import ADMIN, BROKEN, PLANNER, VIEWER, WHY, Shop, minutes


def test_an_incident_is_one_entry_of_the_log_with_its_reason(shop: Shop) -> None:
    before = shop.store.head().revision

    made = shop.as_(PLANNER).open_incident(BROKEN, EditReason("pager"))

    (entry,) = shop.store.entries(before + 1, shop.store.head().revision)
    assert (entry.header["reason"], entry.header["actor"]) == ("pager", "pat")
    assert (made.state, made.version, made.opened_by) == ("new", entry.revision, "pat")
    assert [(str(a.ci), a.effect, a.onset_at) for a in made.affected] == [
        ("PhysicalServer/db", "outage", shop.clock.at)
    ]


def test_legal_moves_are_made_and_others_refused_with_the_legal_ones(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    made = operations.open_incident(BROKEN, WHY)

    shop.clock.move(hours=1)
    resolved = operations.update_incident(
        made.id, IncidentUpdate("resolved", resolution="restarted"), WHY
    )
    again = operations.update_incident(made.id, IncidentUpdate("in_progress"), WHY)
    closed = operations.update_incident(made.id, IncidentUpdate("closed"), WHY)
    with pytest.raises(IllegalTransition) as refused:
        operations.update_incident(made.id, IncidentUpdate("new"), WHY)
    with pytest.raises(BadValue):
        operations.update_incident(made.id, IncidentUpdate(title="else"), WHY)

    assert (resolved.resolved_at, resolved.resolution) == (shop.clock.at, "restarted")
    assert (again.resolved_at, again.is_open) == (None, True)
    assert closed.resolved_at == shop.clock.at
    assert refused.value.facts["legal"] == []
    assert refused.value.message.endswith("it cannot become new. It does not change any more.")


def test_the_legal_moves_are_named(shop: Shop) -> None:
    made = shop.as_(PLANNER).open_incident(BROKEN, WHY)

    with pytest.raises(IllegalTransition) as refused:
        shop.as_(PLANNER).update_incident(made.id, IncidentUpdate("new"), WHY)

    assert refused.value.facts["legal"] == ["in_progress", "pending", "resolved", "closed"]


def test_a_retry_returns_the_first_answer_even_where_the_move_was_made(shop: Shop) -> None:
    operations, key = shop.as_(PLANNER), EditReason(idempotency_key="k-1")
    first = operations.open_incident(BROKEN, key)
    head = shop.store.head().revision

    assert operations.open_incident(BROKEN, key) == first
    assert shop.store.head().revision == head
    with pytest.raises(KeyReused):
        operations.open_incident(replace(BROKEN, title="another"), key)

    close = EditReason(idempotency_key="k-2", expected_version=first.version)
    closed = operations.update_incident(first.id, IncidentUpdate("closed"), close)
    assert operations.update_incident(first.id, IncidentUpdate("closed"), close) == closed
    assert shop.store.head().revision == head + 1


def test_a_stale_version_is_refused_and_the_present_one_taken(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    made = operations.open_incident(BROKEN, WHY)
    other = operations.update_incident(made.id, IncidentUpdate("pending"), WHY)

    with pytest.raises(StaleVersion) as refused:
        operations.update_incident(
            made.id, IncidentUpdate("closed"), EditReason(expected_version=made.version)
        )
    closed = operations.update_incident(
        made.id, IncidentUpdate("closed"), EditReason(expected_version=other.version)
    )

    assert (refused.value.facts["expected"], refused.value.facts["actual"]) == (
        made.version,
        other.version,
    )
    assert closed.state == "closed"


@pytest.mark.parametrize(
    "wrong",
    [
        replace(BROKEN, title=" "),
        replace(BROKEN, title="x" * 201),
        replace(BROKEN, affected=()),
        replace(BROKEN, affected=(NewAffected("db"), NewAffected("PhysicalServer/db"))),
        replace(BROKEN, affected=(NewAffected("db", onset_at=minutes(60)),)),
        replace(BROKEN, affected=(NewAffected("db", onset_at=minutes(0).replace(tzinfo=None)),)),
        replace(BROKEN, affected=(NewAffected("db", "at_risk"),)),  # type: ignore[arg-type]  # no such effect
    ],
)
def test_what_no_incident_can_be_is_refused(shop: Shop, wrong: NewIncident) -> None:
    with pytest.raises(BadValue):
        shop.as_(PLANNER).open_incident(wrong, WHY)


def test_who_may_only_look_cannot_write_and_can_read(shop: Shop) -> None:
    made = shop.as_(PLANNER).open_incident(BROKEN, WHY)

    with pytest.raises(Forbidden):
        shop.as_(VIEWER).open_incident(BROKEN, WHY)
    with pytest.raises(Forbidden):
        shop.as_(VIEWER).update_incident(made.id, IncidentUpdate("closed"), WHY)
    with pytest.raises(UnknownRecord):
        shop.as_(VIEWER).find_incident("no-such")

    assert shop.as_(VIEWER).find_incident(made.id).incident == made


def test_restricted_cis_are_not_named_and_stay_affected(shop: Shop) -> None:
    both = replace(BROKEN, affected=(NewAffected("db"), NewAffected("vault")))
    made = shop.as_(ADMIN).open_incident(both, WHY)
    with pytest.raises(UnknownCI):
        shop.as_(PLANNER).open_incident(replace(BROKEN, affected=(NewAffected("vault"),)), WHY)

    seen = shop.as_(PLANNER).find_incident(made.id).incident
    listed = shop.as_(PLANNER).list_incidents(RecordListing()).incidents
    update = IncidentUpdate(affected=(NewAffected("web-1"),))
    shop.as_(PLANNER).update_incident(made.id, update, WHY)

    assert [a.ci.name for a in seen.affected] == ["db", "(not visible to you)"]
    assert (seen.affected[1].ci.id, seen.affected[1].ci.class_name) == ("", "PhysicalServer")
    assert listed == (seen,)
    after = shop.as_(ADMIN).find_incident(made.id).incident
    assert [a.ci.name for a in after.affected] == ["web-1", "vault"]


def test_lists_are_by_state_ci_and_time(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    first = operations.open_incident(replace(BROKEN, title="one"), WHY)
    web = replace(BROKEN, title="two", affected=(NewAffected("web-1", onset_at=minutes(-90)),))
    second = operations.open_incident(web, WHY)
    shop.clock.move(minutes=30)
    operations.update_incident(second.id, IncidentUpdate("resolved"), WHY)

    def titles(**wanted: object) -> list[str]:
        listing = replace(RecordListing(), **wanted)  # type: ignore[arg-type]  # any field
        return [each.title for each in operations.list_incidents(listing).incidents]

    assert titles() == ["two", "one"]
    assert titles(states=("new",)) == ["one"]
    assert titles(states=()) == []
    assert titles(cis=("web-1",)) == ["two"]
    assert titles(from_at=minutes(60)) == ["one"]
    assert titles(to_at=minutes(-60)) == ["two"]
    page = operations.list_incidents(RecordListing(first=1))
    rest = operations.list_incidents(RecordListing(first=1, after=page.next))
    assert [each.id for each in rest.incidents] == [first.id]
    assert rest.next == ""
    for wrong in ({"states": ("open",)}, {"first": 0}):
        with pytest.raises(BadValue):
            titles(**wrong)


def test_a_page_begins_only_where_a_page_of_the_same_kind_ended(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    target = (Target("web-1"),)
    for title in ("one", "two"):
        operations.open_incident(replace(BROKEN, title=title), WHY)
        operations.plan_change(NewChange(title, target, minutes(60), minutes(90)), WHY)
        operations.keep_preview(title, target, minutes(60), minutes(90), WHY)
    one = RecordListing(first=1)
    asked: dict[str, Callable[[RecordListing], Any]] = {
        "incident": operations.list_incidents,
        "change": operations.list_changes,
        "preview": operations.list_previews,
    }

    cursors = {kind: ask(one).next for kind, ask in asked.items()}
    listed_cis = operations.list_cis(Listing(first=1)).next

    for kind, ask in asked.items():
        assert ask(replace(one, after=cursors[kind])).next == ""
        others = [cursor for other, cursor in cursors.items() if other != kind]
        for wrong in ("garbage", "~", cursors[kind] + "x", listed_cis, *others):
            with pytest.raises(BadValue) as refused:
                ask(replace(one, after=wrong))
            assert refused.value.facts["field"] == "after"


def test_writers_at_once_lose_nothing(shop: Shop) -> None:
    made = shop.as_(PLANNER).open_incident(BROKEN, WHY)
    updates = [IncidentUpdate(title="a title"), IncidentUpdate(description="a description")]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: shop.as_(PLANNER).update_incident(made.id, each, WHY), updates))

    after = shop.as_(PLANNER).find_incident(made.id).incident
    assert (after.title, after.description) == ("a title", "a description")
