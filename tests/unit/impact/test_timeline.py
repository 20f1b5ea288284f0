"""What happens when: tolerances, timers, recovery, and time to impact."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from impact import InvalidOutage, Outage, State, Topology, blast_radius, timeline
from tests.unit.impact.estate import NOON, at, between, down, estate

FED = ("rack hard feed 600",)


def down_at(topology: Topology, outages: list[Outage], seconds: int) -> set[str]:
    hits = timeline(topology, outages).at(at(seconds)).radius.hits
    return {hit.ci for hit in hits if hit.state == State.DOWN}


def test_an_outage_arrives_late_by_what_the_edge_tolerates_and_ends_at_once() -> None:
    outages = [between("feed", 0, 1000)]

    seen = {second: down_at(estate(*FED), outages, second) for second in (0, 599, 600, 999, 1000)}

    assert seen == {
        0: {"feed"},
        599: {"feed"},
        600: {"feed", "rack"},
        999: {"feed", "rack"},
        1000: set(),
    }


def test_an_outage_no_longer_than_tolerated_never_arrives() -> None:
    radius = blast_radius(estate(*FED), [between("feed", 0, 600)])

    assert [hit.ci for hit in radius.hits if hit.state] == ["feed"]


def test_touching_and_overlapping_outages_of_one_provider_are_one() -> None:
    outages = [between("feed", 0, 400), between("feed", 400, 700), between("feed", 650, 900)]

    assert "rack" not in down_at(estate(*FED), outages, 599)
    assert "rack" in down_at(estate(*FED), outages, 600)


def test_a_gap_starts_the_timer_anew() -> None:
    outages = [between("feed", 0, 599), between("feed", 601, 1500)]

    assert "rack" not in down_at(estate(*FED), outages, 1200)
    assert "rack" in down_at(estate(*FED), outages, 1201)


def test_while_tolerated_the_dependent_is_at_risk_with_a_time() -> None:
    topology = estate("shop hard rack", *FED)

    hits = timeline(topology, [between("feed", 0, None)]).at(NOON).radius.hits

    rack, shop = hits.find("rack"), hits.find("shop")
    assert rack is not None
    assert shop is not None
    assert (rack.state, rack.at_risk, rack.down_at) == (State.UP, True, at(600))
    assert (shop.at_risk, shop.down_at) == (True, at(600))


def test_tolerances_add_up_along_a_chain() -> None:
    topology = estate("app hard queue 60", "queue hard feed 30")

    assert "app" not in down_at(topology, [between("feed", 0, None)], 89)
    assert "app" in down_at(topology, [between("feed", 0, None)], 90)


def test_a_cycle_cannot_hold_itself_down_after_recovery() -> None:
    topology = estate("a hard b 5", "b hard a", "a hard feed")
    outages = [between("feed", 0, 100)]

    assert down_at(topology, outages, 99) == {"a", "b", "feed"}
    assert down_at(topology, outages, 100) == set()


def test_degraded_has_a_timer_of_its_own() -> None:
    topology = estate("app hard db 10")
    outages = [between("db", 0, 30, State.DEGRADED), between("db", 8, 12)]

    hits = timeline(topology, outages).at(at(11)).radius.hits

    app = hits.find("app")
    assert app is not None
    assert app.state == State.DEGRADED


def test_a_member_edge_may_tolerate_too() -> None:
    topology = estate("g gate a 60", "g gate b", groups={"g": (2, 0)})

    assert "g" not in down_at(topology, [between("a", 0, None)], 59)
    assert "g" in down_at(topology, [between("a", 0, None)], 60)


def test_without_times_the_answer_counts_from_the_common_start() -> None:
    radius = blast_radius(estate("shop hard rack", *FED), down("feed"))

    assert {hit.ci: hit.after_seconds for hit in radius.hits} == {
        "feed": 0.0,
        "rack": 600.0,
        "shop": 600.0,
    }
    assert all(hit.since_at is None for hit in radius.hits)


def test_an_outage_without_a_start_has_lasted_long_when_others_have_times() -> None:
    topology = estate(*FED, "app hard other")

    assert "rack" in down_at(topology, [Outage("feed"), between("other", 0, 10)], -1)


def test_an_outage_without_an_end_lasts_for_ever() -> None:
    line = timeline(estate("a hard b"), [between("b", 0, None)])

    assert line.slices[-1].end_at is None
    assert down_at(estate("a hard b"), [between("b", 0, None)], 10**9) == {"a", "b"}


def test_what_is_tolerated_for_ever_never_arrives() -> None:
    radius = blast_radius(estate("a hard b inf"), [Outage("b"), between("a", 5, 6)])

    hit = radius.hits.find("a")
    assert hit is not None
    assert hit.since_at == at(5)


@pytest.mark.parametrize("seconds", ["2.6e11", "1e300", "inf"])
def test_what_is_tolerated_longer_than_the_calendar_lasts_arrives_never(seconds: str) -> None:
    topology = estate(f"a hard b {seconds}")

    line = timeline(topology, [between("b", 0, None), between("b", 5, 6)])

    assert [part.end_at for part in line.slices] == [at(0), None]
    hit = line.slices[-1].radius.hits.find("a")
    assert hit is not None
    assert (hit.state, hit.at_risk) == (State.UP, True)
    assert (hit.down_at, hit.down_after_seconds) == (None, None)


@pytest.mark.parametrize("seconds", ["1e300", "inf"])
def test_without_times_what_is_tolerated_for_ever_has_no_time_either(seconds: str) -> None:
    hit = timeline(estate(f"a hard b {seconds}"), down("b")).slices[-1].radius.hits.find("a")
    soon = timeline(estate("a hard b 1e9"), down("b")).slices[0].radius.hits.find("a")

    assert hit is not None
    assert soon is not None
    assert hit.down_after_seconds is None
    assert soon.down_after_seconds == 1e9


def test_what_would_arrive_after_the_last_year_arrives_never() -> None:
    eve = datetime(9999, 12, 31, 12, tzinfo=UTC)
    topology = estate("a hard b 86400", "c hard b 3600")

    line = timeline(topology, [Outage("b", start_at=eve)])

    assert [part.start_at for part in line.slices] == [None, eve, eve.replace(hour=13)]
    hit = line.slices[-1].radius.hits.find("a")
    assert hit is not None
    assert (hit.at_risk, hit.down_at) == (True, None)


def test_outages_that_never_meet_do_not_add_up() -> None:
    topology = estate("g gate a", "g gate b", groups={"g": (1, 0)})

    apart = blast_radius(topology, [between("a", 0, 10), between("b", 10, 20)]).hits.find("g")
    together = blast_radius(topology, [between("a", 0, 11), between("b", 10, 20)]).hits.find("g")

    assert apart is not None
    assert together is not None
    assert (apart.state, together.state) == (State.UP, State.DOWN)
    assert together.since_at == at(10)


def test_a_moment_before_the_change_is_quiet() -> None:
    radius = blast_radius(estate("a hard b"), [between("b", 0, 10)], at=at(-1))

    assert len(radius.hits) == 0


def test_slices_touch_and_neighbours_differ() -> None:
    line = timeline(estate(*FED), [between("feed", 0, 1000)])

    assert [part.start_at for part in line.slices] == [None, at(0), at(600), at(1000)]
    assert [part.end_at for part in line.slices] == [at(0), at(600), at(1000), None]
    assert [part.start_after_seconds for part in line.slices] == [None, 0.0, 600.0, 1000.0]


def test_no_outage_is_one_quiet_slice() -> None:
    line = timeline(estate("a hard b"), [])

    assert [len(part.radius.hits) for part in line.slices] == [0]


def test_a_naive_or_backward_time_is_refused() -> None:
    with pytest.raises(InvalidOutage):
        Outage("a", State.DOWN, datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(InvalidOutage):
        Outage("a", State.DOWN, at(5), at(5))


def test_a_timeline_cut_short_says_so() -> None:
    chain = estate(*[f"n{number} hard n{number + 1}" for number in range(20)])

    assert timeline(chain, [between("n20", 0, 10)], budget=3).is_partial


def test_moments_at_which_the_same_is_so_share_what_is_computed() -> None:
    topology = estate("shop hard a", "shop hard g", "g gate b", "g gate c", groups={"g": (1, 0)})
    outages = [between("b", start, start + 5) for start in range(0, 40, 10)]

    slices = timeline(topology, outages).slices

    assert len(slices) == 9
    assert len({part.radius.hits[0].views.worlds for part in slices if part.radius.hits}) == 1
    assert len({part.radius.hits[0].since_at for part in slices if part.radius.hits}) == 4


def test_moments_at_which_the_same_is_so_are_told_apart_by_what_was_tolerated() -> None:
    outages = [between("feed", 0, 700), between("feed", 900, 1_000)]

    assert [down_at(estate(*FED), outages, second) for second in (0, 650, 950)] == [
        {"feed"},
        {"feed", "rack"},
        {"feed"},
    ]
