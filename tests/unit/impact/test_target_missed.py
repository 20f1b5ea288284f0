"""P(target missed) in a period, against what can be computed by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from impact import Topology
from impact.availability import (
    AvailabilityTerms,
    CommonCause,
    TargetMissed,
    service_availability,
    target_missed,
)
from impact.errors import Cancelled, InvalidBudget, InvalidFigure
from impact.structure import Solver

MONTH = 730.0


def one(q: float = 0.01, mttr_hours: float = 2.0) -> Topology:
    """Return a single CI."""
    return Topology.build(
        ids=["web"], dependents=[], providers=[], strengths=[], q=[q], mttr_hours=[mttr_hours]
    )


def pool() -> Topology:
    """Return a shop on two of three databases on a host."""
    return Topology.build(
        ids=["shop", "pool", "a", "b", "c", "host"],
        dependents=[0, 1, 1, 1, 0],
        providers=[1, 2, 3, 4, 5],
        strengths=[0, 2, 2, 2, 0],
        is_gate=[0, 1, 0, 0, 0, 0],
        k_min=[0, 2, 0, 0, 0, 0],
        q=[0.0, 0.0, 0.1, 0.1, 0.1, 0.02],
        mttr_hours=[1.0, 1.0, 5.0, 5.0, 5.0, 8.0],
    )


def asked(topology: Topology, service: str, **given: Any) -> TargetMissed:
    """Return the answer for a month."""
    return target_missed(topology, service, period_hours=MONTH, **given)


def test_any_downtime_misses_a_target_of_one() -> None:
    # Up at the start, and no failure in a month: (1 - q) exp(-T / MTTF), with MTTF = 198 hours.
    exact = 1.0 - 0.99 * math.exp(-MONTH / 198.0)

    inside = 0
    for seed in range(40):
        terms = AvailabilityTerms(seed=seed)
        low, high = asked(one(), "web", target=1.0, samples=400, terms=terms).ci95
        inside += low <= exact <= high

    assert 35 <= inside <= 40


def test_the_mean_downtime_is_that_of_the_long_run() -> None:
    found = asked(pool(), "shop", target=0.99, samples=4_000)
    with Solver() as solver:
        long_run = service_availability(pool(), "shop", solver)

    assert found.mean_downtime_hours == pytest.approx(
        MONTH * long_run.unavailability.value, rel=0.05
    )


def test_a_stricter_target_is_missed_more_often() -> None:
    found = [asked(pool(), "shop", target=each) for each in (0.9, 0.95, 0.99, 0.999)]

    shares = [each.probability for each in found]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]
    assert [each.allowed_hours for each in found] == [73.0, 36.5, 7.3, 0.73]


def test_the_same_seed_has_the_same_answer_and_it_is_told() -> None:
    terms = AvailabilityTerms(seed=7)

    first, second = (asked(pool(), "shop", target=0.99, terms=terms) for _ in range(2))

    assert first == second
    assert (first.seed, first.samples) == (7, 2_000)
    assert any("exponential" in text for text in first.assumptions)


def test_a_common_cause_leaves_the_mean_of_each_member_and_worsens_the_pool() -> None:
    terms = AvailabilityTerms(common_causes=(CommonCause("pool", beta=0.5),))

    apart = asked(pool(), "shop", target=0.95)
    together = asked(pool(), "shop", target=0.95, terms=terms)

    assert together.mean_downtime_hours > apart.mean_downtime_hours


def test_what_never_fails_misses_nothing_and_what_is_always_down_everything() -> None:
    assert asked(one(q=0.0), "web", target=1.0).probability == 0.0
    assert asked(one(q=0.0), "web", target=1.0).ci95 == (0.0, 3.0 / 2_000)


def test_more_changes_than_can_be_simulated_are_refused_and_fewer_are_not() -> None:
    # Up and down for a second each, or for an hour: 1,314,000 or 365 changes each in a month.
    with pytest.raises(InvalidFigure, match="more than can be simulated"):
        asked(one(q=0.5, mttr_hours=1 / 3600), "web", target=0.9)

    assert asked(one(q=0.5, mttr_hours=1.0), "web", target=0.9, samples=100).probability == 1.0


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(InvalidFigure, match="target"):
        asked(one(), "web", target=1.5)
    with pytest.raises(InvalidFigure, match="period"):
        target_missed(one(), "web", target=0.9, period_hours=0.0)
    with pytest.raises(InvalidFigure, match="repair"):
        asked(one(mttr_hours=math.nan), "web", target=0.9)
    with pytest.raises(InvalidBudget):
        asked(one(), "web", target=0.9, samples=0)
    with pytest.raises(Cancelled):
        asked(one(), "web", target=0.9, should_stop=lambda: True)
