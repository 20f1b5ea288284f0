"""Do blast-radius, preview and diff tell the truth about an estate that is known by heart?"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from tests.e2e.command_line import CommandLine

WINDOW = ("--from", "2027-03-06T22:00Z", "--to", "2027-03-06T23:00Z")


def test_the_first_line_is_the_verdict_and_services_come_first(estate: CommandLine) -> None:
    lines = estate("blast-radius", "hv-sq-2").out.splitlines()

    assert lines[0].startswith("Hypervisor/hv-sq-2 DOWN takes 4 services DOWN, 2 DEGRADED")
    assert lines[2] == "SERVICES (7)"


def test_each_service_is_told_with_criticality_owner_and_support(estate: CommandLine) -> None:
    report = estate.json("blast-radius", "hv-sq-2")
    shop = next(hit for hit in report["hits"] if hit["ci"]["name"] == "Online shop")

    assert (shop["criticality"], shop["owner"], shop["support"]) == (4, "Shop team", "Shop on call")
    assert "Shop team" in estate("blast-radius", "hv-sq-2").out


def test_hits_are_ordered_services_first_then_by_harm(estate: CommandLine) -> None:
    hits = estate.json("blast-radius", "hv-sq-2")["hits"]
    rank = {"DOWN": 0, "DEGRADED": 1, "AT_RISK": 2}
    keys = [(not h["is_service"], rank[h["state"]], -h["criticality"]) for h in hits]

    assert keys == sorted(keys)


def test_what_is_at_risk_names_what_would_take_it_down(estate: CommandLine) -> None:
    hits = estate.json("blast-radius", "PowerSource/SQ-A")["hits"]
    rack = next(hit for hit in hits if hit["ci"]["name"] == "SQ-1")

    assert (rack["state"], rack["margin"]) == ("AT_RISK", 0)
    assert {ci["name"] for ci in rack["single_failures"]} == {"SQ-B", "Southquay"}


def test_outages_together_do_more_than_each_alone(estate: CommandLine) -> None:
    alone = estate.json("blast-radius", "SQ-A")["hits"]
    both = estate.json("blast-radius", "SQ-A", "SQ-B")["hits"]

    assert not [hit for hit in alone if hit["state"] == "DOWN"]
    assert [h for h in both if h["ci"]["name"] == "Southquay"] == []
    assert [h for h in both if h["ci"]["name"] == "hv-sq-1" and h["state"] == "DOWN"]


def test_explain_prints_every_step_and_the_groups_counted(estate: CommandLine) -> None:
    report = estate.json("blast-radius", "hv-sq-2", "--explain", "Online shop")

    reached = {step["dependent"]["name"] for step in report["steps"]}
    assert {"vm-orders-2", "vm-orders-3", "orders database", "Online shop"} <= reached
    assert report["groups"][0]["k_min"] == 2
    assert len(report["groups"][0]["down"]) == 2


def test_explaining_what_is_not_reached_says_so(estate: CommandLine) -> None:
    ended = estate("blast-radius", "hv-sq-2", "--explain", "intranet")

    assert ended.code == 0
    assert "does not reach intranet" in ended.out


def test_the_diagram_is_mermaid_with_every_state_styled(estate: CommandLine) -> None:
    lines = estate("blast-radius", "hv-sq-2", "--mermaid").out.splitlines()

    assert lines[0] == "flowchart LR"
    assert [line for line in lines if ":::DOWN" in line]
    assert [line for line in lines if line.strip().startswith("classDef AT_RISK")]


def test_the_picture_is_written_where_asked(estate: CommandLine, tmp_path: Path) -> None:
    picture = tmp_path / "deep" / "picture.svg"

    ended = estate("blast-radius", "hv-sq-2", "--svg", picture)

    assert str(picture) in ended.err
    assert ET.parse(picture).getroot().tag.endswith("svg")  # noqa: S314 - our own picture


def test_a_picture_that_cannot_be_written_is_an_error(estate: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ended = estate("blast-radius", "hv-sq-2", "--svg", tmp_path / "file" / "picture.svg")

    assert (ended.code, "BAD_VALUE" in ended.err) == (2, True)


def test_a_budget_makes_the_answer_partial_and_says_so(estate: CommandLine) -> None:
    ended = estate("blast-radius", "hv-sq-2", "--budget", 2)

    assert "PARTIAL" in ended.out


def test_a_change_that_only_degrades_takes_nothing_down(estate: CommandLine) -> None:
    report = estate.json("preview", "--target", "SQ-B=degraded", *WINDOW)

    assert {hit["state"] for hit in report["worst"]} == {"DEGRADED"}


def test_a_change_shorter_than_the_batteries_takes_nothing_down(estate: CommandLine) -> None:
    report = estate.json(
        "preview", "--target", "SQ-B", "--from", "2027-03-06T22:00Z", "--to", "2027-03-06T22:09Z"
    )

    assert [hit for hit in report["worst"] if hit["state"] == "DOWN"] == []


def test_the_preview_prints_verdict_and_stretches_of_time(estate: CommandLine) -> None:
    out = estate("preview", "--target", "SQ-B", *WINDOW).out

    assert out.startswith("THIS CHANGE BREAKS SERVICES")
    assert "50 min" in out


def test_a_window_that_ends_before_it_starts_is_refused(estate: CommandLine) -> None:
    ended = estate("preview", "--target", "SQ-B", "--from", "now+2h", "--to", "now+1h", "--json")

    assert (ended.code, ended.json["error"]["code"]) == (2, "BAD_VALUE")


def test_the_past_is_answered_as_it_was(own_estate: CommandLine) -> None:
    own_estate("rel", "remove", "Rack/SQ-2", "powered_by", "SQ-B", "--reason", "recabled")

    now = own_estate.json("blast-radius", "SQ-B")
    then = own_estate.json("blast-radius", "SQ-B", "--at", "r1")

    assert [hit for hit in now["hits"] if hit["ci"]["name"] == "SQ-2"] == []
    assert [hit for hit in then["hits"] if hit["ci"]["name"] == "SQ-2"]
    assert (then["basis"]["revision"], now["basis"]["revision"]) == (1, 2)


def test_diff_names_the_change_and_what_it_does_to_an_outage(own_estate: CommandLine) -> None:
    own_estate("rel", "remove", "Rack/SQ-2", "powered_by", "SQ-B", "--reason", "recabled")

    report = own_estate.json("diff", "r1", "now", "--outage", "SQ-B")

    (change,) = report["changes"]
    assert (change["kind"], change["change"]) == ("relationship", "ended")
    assert change["name"] == "Rack/SQ-2 powered_by PowerSource/SQ-B"
    shop = next(each for each in report["impact"] if each["ci"]["name"] == "Online shop")
    assert (shop["before"], shop["after"], shop["is_worse"]) == ("DOWN", "UP", False)


def test_before_the_first_revision_nothing_was_on_record(estate: CommandLine) -> None:
    ended = estate("blast-radius", "SQ-B", "--at", "2001-01-01")

    assert ended.code == 2
    assert "not on record at that moment" in ended.err


def test_a_retired_ci_cannot_be_taken_down(own_estate: CommandLine) -> None:
    own_estate("ci", "retire", "vm-intranet", "--reason", "gone")

    ended = own_estate("blast-radius", "vm-intranet")

    assert ended.code == 2
    assert "since it is retired" in ended.err
