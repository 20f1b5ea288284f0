"""Does root-cause find what was broken, with what was changed about it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command_line import CommandLine


def names(cis: list[dict[str, str]]) -> list[str]:
    return [ci["name"] for ci in cis]


def values(events: list[dict[str, Any]]) -> list[object]:
    """Return all values after some changes."""
    return [value for each in events for value in each["after"].values()]


def symptoms_of(estate: CommandLine, *broken: str) -> list[str]:
    """Return options that name everything that an outage takes DOWN, groups left out."""
    hits = estate.json("blast-radius", *broken)["hits"]
    down = [hit["ci"] for hit in hits if hit["state"] == "DOWN"]
    return [
        word
        for ci in down
        if ci["class"] != "RedundancyGroup"
        for word in ("--symptom", f"{ci['class']}/{ci['name']}")
    ]


def test_what_was_broken_comes_first_though_it_says_nothing_itself(estate: CommandLine) -> None:
    report = estate.json("root-cause", "--as-known-now", *symptoms_of(estate, "hv-sq-2"))

    first = report["candidates"][0]
    assert names(first["cis"]) == ["hv-sq-2"]
    assert first["unexplained"] == []
    assert len(first["explained"]) == len(report["symptoms"]) > 5
    paths = {path["symptom"]["name"]: path["steps"] for path in first["paths"]}
    assert paths["Online shop"][0]["provider"]["name"] == "hv-sq-2"
    assert paths["Online shop"][-1]["dependent"]["name"] == "Online shop"
    assert first["score"] == pytest.approx(sum(first["terms"].values()))


def test_two_broken_feeds_are_found_as_a_set(estate: CommandLine) -> None:
    seen = symptoms_of(estate, "PowerSource/SQ-A", "PowerSource/SQ-B")
    feeds = ("--symptom", "PowerSource/SQ-A", "--symptom", "PowerSource/SQ-B")

    report = estate.json(
        "root-cause", "--as-known-now", *seen, *feeds, "--healthy", "Location/Southquay"
    )

    assert names(report["sets"][0]["cis"]) == ["SQ-A", "SQ-B"]
    assert report["sets"][0]["score"] > report["candidates"][0]["score"]
    assert ["SQ-A", "SQ-B"] in [names(each) for each in report["minimal_explaining_sets"]]


def test_a_healthy_service_exonerates_what_it_relies_on(estate: CommandLine) -> None:
    asked = ("root-cause", "--as-known-now", "--symptom", "Online shop", "--limit", "100")
    before = estate.json(*asked)
    after = estate.json(*asked, "--healthy", "Order fulfilment")

    def score(report: Any, name: str) -> float:
        found = [each for each in report["candidates"] if names(each["cis"]) == [name]]
        return float(found[0]["score"])

    assert score(after, "Southquay") < score(before, "Southquay") - 1.0


def test_a_change_before_the_onset_counts_and_one_after_it_is_told_apart(
    own_estate: CommandLine,
) -> None:
    own_estate.json("ci", "set", "Hypervisor/hv-sq-2", "notes=new firmware")
    asked = ("root-cause", "--symptom", "Online shop", "--as-known-now", "--limit", "100")

    now = own_estate.json(*asked, "--onset", "now")
    early = own_estate.json(*asked, "--onset", "now-2d")

    (found,) = [each for each in now["candidates"] if names(each["cis"]) == ["hv-sq-2"]]
    assert found["terms"]["change"] > 2.9
    assert "new firmware" in values(found["changes"])
    (found,) = [each for each in early["candidates"] if names(each["cis"]) == ["hv-sq-2"]]
    assert found["terms"]["change"] == 0.0
    assert found["changes"] == []
    assert "new firmware" in values(early["recorded_later"])


def test_the_topology_of_the_onset_is_reasoned_on(own_estate: CommandLine) -> None:
    moment = own_estate.json("log", "list", "--limit", "1")["entries"][0]["at"]
    own_estate.json("ci", "retire", "Hypervisor/hv-sq-2")
    asked = ("root-cause", "--symptom", f"Online shop=outage@{moment}", "--limit", "100")

    then = own_estate.json(*asked)
    now = own_estate.json(*asked, "--as-known-now")

    assert ["hv-sq-2"] in [names(each["cis"]) for each in then["candidates"]]
    assert ["hv-sq-2"] not in [names(each["cis"]) for each in now["candidates"]]
    assert (then["as_known_now"], now["as_known_now"]) == (False, True)


def test_the_cis_of_an_incident_are_symptoms(own_estate: CommandLine) -> None:
    incident = own_estate.json("incident", "open", "shop is slow", "--affects", "Online shop")

    report = own_estate.json("root-cause", "--incident", incident["id"])

    assert [each["ci"]["name"] for each in report["symptoms"]] == ["Online shop"]
    assert report["candidates"]


def test_the_text_names_candidate_reasons_and_what_to_check(estate: CommandLine) -> None:
    told = estate("root-cause", "--as-known-now", *symptoms_of(estate, "hv-sq-2")).out

    assert told.startswith("Hypervisor/hv-sq-2 explains")
    assert "CANDIDATES" in told
    assert "explains +" in told
    assert "Check next" in told


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "symptom"),
        (("--symptom", "nowhere"), 3, "nowhere"),
        (("--incident", "nothing"), 3, "nothing"),
        (("--symptom", "Online shop", "--healthy", "Online shop"), 2, "healthy"),
        (("--symptom", "Online shop=slow"), 2, "--symptom"),
        (("--symptom", "Online shop", "--hours", "99999"), 2, "hours"),
        (("--symptom", "Online shop", "--onset", "2020-01-01"), 2, "not on record"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    estate: CommandLine, words: tuple[str, ...], code: int, told: str
) -> None:
    ended = estate("root-cause", *words)

    assert ended.code == code
    assert told in ended.err


def test_an_estate_without_anything_has_nothing_to_say(tmp_path: Path) -> None:
    empty = CommandLine(tmp_path / "empty")
    empty("init")

    assert empty("root-cause", "--symptom", "shop").code == 3
