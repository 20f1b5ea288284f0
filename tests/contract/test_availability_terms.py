"""Are targets, planned windows and common causes reckoned with as worked out by hand?"""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cmdb.errors import AmbiguousName, BadValue, UnknownCI
from cmdb.model.analysis_reports import AvailabilityReport, ServiceAvailability, TargetRisk
from cmdb.model.rights import Caller
from cmdb.ports import (
    AvailabilityQuestion,
    ChangeUpdate,
    NewChange,
    NewGroup,
    SharedCause,
    Target,
)
from cmdb.ports.awaited import NobodyWaits, lend
from cmdb.services import planned_windows
from tests.contract.practice_estate import ADMIN, VIEWER, WHY, Shop, minutes, with_doubles
from tests.contract.stores import host, kept, poured

Q = 0.01
MTTR_HOURS = 2.0
MTTF_HOURS = 198.0
MONTH, YEAR = 730.0, 8760.0
WINDOW = (minutes(60), minutes(300))
PATCH = NewChange("patch the database", (Target("db"),), *WINDOW, state="scheduled")


@pytest.fixture
def measured(shop: Shop) -> Shop:
    """The shop, whose servers are all down for 2 of 200 hours, and a pair that needs one."""
    figures: dict[str, Any] = {"mttf_hours": MTTF_HOURS, "mttr_hours": MTTR_HOURS}
    names = ("web-1", "web-2", "web-3", "db")
    poured(shop.store, *(kept(host(name, **figures), observed_ms=2) for name in names))
    shop.as_(ADMIN).add_group(NewGroup("pair", ("web-1", "web-2"), 1), WHY)
    return shop


def asked(shop: Shop, *names: str, caller: Caller = ADMIN, **terms: Any) -> AvailabilityReport:
    return shop.as_(caller).availability(AvailabilityQuestion(names, **terms))


def one(shop: Shop, name: str, **terms: Any) -> ServiceAvailability:
    (found,) = asked(shop, name, **terms).services
    return found


def target_of(shop: Shop, name: str, **terms: Any) -> TargetRisk:
    found = one(shop, name, **terms).target
    assert found is not None
    return found


def down(found: ServiceAvailability) -> float:
    assert found.unavailability.method == "exact"
    return found.unavailability.value


# Common causes


def test_a_common_cause_of_two_replicas(measured: Shop) -> None:
    apart = one(measured, "pair")
    together = one(measured, "pair", common_causes=[SharedCause("pair", beta=0.2)])

    common = 0.2 * Q
    own = 1 - (1 - Q) / (1 - common)
    assert down(apart) == pytest.approx(Q**2)
    assert down(together) == pytest.approx(common + (1 - common) * own**2)
    assert any("pair have a common cause" in each for each in together.unavailability.assumptions)
    assert not any("have a common" in each for each in apart.unavailability.assumptions)
    assert any("independently" in each for each in apart.unavailability.assumptions)


def test_members_that_differ_take_an_explicit_q(measured: Shop) -> None:
    other = host("web-2", mttf_hours=96.0, mttr_hours=4.0)
    poured(measured.store, kept(other, observed_ms=3))

    found = one(measured, "pair", common_causes=[SharedCause("pair", q=0.005)])
    with pytest.raises(BadValue, match="RedundancyGroup/pair: its members differ") as refused:
        one(measured, "pair", common_causes=[SharedCause("pair", beta=0.2)])

    first, second = 1 - 0.99 / 0.995, 1 - 0.96 / 0.995
    assert down(found) == pytest.approx(0.005 + 0.995 * first * second)
    assert refused.value.code == "BAD_VALUE"


@pytest.mark.parametrize(
    ("causes", "told"),
    [
        ([SharedCause("pair", beta=1.5)], "RedundancyGroup/pair: beta = 1.5 is not between"),
        ([SharedCause("pair", beta=math.nan)], "RedundancyGroup/pair: beta = nan is not between"),
        ([SharedCause("pair", q=-0.1)], "RedundancyGroup/pair: q = -0.1 is not between"),
        ([SharedCause("pair", q=0.02)], "RedundancyGroup/pair: .* more than a member's 0.01"),
        ([SharedCause("pair")], "RedundancyGroup/pair needs a beta or a q"),
        ([SharedCause("pair", 0.1, 0.1)], "RedundancyGroup/pair needs a beta or a q"),
        ([SharedCause("pair", 0.1), SharedCause("pair", 0.2)], "pair comes twice"),
        ([SharedCause("web-1", 0.1)], "PhysicalServer/web-1: .* needs a group"),
        ([SharedCause("pair", 0.1)] * 101, "101 is not between"),
        (
            [SharedCause("pair", 0.6), SharedCause("pool", 0.6)],
            "causes of RedundancyGroup/pair, RedundancyGroup/pool together are more likely",
        ),
    ],
)
def test_common_causes_that_cannot_be_are_refused_by_name(
    measured: Shop, causes: list[SharedCause], told: str
) -> None:
    with pytest.raises(BadValue, match=told):
        asked(measured, "pair", common_causes=causes)

    fitting = [SharedCause("pair", 0.4), SharedCause("pool", 0.4)]
    assert asked(measured, "pair", common_causes=fitting).services


def test_a_group_is_named_like_any_ci(measured: Shop) -> None:
    with_doubles(measured)
    with pytest.raises(UnknownCI, match="pair"):
        asked(measured, "orders", common_causes=[SharedCause("pare", 0.1)])
    measured.as_(ADMIN).add_group(NewGroup("pair", ("db",), 1, owner="orders"), WHY)
    with pytest.raises(AmbiguousName):
        asked(measured, "orders", common_causes=[SharedCause("pair", 0.1)])


# Planned windows


def test_a_window_of_the_only_host_adds_its_share_of_the_year(measured: Shop) -> None:
    before = one(measured, "orders")
    measured.as_(ADMIN).plan_change(PATCH, WHY)

    counted, excluded = (asked(measured, "orders", planned=m) for m in ("counted", "excluded"))

    assert down(before) == pytest.approx(Q)
    assert down(counted.services[0]) == pytest.approx(Q + (1 - Q) * 4 / YEAR)
    assert down(excluded.services[0]) == pytest.approx(Q)
    for report in (counted, excluded):
        (found,) = report.services
        assert found.scheduled_interruptions_per_year == 1.0
        assert found.scheduled_hours_per_year == pytest.approx(4.0)
        assert found.outages_per_year == pytest.approx(YEAR / 200)
        assert report.planned is not None
        assert (report.planned.changes, report.planned.windows) == (1, 1)
        assert report.planned.is_complete
        assert report.planned.from_at == minutes(0)
        assert report.planned.to_at == minutes(0) + timedelta(days=365)
    assert [report.planned.mode for report in (counted, excluded) if report.planned] == [
        "counted",
        "excluded",
    ]
    assert "Windows of planned changes count as downtime." in (
        counted.services[0].unavailability.assumptions
    )
    for found in (before, excluded.services[0]):
        assert any("are left out" in each for each in found.unavailability.assumptions)


def test_windows_of_different_changes_that_overlap_are_one_interruption(measured: Shop) -> None:
    for begin, end, *targets in ((0, 120, "db"), (60, 240, "db", "web-1"), (240, 300, "web-1")):
        window = (minutes(600 + begin), minutes(600 + end))
        change = replace(PATCH, start_at=window[0], end_at=window[1])
        measured.as_(ADMIN).plan_change(
            replace(change, targets=tuple(Target(each) for each in targets)), WHY
        )

    orders, pair = asked(measured, "orders", "pair", planned="counted").services

    assert orders.scheduled_interruptions_per_year == 1.0
    assert orders.scheduled_hours_per_year == pytest.approx(4.0)
    assert down(orders) == pytest.approx(Q + (1 - Q) * 4 / YEAR)
    # web-1 is out for 4 hours, in which the pair is down as often as web-2 is.
    assert pair.scheduled_interruptions_per_year == 0.0
    assert down(pair) == pytest.approx(Q**2 + (Q - Q**2) * 4 / YEAR)


def test_only_outages_that_are_still_planned_count(measured: Shop) -> None:
    operations = measured.as_(ADMIN)
    operations.plan_change(replace(PATCH, state="draft"), WHY)
    cancelled = operations.plan_change(PATCH, WHY)
    operations.update_change(cancelled.id, ChangeUpdate("cancelled"), WHY)
    mild = (Target("db", "degraded"), Target("db", "at_risk"))
    operations.plan_change(replace(PATCH, targets=mild), WHY)

    report = asked(measured, "orders", planned="counted")

    assert report.planned is not None
    assert (report.planned.changes, report.planned.windows) == (1, 0)
    assert down(report.services[0]) == pytest.approx(Q)


def test_the_year_begins_where_it_is_said_and_cuts_windows_off(measured: Shop) -> None:
    operations = measured.as_(ADMIN)
    operations.plan_change(PATCH, WHY)

    hours = {
        begin: one(measured, "orders", planned="excluded", from_at=minutes(begin))
        for begin in (0, 180, 300, 60 - 365 * 24 * 60, 120 - 365 * 24 * 60)
    }

    found = [each.scheduled_hours_per_year for each in hours.values()]
    assert found == [pytest.approx(each) for each in (4.0, 2.0, 0.0, 0.0, 1.0)]


def test_a_change_that_overruns_counts_as_it_was_planned(measured: Shop) -> None:
    operations = measured.as_(ADMIN)
    made = operations.plan_change(PATCH, WHY)
    operations.update_change(made.id, ChangeUpdate("implementing"), WHY)

    during = asked(measured, "orders", planned="excluded")
    measured.clock.move(hours=9)
    after = asked(measured, "orders", planned="excluded")

    assert during.services[0].scheduled_hours_per_year == pytest.approx(4.0)
    assert after.services[0].scheduled_hours_per_year == 0.0
    assert after.planned is not None
    assert after.planned.changes == 0


def test_changes_of_hidden_cis_are_reckoned_with(measured: Shop) -> None:
    both = (Target("db"), Target("vault"))
    measured.as_(ADMIN).plan_change(replace(PATCH, targets=both), WHY)

    report = asked(measured, "orders", caller=VIEWER, planned="counted")

    assert report.services[0].scheduled_hours_per_year == pytest.approx(4.0)
    assert "vault" not in str(report.to_json())


def test_more_changes_than_can_be_reckoned_with_are_told(
    measured: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        measured.as_(ADMIN).plan_change(PATCH, WHY)
    monkeypatch.setattr(planned_windows, "MOST_OF_A_KIND", 1)

    report = asked(measured, "orders", planned="excluded")

    assert report.planned is not None
    assert not report.planned.is_complete
    assert any("More changes" in t for t in report.services[0].unavailability.assumptions)


def test_nobody_looks_at_changes_unless_asked_to(
    measured: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Looked(Exception):
        pass

    def nodes_between(*_: Any) -> None:
        raise Looked

    monkeypatch.setattr(measured.store, "nodes_between", nodes_between)

    found = asked(measured, "orders")
    assert found.planned is None
    assert found.services[0].scheduled_hours_per_year is None
    assert found.services[0].target is None
    with pytest.raises(Looked):
        asked(measured, "orders", planned="excluded")


# Targets


def test_a_target_of_one_hundred_percent_is_missed_by_any_outage(measured: Shop) -> None:
    found = target_of(measured, "db", target_percent=100.0)

    # Kept only if it begins up and stays so: (1 - q) exp(-T / MTTF).
    exact = 1 - (1 - Q) * math.exp(-MONTH / MTTF_HOURS)
    assert (found.allowed_minutes, found.period_hours, found.reason) == (0.0, MONTH, "")
    assert found.missed is not None
    assert found.missed.ci95 is not None
    low, high = found.missed.ci95
    assert low <= exact <= high
    assert found.missed.value == pytest.approx(exact, abs=0.01)
    assert found.missed.method == "monte_carlo"
    assert (found.missed.samples, found.missed.seed) == (10_000, 0)
    assert found.mean_downtime_minutes == pytest.approx(MONTH * 60 * Q, rel=0.05)
    assert any("exponential" in each for each in found.missed.assumptions)


def test_what_never_fails_keeps_any_target_and_what_is_mostly_down_none(measured: Shop) -> None:
    poured(measured.store, kept(host("web-3", availability=1.0), observed_ms=3))
    poured(measured.store, kept(host("db", availability=0.2, mttr_hours=1.0), observed_ms=3))

    never, mostly = (
        target_of(measured, name, target_percent=99.0, period_hours=168.0)
        for name in ("web-3", "db")
    )

    assert never.allowed_minutes == pytest.approx(1.68 * 60)
    assert never.missed is not None
    assert mostly.missed is not None
    assert (never.missed.value, never.mean_downtime_minutes) == (0.0, 0.0)
    assert mostly.missed.value == 1.0


def test_without_a_time_to_repair_a_row_says_so_and_others_are_answered(measured: Shop) -> None:
    measured.as_(ADMIN).set_attributes("orders", {"availability": 0.999}, WHY)

    orders, database = asked(measured, "orders", "db", target_percent=99.9).services

    assert orders.target is not None
    assert database.target is not None
    assert orders.target.missed is None
    assert orders.target.mean_downtime_minutes is None
    assert orders.target.allowed_minutes == pytest.approx(43.8)
    assert orders.target.reason == "BusinessService/orders: no time to repair is known"
    assert down(orders) == pytest.approx(1 - 0.999 * 0.99)
    assert database.target.missed is not None
    assert database.target.missed.samples == 1_000


def test_a_common_cause_without_a_time_to_repair_is_named_by_its_group(measured: Shop) -> None:
    named = ("orders", "secret")
    for name in named:
        measured.as_(ADMIN).set_attributes(name, {"availability": 0.9}, WHY)
    measured.as_(ADMIN).add_group(NewGroup("both", named, 1), WHY)

    found = target_of(
        measured, "both", target_percent=99.9, common_causes=[SharedCause("both", beta=1.0)]
    )

    assert found.reason == "common cause of RedundancyGroup/both: no time to repair is known"


def test_whoever_leaves_ends_the_simulation(measured: Shop) -> None:
    leaving = threading.Event()

    with lend(leaving):
        assert asked(measured, "db", target_percent=99.9).services
        leaving.set()
        with pytest.raises(NobodyWaits):
            asked(measured, "db", target_percent=99.9)


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({"target_percent": 120.0}, "target: 120 is not between 0 and 100"),
        ({"target_percent": -1.0}, "target: -1 is not between"),
        ({"target_percent": math.nan}, "target: nan is not between"),
        ({"target_percent": 0.999}, "99.9, not 0.999"),
        ({"target_percent": 99.9, "period_hours": 0.0}, "period: 0 is not between"),
        ({"target_percent": 99.9, "period_hours": 1e9}, "period: .* is not between"),
        ({"target_percent": 99.9, "period_hours": math.nan}, "period: nan is not between"),
        ({"period_hours": MONTH}, "period: no target"),
        ({"planned": "sometimes"}, "planned: 'sometimes' is not known"),
        ({"from_at": minutes(0)}, "from: nobody asks"),
        ({"planned": "counted", "from_at": datetime(2030, 1, 1)}, "from"),  # noqa: DTZ001 - without
        ({"planned": "counted", "from_at": datetime(9999, 6, 1, tzinfo=UTC)}, "no year follows"),
    ],
)
def test_terms_that_cannot_be_are_refused(measured: Shop, terms: dict[str, Any], told: str) -> None:
    with pytest.raises(BadValue, match=told):
        asked(measured, "orders", **terms)


def test_terms_at_their_ends_are_taken(measured: Shop) -> None:
    for percent, hours in ((100.0, 8_784.0), (0.0, 0.5), (1.5, None)):
        found = target_of(measured, "db", target_percent=percent, period_hours=hours)
        assert found.missed is not None
