"""Does an update of a record keep what it does not speak of, and write only what changes?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.errors import BadValue
from cmdb.ports import (
    ChangeUpdate,
    EditReason,
    IncidentUpdate,
    NewAffected,
    NewChange,
    NewIncident,
    RecordListing,
    Target,
)
from cmdb.services.record_values import LONGEST_TEXT, LONGEST_TITLE
from tests.contract.practice_estate import (
    ADMIN,
    PLANNER,
    WHY,
    Shop,
    merge_doubles,
    minutes,
    with_doubles,
)

BROKEN = NewIncident("slow", (NewAffected("db", "degraded", minutes(-90)),))
CHANGE = NewChange("patch", (Target("db"),), minutes(60), minutes(120))


def told(incident: Any) -> list[tuple[str, str, Any]]:
    return [(each.ci.name, each.effect, each.onset_at) for each in incident.affected]


def affected(*given: NewAffected) -> IncidentUpdate:
    return IncidentUpdate(affected=given)


def test_a_ci_that_is_affected_already_keeps_its_onset_and_effect(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    made = operations.open_incident(BROKEN, WHY)
    shop.clock.move(minutes=30)

    both = operations.update_incident(
        made.id, affected(NewAffected("db"), NewAffected("web-1")), WHY
    )
    worse = operations.update_incident(made.id, affected(NewAffected("db", "outage")), WHY)
    earlier = operations.update_incident(
        made.id, affected(NewAffected("db", onset_at=minutes(-120))), WHY
    )

    assert told(both) == [("db", "degraded", minutes(-90)), ("web-1", "outage", minutes(30))]
    assert told(worse) == [("db", "outage", minutes(-90))]
    assert told(earlier) == [("db", "outage", minutes(-120))]


def test_a_ci_that_was_merged_since_keeps_its_onset(shop: Shop) -> None:
    with_doubles(shop)
    operations = shop.as_(ADMIN)
    double = NewIncident("slow", (NewAffected("db once more", "degraded", minutes(-90)),))
    made = operations.open_incident(double, WHY)
    merge_doubles(shop)

    after = operations.update_incident(made.id, affected(NewAffected("db")), WHY)

    assert told(after) == [("db", "degraded", minutes(-90))]


def test_a_resolved_incident_stays_where_it_was_in_time(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    made = operations.open_incident(BROKEN, WHY)
    operations.update_incident(made.id, IncidentUpdate("resolved"), WHY)
    shop.clock.move(hours=5)

    operations.update_incident(
        made.id, affected(NewAffected("db"), NewAffected("web-1", onset_at=minutes(-5))), WHY
    )

    listing = RecordListing(from_at=minutes(-60), to_at=minutes(-30))
    assert [each.id for each in operations.list_incidents(listing).incidents] == [made.id]


@pytest.mark.parametrize("onset_at", [None, minutes(1)])
def test_nothing_is_affected_from_after_service_was_restored(shop: Shop, onset_at: Any) -> None:
    operations = shop.as_(PLANNER)
    made = operations.open_incident(BROKEN, WHY)
    operations.update_incident(made.id, IncidentUpdate("resolved"), WHY)
    shop.clock.move(hours=5)
    late = (NewAffected("db"), NewAffected("web-1", onset_at=onset_at))

    with pytest.raises(BadValue) as refused:
        operations.update_incident(made.id, affected(*late), WHY)
    reopened = operations.update_incident(
        made.id, IncidentUpdate("in_progress", affected=late), WHY
    )

    assert refused.value.facts["field"] == "onset"
    assert len(reopened.affected) == 2
    assert reopened.resolved_at is None


def test_what_begins_by_a_clock_ahead_does_not_end_before_it_begins(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    ahead = NewIncident("slow", (NewAffected("db", onset_at=minutes(2)),))
    made = operations.open_incident(ahead, WHY)

    resolved = operations.update_incident(made.id, IncidentUpdate("resolved"), WHY)

    assert resolved.resolved_at == minutes(2)


def test_an_update_that_changes_nothing_is_no_version_and_no_entry(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    incident = operations.open_incident(BROKEN, WHY)
    change = operations.plan_change(CHANGE, WHY)
    head = shop.store.head()
    shop.clock.move(minutes=30)

    same_incident = operations.update_incident(
        incident.id, IncidentUpdate(title="slow", affected=(NewAffected("db"),)), WHY
    )
    same_change = operations.update_change(change.id, ChangeUpdate(end_at=minutes(120)), WHY)
    nothing = operations.update_change(change.id, ChangeUpdate(), WHY)

    assert (same_incident, same_change, nothing) == (incident, change, change)
    assert shop.store.head() == head
    renamed = operations.update_change(change.id, ChangeUpdate(title="else"), WHY)
    assert renamed.version == head.revision + 1


def test_what_changed_nothing_is_told_again_under_its_key(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    made = operations.open_incident(BROKEN, WHY)
    once = EditReason("because", idempotency_key="k")

    first = operations.update_incident(made.id, IncidentUpdate(title="slow"), once)
    operations.update_incident(made.id, IncidentUpdate(title="else"), WHY)
    again = operations.update_incident(made.id, IncidentUpdate(title="slow"), once)

    assert first == again == made
    assert operations.find_incident(made.id).incident.title == "else"


@pytest.mark.parametrize("title", ["", " \t\n", "x" * (LONGEST_TITLE + 1)])
def test_titles_are_bounded(shop: Shop, title: str) -> None:
    operations = shop.as_(PLANNER)
    incident = operations.open_incident(BROKEN, WHY)
    change = operations.plan_change(CHANGE, WHY)
    longest = "x" * LONGEST_TITLE

    for refused in (
        lambda: operations.open_incident(NewIncident(title, BROKEN.affected), WHY),
        lambda: operations.update_incident(incident.id, IncidentUpdate(title=title), WHY),
        lambda: operations.plan_change(
            NewChange(title, CHANGE.targets, CHANGE.start_at, CHANGE.end_at), WHY
        ),
        lambda: operations.update_change(change.id, ChangeUpdate(title=title), WHY),
    ):
        with pytest.raises(BadValue, match="title"):
            refused()

    assert operations.update_incident(incident.id, IncidentUpdate(title=longest), WHY)
    assert operations.update_change(change.id, ChangeUpdate(title=longest), WHY).title == longest


def test_descriptions_and_resolutions_are_bounded(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    incident = operations.open_incident(BROKEN, WHY)
    change = operations.plan_change(CHANGE, WHY)
    longest, longer = "x" * LONGEST_TEXT, "x" * (LONGEST_TEXT + 1)

    with pytest.raises(BadValue, match="description"):
        operations.update_incident(incident.id, IncidentUpdate(description=longer), WHY)
    with pytest.raises(BadValue, match="resolution"):
        operations.update_incident(incident.id, IncidentUpdate("resolved", resolution=longer), WHY)
    with pytest.raises(BadValue, match="description"):
        operations.update_change(change.id, ChangeUpdate(description=longer), WHY)

    update = IncidentUpdate("resolved", description=longest, resolution=longest)
    assert operations.update_incident(incident.id, update, WHY).resolution == longest
    updated = operations.update_change(change.id, ChangeUpdate(description=longest), WHY)
    assert updated.description == longest
