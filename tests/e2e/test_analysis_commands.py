"""Do availability, spof, importance, cut-sets and conflicts agree with each other and by hand?"""

from __future__ import annotations

import math

import pytest

from cmdb.cli.session import Session
from cmdb.ports import AvailabilityQuestion
from tests.e2e.command_line import CommandLine

WINDOW = ("--from", "2027-03-06T22:00Z", "--to", "2027-03-06T23:00Z")


def test_every_service_is_told_with_method_and_assumptions(estate: CommandLine) -> None:
    report = estate.json("availability", "--all")

    assert len(report["services"]) == report["total"] == 9
    for each in report["services"]:
        assert each["unavailability"]["method"] == "exact"
        assert each["availability"] == pytest.approx(1 - each["unavailability"]["value"])
        assert each["degraded"]["value"] >= each["unavailability"]["value"] > 0
        hours = each["outages_per_year"] * each["mean_outage_hours"]
        assert hours * 60 == pytest.approx(each["downtime_minutes_per_year"])
        assert any("independently" in text for text in each["unavailability"]["assumptions"])


def test_one_service_is_what_it_is_among_all(estate: CommandLine) -> None:
    every = estate.json("availability", "--all")["services"]
    one = estate.json("availability", "Online shop")["services"][0]

    among = next(each for each in every if each["service"]["name"] == "Online shop")
    assert one["unavailability"]["value"] == pytest.approx(among["unavailability"]["value"])


def test_pages_of_services_join_without_a_gap(estate: CommandLine) -> None:
    with Session(estate.data_dir).operations() as operations:
        first = operations.availability(AvailabilityQuestion(first=4))
        second = operations.availability(AvailabilityQuestion(first=4, after=first.next))
        third = operations.availability(AvailabilityQuestion(first=4, after=second.next))

    names = [each.service.name for page in (first, second, third) for each in page.services]
    assert len(set(names)) == len(names) == first.total
    assert (second.next != "", third.next) == (True, "")


def test_a_target_is_told_with_its_period_and_interval(estate: CommandLine) -> None:
    words = ("availability", "Online shop", "--target", "99.9")
    targets = {
        period: estate.json(*words, *given)["services"][0]["target"]
        for period, given in {
            730: (),
            168: ("--period", "week"),
            8760: ("--period", "year"),
            100: ("--period", "100"),
        }.items()
    }
    text = estate(*words, "--period", "quarter").out

    for hours, target in targets.items():
        assert (target["period_hours"], target["reason"]) == (hours, "")
        assert target["allowed_minutes"] == pytest.approx(hours * 0.06)
        low, high = target["missed"]["ci95"]
        assert 0 < low < target["missed"]["value"] < high < 1
        assert target["missed"]["samples"] == 10_000
    assert "99.9 % of 2190 hours allow 2 h 11 min of downtime, missed in" in text
    assert "10,000 simulated periods" in text


def test_targets_of_every_service_are_told_with_fewer_periods(estate: CommandLine) -> None:
    services = estate.json("availability", "--all", "--target", "99.9")["services"]

    assert {each["target"]["missed"]["samples"] for each in services} == {1_000}


def test_planned_windows_are_counted_or_only_told(own_estate: CommandLine) -> None:
    down = ("availability", "Order mail")
    usual = own_estate.json(*down)["services"][0]
    plan = ("change", "plan", "--scheduled", "move", "--target", "Order mail")
    own_estate.json(*plan, "--from", "2027-03-06T22:00Z", "--to", "2027-03-07T02:00Z")
    year = ("--from", "2027-01-01")

    counted = own_estate.json(*down, "--planned", "counted", *year)
    excluded = own_estate.json(*down, "--planned", "excluded", *year)
    text = own_estate(*down, "--planned", "counted", *year).out
    every = own_estate.json("availability", "--all", "--planned", "excluded", *year)

    q = usual["unavailability"]["value"]
    for report, expected in ((counted, q + (1 - q) * 4 / 8760), (excluded, q)):
        (service,) = report["services"]
        assert service["unavailability"]["value"] == pytest.approx(expected)
        assert service["scheduled_interruptions_per_year"] == 1
        assert service["scheduled_hours_per_year"] == pytest.approx(4)
        assert (report["planned"]["changes"], report["planned"]["windows"]) == (1, 1)
    assert "1 planned change from 2027-01-01 00:00 UTC to 2028-01-01 00:00 UTC" in text
    assert "Order mail: DOWN by plan 1 times a year, for 4 h altogether." in text
    assert sum(each["scheduled_hours_per_year"] for each in every["services"]) == 4


def test_a_common_cause_of_both_feeds_costs_what_it_must(estate: CommandLine) -> None:
    group = "RedundancyGroup/power of SQ-1"
    figures = {
        c["ci"]["name"]: c["unavailability"] for c in estate.json("importance", group)["cis"]
    }
    site, q = figures["Southquay"], figures["SQ-A"]
    causes = {"": 0.0, "power of SQ-1=0.1": 0.1 * q, f"{group}=q:0.00001": 0.00001}

    for cause, common in causes.items():
        words = ("--common-cause", cause) if cause else ()
        (found,) = estate.json("availability", group, *words)["services"]

        # Both feeds stand in one place, which takes them down alone.
        own = 1 - (1 - q) / (1 - common)
        pair = common + (1 - common) * own**2
        assert found["unavailability"]["value"] == pytest.approx(1 - (1 - site) * (1 - pair))


def test_single_points_are_the_cut_sets_of_one_ci(estate: CommandLine) -> None:
    points = estate.json("spof", "Order mail")["services"][0]
    sets = estate.json("cut-sets", "Order mail", "--largest", "1", "--limit", "1000")

    alone = {each["cis"][0]["name"] for each in sets["sets"]}
    assert alone - {"Order mail"} == {ci["name"] for ci in points["cis"]}
    assert points["count"] == len(points["cis"]) == 2


def test_every_single_point_does_what_is_said_of_it(estate: CommandLine) -> None:
    for each in estate.json("spof", "Staff intranet")["services"][0]["cis"]:
        hits = estate.json("blast-radius", each["id"])["hits"]
        assert "Staff intranet" in {h["ci"]["name"] for h in hits if h["state"] == "DOWN"}


def test_what_several_services_share_is_counted(estate: CommandLine) -> None:
    report = estate.json("spof", "--all")

    counts = {each["ci"]["name"]: each["services"] for each in report["shared"]}
    told = [ci["name"] for each in report["services"] for ci in each["cis"]]
    assert counts["Southquay"] == told.count("Southquay") > 1


def test_measures_of_importance_obey_their_definitions(estate: CommandLine) -> None:
    report = estate.json("importance", "Online shop", "--limit", "1000", "--fussell-vesely")
    p = report["unavailability"]["value"]

    assert len(report["cis"]) == report["count"] > 20
    for each in report["cis"]:
        q, birnbaum = each["unavailability"], each["birnbaum"]
        assert each["criticality"] == pytest.approx(q * birnbaum / p)
        assert each["risk_achievement_worth"] == pytest.approx((p + (1 - q) * birnbaum) / p)
        assert each["fussell_vesely"] >= each["criticality"] - 1e-12
        assert each["replica_minutes_per_year"] == pytest.approx(birnbaum * q * (1 - q) * 525_600)
    ranks = [each["criticality"] for each in report["cis"]]
    assert ranks == sorted(ranks, reverse=True)


def test_cut_sets_are_minimal_counted_and_within_their_limits(estate: CommandLine) -> None:
    report = estate.json("cut-sets", "Online shop", "--largest", "2", "--limit", "1000")
    sets = [frozenset(ci["id"] for ci in each["cis"]) for each in report["sets"]]

    assert report["is_complete"]
    assert int(report["count"]) >= len(sets)
    assert not [(a, b) for a in sets for b in sets if a < b]
    assert all(math.isfinite(each["probability"]) for each in report["sets"])
    assert {len(each) for each in sets} == {1, 2}


def test_two_changes_of_both_feeds_conflict_and_say_when(own_estate: CommandLine) -> None:
    plan = ("change", "plan", "--scheduled")
    own_estate.json(*plan, "feed A", "--target", "PowerSource/SQ-A", *WINDOW)
    late = ("--from", "2027-03-06T22:30Z", "--to", "2027-03-07T02:00Z")
    other = own_estate.json(*plan, "feed B", "--target", "PowerSource/SQ-B", *late)
    apart = ("--from", "2027-03-08T22:30Z", "--to", "2027-03-08T23:00Z")
    lonely = own_estate.json(*plan, "another day", "--target", "PowerSource/SQ-B", *apart)

    report = own_estate.json("conflicts", "--from", "2027-03-01", "--to", "2027-04-01")
    text = own_estate("conflicts", "--change", other["id"]).out

    assert report["is_complete"]
    assert len(report["causes"]) == 3
    assert {tuple(sorted(c["title"] for c in each["causes"])) for each in report["conflicts"]} == {
        ("feed A", "feed B")
    }
    assert "feed A" in text
    assert "together" in text
    assert "0 conflicts" in own_estate("conflicts", "--change", lonely["id"]).out


def test_a_replica_saves_what_its_measure_says(estate: CommandLine) -> None:
    measures = estate.json("importance", "Online shop")["cis"]
    first = next(each for each in measures if each["ci"]["class"] == "ContainerWorkload")

    report = estate.json("what-if", "Online shop", "--replica", first["ci"]["id"])

    (shop,) = report["services"]
    assert shop["saved_minutes_per_year"] == pytest.approx(first["replica_minutes_per_year"])
    assert shop["lost_count"] == 1
    assert report["edits"] == [f"A replica of ContainerWorkload/{first['ci']['name']}"]
    assert estate.json("what-if", "--replica", first["ci"]["id"])["services"]


def test_a_dropped_feed_costs_and_brings_a_single_point(estate: CommandLine) -> None:
    report = estate.json("what-if", "Order fulfilment", "--remove", "PowerSource/SQ-A")

    (service,) = report["services"]
    assert service["saved_minutes_per_year"] < 0
    assert "SQ-B" in {ci["name"] for ci in service["gained"]}
    assert "taken away" in estate("what-if", "--remove", "PowerSource/SQ-A").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("availability",), 2, "--all"),
        (("availability", "Online shop", "--all"), 2, "--all"),
        (("availability", "nowhere"), 3, "nowhere"),
        (("availability", "Online shop", "--target", "120"), 2, "target"),
        (("availability", "Online shop", "--target", "high"), 2, "target"),
        (("availability", "--all", "--target", "99", "--period", "fortnight"), 2, "fortnight"),
        (("availability", "--all", "--period", "month"), 2, "target"),
        (("availability", "--all", "--planned", "perhaps"), 2, "counted or excluded"),
        (("availability", "--all", "--from", "now"), 2, "planned"),
        (("availability", "--all", "--common-cause", "nowhere=0.1"), 3, "nowhere"),
        (("availability", "--all", "--common-cause", "power of SQ-1"), 2, "GROUP=BETA"),
        (("availability", "--all", "--common-cause", "power of SQ-1=much"), 2, "GROUP=BETA"),
        (("availability", "--all", "--common-cause", "power of SQ-1=1.5"), 2, "power of SQ-1"),
        (("availability", "--all", "--common-cause", "SQ-A=0.1"), 2, "SQ-A"),
        (("cut-sets", "Online shop", "--largest", "99"), 2, "largest"),
        (("importance", "Online shop", "--limit", "100000"), 2, "first"),
        (("what-if", "Online shop"), 2, "edits"),
        (("what-if", "--drop", "Online shop"), 2, "CI=PROVIDER"),
        (("what-if", "--drop", "Online shop=Southquay"), 2, "Online shop"),
        (("what-if", "--remove", "nowhere"), 3, "nowhere"),
        (("conflicts",), 2, "window"),
        (("conflicts", "--change", "nothing"), 3, "nothing"),
        (("conflicts", "--from", "2027-02-01", "--to", "2027-01-01"), 2, "window"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    estate: CommandLine, words: tuple[str, ...], code: int, told: str
) -> None:
    ended = estate(*words)

    assert ended.code == code
    assert told in ended.err


def test_tables_name_what_they_show(estate: CommandLine) -> None:
    assert "exact" in estate("availability", "Online shop").out
    assert "SHARED BY SEVERAL SERVICES" in estate("spof", "--all").out
    assert "replica saves" in estate("importance", "Online shop").out
    assert "minimal cut sets" in estate("cut-sets", "Online shop").out
