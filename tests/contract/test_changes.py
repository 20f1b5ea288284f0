"""Are changes recorded, moved and previewed as they must, and do they enter others' previews?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cmdb.errors import BadValue, Forbidden, IllegalTransition, LimitExceeded, UnknownRecord
from cmdb.model.impact_reports import PreviewReport
from cmdb.ports import (
    ChangeUpdate,
    IncidentUpdate,
    NewAffected,
    NewChange,
    NewIncident,
    NewRelationship,
    RecordListing,
    Target,
)
from cmdb.services import present
from cmdb.services.planned_changes import MOST_WINDOWS
from tests.contract.practice_estate import ADMIN, PLANNER, VIEWER, WHY, Shop, minutes

WINDOW = (minutes(60), minutes(120))
PATCH = NewChange("patch the database", (Target("db"),), *WINDOW)


def restart(name: str, start: float, end: float) -> Target:
    return Target(name, "outage", minutes(start), minutes(end))


def worst(report: PreviewReport) -> dict[str, str]:
    return {hit.ci.name: hit.state for hit in report.added}


def test_a_change_keeps_its_targets_with_their_windows(shop: Shop) -> None:
    targets = (restart("web-1", 60, 70), Target("db", "degraded"))
    made = shop.as_(PLANNER).plan_change(replace(PATCH, targets=targets), WHY)

    moved = shop.as_(PLANNER).update_change(made.id, ChangeUpdate(end_at=minutes(150)), WHY)

    assert (made.state, made.planned_by) == ("draft", "pat")
    windows = [(t.ci.name, t.effect, t.start_at, t.end_at) for t in moved.targets]
    assert windows == [
        ("web-1", "outage", minutes(60), minutes(70)),
        ("db", "degraded", minutes(60), minutes(150)),
    ]


def test_legal_moves_are_made_and_others_refused_with_the_legal_ones(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    made = operations.plan_change(PATCH, WHY)

    with pytest.raises(IllegalTransition) as refused:
        operations.update_change(made.id, ChangeUpdate("closed"), WHY)
    for state in ("scheduled", "implementing", "review", "closed"):
        moved = operations.update_change(made.id, ChangeUpdate(state), WHY)
        assert moved.state == state
    with pytest.raises(BadValue):
        operations.update_change(made.id, ChangeUpdate(title="late"), WHY)

    assert refused.value.facts["legal"] == ["scheduled", "cancelled"]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PATCH, title=""),
        replace(PATCH, targets=()),
        replace(PATCH, state="closed"),
        replace(PATCH, end_at=PATCH.start_at),
        replace(PATCH, start_at=PATCH.start_at.replace(tzinfo=None)),
        replace(PATCH, targets=(restart("db", 59, 70),)),
        replace(PATCH, targets=(restart("db", 110, 121),)),
        replace(PATCH, targets=(restart("db", 80, 70),)),
        replace(PATCH, targets=(Target("db", "explosion"),)),  # type: ignore[arg-type]  # no such effect
    ],
)
def test_what_no_change_can_be_is_refused(shop: Shop, wrong: NewChange) -> None:
    with pytest.raises(BadValue):
        shop.as_(PLANNER).plan_change(wrong, WHY)


def test_a_window_that_would_leave_a_target_outside_is_refused(shop: Shop) -> None:
    made = shop.as_(PLANNER).plan_change(replace(PATCH, targets=(restart("db", 60, 90),)), WHY)

    with pytest.raises(BadValue):
        shop.as_(PLANNER).update_change(made.id, ChangeUpdate(end_at=minutes(80)), WHY)
    moved = shop.as_(PLANNER).update_change(made.id, ChangeUpdate(end_at=minutes(90)), WHY)

    assert moved.end_at == minutes(90)


def test_who_may_only_look_cannot_write_and_can_read(shop: Shop) -> None:
    made = shop.as_(PLANNER).plan_change(PATCH, WHY)

    with pytest.raises(Forbidden):
        shop.as_(VIEWER).plan_change(PATCH, WHY)
    with pytest.raises(Forbidden):
        shop.as_(VIEWER).update_change(made.id, ChangeUpdate("scheduled"), WHY)
    with pytest.raises(Forbidden):
        shop.as_(VIEWER).keep_preview("mine", [Target("db")], *WINDOW, WHY)
    with pytest.raises(UnknownRecord):
        shop.as_(VIEWER).find_change("no-such")

    assert shop.as_(VIEWER).find_change(made.id).change == made
    assert shop.as_(VIEWER).list_changes(RecordListing()).changes == (made,)


def test_a_rolling_restart_is_harmless_and_says_how_close_it_comes(shop: Shop) -> None:
    rolling = (
        restart("web-1", 60, 70),
        restart("web-2", 70, 80),
        restart("web-3", 80, 90),
    )
    made = shop.as_(PLANNER).plan_change(replace(PATCH, targets=rolling), WHY)

    report = shop.as_(PLANNER).preview_change([], None, None, change_id=made.id)
    services = shop.as_(PLANNER).find_change(made.id).impact.services

    assert worst(report) == {"shop": "AT_RISK", "pool": "AT_RISK"}
    assert {hit.margin for hit in report.worst} == {0}
    assert [(p.start_at, p.end_at, len(p.hits)) for p in report.slices] == [
        (minutes(60), minutes(70), 2),
        (minutes(70), minutes(80), 2),
        (minutes(80), minutes(90), 2),
        (minutes(90), None, 0),
    ]
    assert [(s.ci.name, s.state) for s in services] == [("shop", "AT_RISK")]


def test_a_rolling_restart_whose_windows_overlap_breaks_the_service(shop: Shop) -> None:
    rolling = (restart("web-1", 60, 71), restart("web-2", 70, 80), restart("web-3", 80, 90))
    made = shop.as_(PLANNER).plan_change(replace(PATCH, targets=rolling), WHY)

    report = shop.as_(PLANNER).preview_change([], None, None, change_id=made.id)

    assert worst(report)["shop"] == "DOWN"
    down = [
        (part.start_at, part.end_at)
        for part in report.slices
        if any(hit.ci.name == "shop" and hit.state == "DOWN" for hit in part.hits)
    ]
    assert down == [(minutes(70), minutes(71))]
    assert shop.as_(PLANNER).find_change(made.id).impact.services[0].state == "DOWN"


def test_targets_at_risk_only_break_nothing(shop: Shop) -> None:
    report = shop.as_(ADMIN).preview_change([Target("db", "at_risk")], *WINDOW)

    assert {hit.state for hit in report.worst} == {"AT_RISK"}
    assert {hit.ci.name for hit in report.worst} == {"orders", "shop", "secret"}
    assert report.targets[0].state == "AT_RISK"
    assert report.worst[0].single_failures is None
    assert [step.provider.name for step in report.worst[0].evidence][:1] == ["db"]


def test_a_scheduled_change_enters_the_previews_of_others_and_not_its_own(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    other = operations.plan_change(
        NewChange("swap web-1", (Target("web-1"),), minutes(90), minutes(200), state="scheduled"),
        WHY,
    )

    mine = operations.preview_change([Target("web-2")], *WINDOW)
    own = operations.preview_change([], None, None, change_id=other.id)
    earlier = operations.preview_change([Target("web-2")], minutes(60), minutes(90))
    operations.update_change(other.id, ChangeUpdate("draft"), WHY)
    without = operations.preview_change([Target("web-2")], *WINDOW)

    (present,) = mine.present
    assert (present.kind, present.id, present.state) == ("change", other.id, "DOWN")
    assert (present.start_at, present.end_at) == (minutes(90), minutes(200))
    assert worst(mine)["shop"] == "DOWN"
    shop_by_slice = [
        next((h.state for h in part.hits if h.ci.name == "shop"), "UP") for part in mine.slices
    ]
    assert shop_by_slice == ["AT_RISK", "DOWN", "AT_RISK"]
    assert [p.start_at for p in mine.slices] == [minutes(60), minutes(90), minutes(120)]
    assert next(h for h in mine.slices[2].hits if h.ci.name == "shop").is_present
    assert (own.present, worst(own)["shop"]) == ((), "AT_RISK")
    assert earlier.present == without.present == ()
    assert worst(earlier)["shop"] == worst(without)["shop"] == "AT_RISK"


def test_an_open_incident_enters_previews_and_what_it_does_is_told_apart(shop: Shop) -> None:
    operations = shop.as_(ADMIN)
    incident = operations.open_incident(
        NewIncident("db is gone", (NewAffected("db", onset_at=minutes(-300)),)), WHY
    )

    report = operations.preview_change([Target("web-1")], *WINDOW)
    operations.update_incident(incident.id, IncidentUpdate("resolved"), WHY)
    after = operations.preview_change([Target("web-1")], *WINDOW)

    assert worst(report) == {"pool": "AT_RISK"}
    so_already = {hit.ci.name: hit for hit in report.worst if hit.is_present}
    assert {name: hit.state for name, hit in so_already.items()} == {
        "db": "DOWN",
        "orders": "DOWN",
        "shop": "DOWN",
        "secret": "DOWN",
    }
    assert so_already["orders"].since_at == minutes(-300)
    assert so_already["orders"].after_seconds == 0
    assert [part.start_at for part in report.slices] == [minutes(60), minutes(120)]
    assert worst(after) == {"pool": "AT_RISK", "shop": "AT_RISK"}


def test_a_change_under_way_enters_the_blast_radius(shop: Shop) -> None:
    operations = shop.as_(ADMIN)
    operations.plan_change(replace(PATCH, state="scheduled"), WHY)

    before = operations.blast_radius(["web-1"]).present
    shop.clock.move(minutes=90)
    during = operations.blast_radius(["web-1"]).present
    shop.clock.move(minutes=90)
    after = operations.blast_radius(["web-1"]).present

    assert [len(each) for each in (before, during, after)] == [0, 1, 0]


def test_a_change_that_overruns_its_window_counts_until_it_leaves_the_state(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    targets = (restart("web-1", 60, 90), restart("web-2", 90, 120))
    made = operations.plan_change(replace(PATCH, targets=targets, state="scheduled"), WHY)
    operations.update_change(made.id, ChangeUpdate("implementing"), WHY)
    shop.clock.move(minutes=180)
    tomorrow = (minutes(1500), minutes(1560))

    late = operations.blast_radius(["web-3"])
    ahead = operations.preview_change([Target("web-3")], *tomorrow)
    operations.update_change(made.id, ChangeUpdate("review"), WHY)
    over = operations.blast_radius(["web-3"])

    assert [(p.ci.name, p.state, p.end_at) for p in late.present] == [("web-2", "DOWN", None)]
    assert [p.ci.name for p in ahead.present] == ["web-2"]
    assert worst(ahead)["shop"] == "DOWN"
    assert over.present == ()


def test_a_scheduled_change_that_never_began_ends_with_its_window(shop: Shop) -> None:
    operations = shop.as_(PLANNER)
    operations.plan_change(replace(PATCH, state="scheduled"), WHY)
    shop.clock.move(minutes=90)
    during = operations.blast_radius(["web-3"]).present
    shop.clock.move(minutes=90)

    assert [p.ci.name for p in during] == ["db"]
    assert operations.blast_radius(["web-3"]).present == ()


def test_two_incidents_that_break_one_service_each_tell_whom_to_notify(shop: Shop) -> None:
    operations = shop.as_(ADMIN)
    one = operations.open_incident(NewIncident("db", (NewAffected("db"),)), WHY)
    two = operations.open_incident(NewIncident("orders", (NewAffected("orders"),)), WHY)
    three = operations.open_incident(NewIncident("web-1", (NewAffected("web-1"),)), WHY)
    four = operations.open_incident(NewIncident("web-2", (NewAffected("web-2"),)), WHY)

    def told(incident_id: str) -> dict[str, str]:
        impact = operations.find_incident(incident_id).impact
        assert impact is not None
        return {service.ci.name: service.state for service in impact.services}

    assert told(one.id) == {"orders": "DOWN", "shop": "DOWN", "secret": "DOWN"}
    assert told(two.id) == {"orders": "DOWN", "shop": "DOWN"}
    for each in (one, two):
        operations.update_incident(each.id, IncidentUpdate("resolved"), WHY)
    assert told(three.id) == told(four.id) == {"shop": "DOWN"}


def test_a_preview_needs_a_window_and_a_target(shop: Shop) -> None:
    operations = shop.as_(PLANNER)

    with pytest.raises(BadValue):
        operations.preview_change([Target("db")], minutes(1), None)
    with pytest.raises(BadValue):
        operations.preview_change([], *WINDOW)
    with pytest.raises(BadValue):
        operations.preview_change([restart("db", 50, 70)], *WINDOW)
    with pytest.raises(UnknownRecord):
        operations.preview_change([], None, None, change_id="no-such")


@pytest.mark.parametrize("seconds", [-1.0, 3_162_240_001.0, 1e300, float("inf"), float("nan")])
def test_a_tolerance_that_cannot_be_is_refused(shop: Shop, seconds: float) -> None:
    new = NewRelationship("depends_on", "audit", "db", "hard", seconds)

    with pytest.raises(BadValue, match="tolerates_seconds"):
        shop.as_(ADMIN).add_relationship(new, WHY)

    assert [each.other.name for each in shop.as_(ADMIN).show_ci("audit").providers] == ["vault"]


def test_the_longest_tolerance_and_the_last_hour_of_the_calendar_break_no_preview(
    shop: Shop,
) -> None:
    operations = shop.as_(ADMIN)
    for name, seconds in (("audit", 3_162_240_000.0), ("orders", 86_400.0)):
        operations.add_relationship(
            NewRelationship("depends_on", name, "web-1", "hard", seconds), WHY
        )
    operations.open_incident(NewIncident("web-1 burns", (NewAffected("web-1"),)), WHY)
    end = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    window = (end - timedelta(hours=1), end)

    report = operations.preview_change((Target("db"),), *window)
    made = operations.plan_change(NewChange("the end", (Target("db"),), *window), WHY)
    kept = operations.keep_preview("the end", (), None, None, WHY, made.id)

    assert (report.slices[0].start_at, report.slices[0].end_at) == window
    assert (made.start_at, made.end_at) == window
    assert kept.preview.slices[0].end_at == end
    assert operations.find_change(made.id).change.end_at == end


def test_a_ci_is_not_related_to_itself(shop: Shop) -> None:
    with pytest.raises(BadValue, match="itself"):
        shop.as_(ADMIN).add_relationship(NewRelationship("depends_on", "db", "db"), WHY)
    with pytest.raises(BadValue, match="itself"):
        shop.as_(ADMIN).add_relationship(NewRelationship("connects_to", "db", "db"), WHY)

    made = shop.as_(ADMIN).add_relationship(NewRelationship("connects_to", "db", "vault"), WHY)

    assert made.is_live


def cut_in(number: int) -> tuple[Target, ...]:
    """Return so many outages of web-1 of a minute each, one after another."""
    return tuple(restart("web-1", 60 + 2 * each, 61 + 2 * each) for each in range(number))


def test_a_change_has_so_many_windows_and_no_more(shop: Shop) -> None:
    operations, end = shop.as_(ADMIN), minutes(1_000)
    most, more = cut_in(MOST_WINDOWS), cut_in(MOST_WINDOWS + 1)
    made = operations.plan_change(replace(PATCH, targets=most, end_at=end), WHY)

    report = operations.preview_change([*most, *most], minutes(60), end)
    with pytest.raises(LimitExceeded, match="windows of a change"):
        operations.preview_change(more, minutes(60), end)
    with pytest.raises(LimitExceeded, match="windows of a change"):
        operations.plan_change(replace(PATCH, targets=more, end_at=end), WHY)
    with pytest.raises(LimitExceeded, match="windows of a change"):
        operations.update_change(made.id, ChangeUpdate(targets=more), WHY)

    assert len(report.slices) == 2 * MOST_WINDOWS
    assert len(operations.find_change(made.id).change.targets) == MOST_WINDOWS


def test_other_changes_that_cut_time_too_often_make_a_preview_partial(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations, window = shop.as_(ADMIN), (minutes(0), minutes(1_000))
    new = replace(PATCH, targets=cut_in(3), end_at=minutes(1_000), state="scheduled")
    operations.plan_change(new, WHY)

    whole = operations.preview_change([Target("db")], *window)
    monkeypatch.setattr(present, "MOST_CUTS", 5)
    cut = operations.preview_change([Target("db")], *window)

    assert (len(whole.present), whole.basis.is_partial) == (3, False)
    assert (len(cut.present), cut.basis.is_partial) == (2, True)


def test_a_window_that_cannot_be_is_told_with_the_name_of_its_ci(shop: Shop) -> None:
    operations = shop.as_(ADMIN)
    ci = operations.find_ci("web-1").id
    made = operations.plan_change(replace(PATCH, targets=(restart(ci, 60, 70),)), WHY)

    for target in (restart("web-1", 0, 70), restart(ci, 0, 70), restart(ci, 80, 70)):
        with pytest.raises(BadValue, match="web-1"):
            operations.preview_change([target], *WINDOW)
        with pytest.raises(BadValue, match="web-1"):
            operations.plan_change(replace(PATCH, targets=(target,)), WHY)
    with pytest.raises(BadValue, match="PhysicalServer/web-1"):
        operations.update_change(made.id, ChangeUpdate(start_at=minutes(65)), WHY)
