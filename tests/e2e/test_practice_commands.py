"""Can a responder and a planner work from the command line: incidents, changes, previews, near?"""

from __future__ import annotations

import pytest

from tests.e2e.command_line import CommandLine

WINDOW = ("--from", "2027-03-06T22:00Z", "--to", "2027-03-06T23:00Z")


def test_an_incident_enters_the_preview_until_it_is_resolved(own_estate: CommandLine) -> None:
    before = own_estate.json("preview", "--target", "SQ-B", *WINDOW)
    opened = own_estate.json(
        "incident", "open", "hypervisor lost", "--affects", "hv-sq-2", "--reason", "pager"
    )
    during = own_estate.json("preview", "--target", "SQ-B", *WINDOW)
    tables = own_estate("blast-radius", "hv-sq-1").out
    own_estate.json("incident", "resolve", opened["id"], "--resolution", "rebooted")
    after = own_estate.json("preview", "--target", "SQ-B", *WINDOW)

    assert before["present"] == after["present"] == []
    (present,) = during["present"]
    assert (present["ci"]["name"], present["title"]) == ("hv-sq-2", "hypervisor lost")
    assert [hit for hit in during["worst"] if hit["is_present"]]
    assert after["worst"] == [
        {**hit, "since_at": now["since_at"]}
        for hit, now in zip(before["worst"], after["worst"], strict=True)
    ]
    assert "ALREADY SO, BY INCIDENTS AND OTHER CHANGES" in tables
    assert "RECKONED WITH: OPEN INCIDENTS AND OTHER CHANGES (1)" in tables
    assert "no end in sight" in tables


def test_an_incident_is_shown_with_whom_to_notify_listed_and_closed(
    own_estate: CommandLine,
) -> None:
    opened = own_estate.json("incident", "open", "lost", "--affects", "hv-sq-2=outage@now-1h")

    shown = own_estate("incident", "show", opened["id"]).out
    moved = own_estate.json("incident", "update", opened["id"], "--state", "in_progress")
    refused = own_estate("incident", "update", opened["id"], "--state", "new")
    stale = own_estate("incident", "close", opened["id"], "--expected-version", opened["version"])
    own_estate("incident", "close", opened["id"])
    listed = own_estate.json("incident", "list", "--state", "closed", "--ci", "hv-sq-2")

    assert "WHOM TO NOTIFY" in shown
    assert "Shop on call" in shown
    assert moved["state"] == "in_progress"
    assert (refused.code, "It can become pending, resolved, closed" in refused.err) == (4, True)
    assert (stale.code, "STALE_VERSION" in stale.err) == (4, True)
    assert [each["state"] for each in listed["incidents"]] == ["closed"]
    assert "It is over" in own_estate("incident", "show", opened["id"]).out


def test_a_change_with_a_window_for_each_target_is_planned_previewed_and_kept(
    own_estate: CommandLine,
) -> None:
    made = own_estate.json(
        "change", "plan", "roll the orders database",
        "--target", "vm-orders-1=outage@2027-03-06T22:00Z/2027-03-06T22:10Z",
        "--target", "vm-orders-2=outage@2027-03-06T22:10Z/2027-03-06T22:20Z",
        "--target", "vm-orders-3=outage@2027-03-06T22:20Z/2027-03-06T22:30Z",
        *WINDOW, "--scheduled",
    )  # fmt: skip

    report = own_estate.json("preview", "--change", made["id"])
    kept = own_estate.json("preview", "--change", made["id"], "--keep", "before the change board")
    listed = own_estate.json("previews", "list")
    compared = own_estate("previews", "compare", kept["id"]).out
    shown = own_estate("previews", "show", kept["id"]).out

    services = {hit["ci"]["name"]: hit["state"] for hit in report["worst"] if hit["is_service"]}
    assert set(services.values()) == {"AT_RISK"}
    assert (report["present"], kept["change"]) == ([], made["id"])
    assert kept["preview"]["worst"] == report["worst"]
    assert [each["id"] for each in listed["previews"]] == [kept["id"]]
    assert compared.startswith("0 differences between revision")
    assert "before the change board" in shown


def test_a_scheduled_change_is_told_in_the_previews_of_others_and_nearby(
    own_estate: CommandLine,
) -> None:
    made = own_estate.json("change", "plan", "swap", "--target", "hv-sq-1", *WINDOW)
    draft = own_estate.json("preview", "--target", "hv-sq-2", *WINDOW)
    own_estate("change", "update", made["id"], "--state", "scheduled", "--reason", "agreed")
    with_it = own_estate.json("preview", "--target", "hv-sq-2", *WINDOW)
    near = own_estate.json("near", "hv-sq-1", "--since", "2026-01-01", "--hops", 1)
    shown = own_estate("change", "show", made["id"]).out
    listed = own_estate("change", "list", "--state", "scheduled").out

    assert (draft["present"], [p["id"] for p in with_it["present"]]) == ([], [made["id"]])
    assert [e["change"] for e in near["events"] if e["kind"] == "change"] == [made["id"]]
    assert near["events"][0]["kind"] == "change"
    assert "WHOM TO NOTIFY" in shown
    assert "swap" in listed
    assert "swap (scheduled)" in own_estate("near", "hv-sq-1", "--since", "2026-01-01").out


@pytest.mark.parametrize(
    "words",
    [
        ("preview", "--target", "SQ-B"),
        ("preview", *WINDOW),
        ("preview", "--target", "SQ-B=outage@22:00", *WINDOW),
        ("incident", "open", "", "--affects", "SQ-B"),
        ("incident", "list", "--state", "broken"),
        ("near", "SQ-B", "--since", "yesterday"),
    ],
)
def test_what_cannot_be_asked_is_refused(estate: CommandLine, words: tuple[str, ...]) -> None:
    ended = estate(*words)

    assert (ended.code, "BAD_VALUE" in ended.err) == (2, True)


def test_an_unknown_record_is_not_found(estate: CommandLine) -> None:
    for words in (("incident", "show"), ("change", "show"), ("previews", "show")):
        ended = estate(*words, "no-such")

        assert (ended.code, "UNKNOWN_RECORD" in ended.err) == (3, True)
