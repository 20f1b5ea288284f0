"""Are figures of services those that can be worked out by hand?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from impact import Strength, Topology, UnknownNode
from impact.availability import (
    AvailabilityTerms,
    CommonCause,
    Maintenance,
    StructureBuilder,
    availabilities,
    cause_probability,
    service_availability,
)
from impact.errors import InvalidFigure
from impact.structure import Solver

HARD, SOFT, GATE = Strength.HARD, Strength.SOFT, Strength.GATE


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    with Solver() as opened:
        yield opened


def topology(
    ids: str,
    edges: list[tuple[str, str, Strength]],
    k_min: dict[str, int] | None = None,
    **more: Any,
) -> Topology:
    names = ids.split()
    k_min = k_min or {}
    return Topology.build(
        ids=names,
        dependents=[names.index(a) for a, _, _ in edges],
        providers=[names.index(b) for _, b, _ in edges],
        strengths=[strength for _, _, strength in edges],
        is_gate=[name in k_min for name in names],
        k_min=[k_min.get(name, 0) for name in names],
        **more,
    )


def pair(**more: Any) -> Topology:
    """A shop that needs one of two servers."""
    edges = [("shop", "pool", HARD), ("pool", "s1", GATE), ("pool", "s2", GATE)]
    figures = {"q": [0.0, 0.0, 0.1, 0.1], "mttr_hours": [1.0, 1.0, 10.0, 10.0]} | more
    return topology("shop pool s1 s2", edges, {"pool": 1}, **figures)


def test_a_series_of_two(solver: Solver) -> None:
    chain = topology("web db", [("web", "db", HARD)], q=[0.01, 0.02], mttr_hours=[2.0, 4.0])

    found = service_availability(chain, "web", solver)

    assert found.availability == pytest.approx(0.99 * 0.98)
    assert found.downtime_hours_per_year == pytest.approx(8760 * 0.0298)
    # Each interrupts while the other works: 0.98 * 0.01/2 + 0.99 * 0.02/4 an hour.
    assert found.outages_per_year == pytest.approx(8760 * (0.98 * 0.005 + 0.99 * 0.005))
    assert found.mean_outage_hours == pytest.approx(0.0298 / (0.98 * 0.005 + 0.99 * 0.005))


def test_one_of_two(solver: Solver) -> None:
    found = service_availability(pair(), "shop", solver)

    assert found.unavailability.value == pytest.approx(0.01)
    assert found.outages_per_year == pytest.approx(8760 * 2 * 0.1 * 0.1 / 10)
    assert found.mean_outage_hours == pytest.approx(5.0)
    assert found.relies_on == 3


def test_a_loop_fails_by_what_is_in_it_only(solver: Solver) -> None:
    loop = topology(
        "a b c", [("a", "b", HARD), ("b", "a", HARD), ("b", "c", HARD)], q=[0.1, 0.2, 0.3]
    )

    found = service_availability(loop, "a", solver)

    assert found.availability == pytest.approx(0.9 * 0.8 * 0.7)
    assert found.outages_per_year is None
    assert found.frequency_reason == "no time to repair is known for a"


def test_a_loop_through_a_group_is_the_least_fixed_point(solver: Solver) -> None:
    loop = topology(
        "a g b c",
        [("a", "g", HARD), ("g", "b", GATE), ("g", "c", GATE), ("b", "a", HARD)],
        {"g": 1},
        q=[0.1, 0.0, 0.2, 0.3],
    )

    found = service_availability(loop, "a", solver)

    # c down takes g down only if b is: by itself, for its dependence on a is not a failure of a.
    assert found.unavailability.value == pytest.approx(1 - 0.9 * (1 - 0.2 * 0.3))


def test_a_soft_provider_degrades_and_no_more(solver: Solver) -> None:
    soft = topology("web cache", [("web", "cache", SOFT)], q=[0.01, 0.5])

    found = service_availability(soft, "web", solver)

    assert found.unavailability.value == pytest.approx(0.01)
    assert found.degraded is not None
    assert found.degraded.value == pytest.approx(1 - 0.99 * 0.5)


def test_a_common_cause_of_the_pair(solver: Solver) -> None:
    terms = AvailabilityTerms(common_causes=(CommonCause("pool", beta=0.2),))

    found = service_availability(pair(), "shop", solver, terms=terms)

    common = 0.2 * 0.1
    own = 1 - (1 - 0.1) / (1 - common)
    assert found.unavailability.value == pytest.approx(common + (1 - common) * own**2)
    each = service_availability(pair(), "s1", solver, terms=terms)
    assert each.unavailability.value == pytest.approx(0.1)
    assert found.outages_per_year is not None


@pytest.mark.parametrize(
    ("causes", "q", "fault"),
    [
        ([CommonCause("pool", beta=0.1)], [0, 0, 0.1, 0.2], "members differ"),
        ([CommonCause("pool", q=0.15)], [0, 0, 0.1, 0.2], "more than a member's 0.1"),
        ([CommonCause("pool", beta=1.5)], [0, 0, 0.1, 0.1], "beta in [0, 1]"),
        ([CommonCause("pool")], [0, 0, 0.1, 0.1], "needs a beta"),
        ([CommonCause("shop", beta=0.1)], [0, 0, 0.1, 0.1], "needs a group"),
        (
            [CommonCause("pool", beta=0.9), CommonCause("pool", beta=0.9)],
            [0, 0, 0.1, 0.1],
            "more likely than its own q",
        ),
    ],
)
def test_common_causes_that_cannot_be_are_refused(
    solver: Solver, causes: list[CommonCause], q: list[float], fault: str
) -> None:
    terms = AvailabilityTerms(common_causes=tuple(causes))

    with pytest.raises(InvalidFigure) as refused:
        service_availability(pair(q=q), "shop", solver, terms=terms)

    assert fault in str(refused.value)


def test_an_explicit_common_cause_suits_unequal_members(solver: Solver) -> None:
    terms = AvailabilityTerms(common_causes=(CommonCause("pool", q=0.05),))

    found = service_availability(pair(q=[0, 0, 0.1, 0.2]), "shop", solver, terms=terms)

    first, second = 1 - 0.9 / 0.95, 1 - 0.8 / 0.95
    assert found.unavailability.value == pytest.approx(0.05 + 0.95 * first * second)


def test_a_common_cause_is_judged_even_where_no_service_relies_on_its_group() -> None:
    estate = topology(
        "pool a b lonely",
        [("pool", "a", GATE), ("pool", "b", GATE)],
        {"pool": 1},
        q=[0.0, 0.1, 0.1, 0.0],
    )

    assert cause_probability(estate, CommonCause("pool", beta=0.3)) == pytest.approx(0.03)
    assert cause_probability(estate, CommonCause("pool", q=0.1)) == 0.1
    with pytest.raises(InvalidFigure, match=r"beta in \[0, 1\]"):
        cause_probability(estate, CommonCause("pool", beta=1.3))
    with pytest.raises(InvalidFigure, match="a group or a cluster"):
        cause_probability(estate, CommonCause("lonely", beta=0.3))


def test_causes_that_are_too_likely_together_name_their_groups(solver: Solver) -> None:
    edges = [("g", "a", GATE), ("g", "b", GATE), ("h", "a", GATE), ("h", "b", GATE)]
    estate = topology("g h a b", edges, {"g": 1, "h": 1}, q=[0.0, 0.0, 0.1, 0.1])

    def asked(beta: float) -> float:
        causes = (CommonCause("g", beta=beta), CommonCause("h", beta=beta))
        terms = AvailabilityTerms(common_causes=causes)
        return service_availability(estate, "a", solver, terms=terms).unavailability.value

    assert asked(0.5) == pytest.approx(0.1)
    with pytest.raises(InvalidFigure, match="of 'g', 'h' together are more likely than its own"):
        asked(0.6)


def test_planned_windows_count_where_the_agreement_says_so(solver: Solver) -> None:
    both = Maintenance(("s1", "s2"), hours=8.76, times_per_year=10)
    one = Maintenance(("s1",), hours=8.76, times_per_year=10)
    terms = AvailabilityTerms(maintenance=(both, one))

    left_out = service_availability(pair(), "shop", solver, terms=terms)
    counted = service_availability(
        pair(),
        "shop",
        solver,
        terms=AvailabilityTerms(maintenance=(both, one), counts_maintenance=True),
    )

    assert left_out.unavailability.value == pytest.approx(0.01)
    assert left_out.scheduled_interruptions_per_year == 10
    assert left_out.scheduled_hours_per_year == pytest.approx(87.6)
    assert counted.unavailability.value == pytest.approx(0.98 * 0.01 + 0.01 * 1.0 + 0.01 * 0.1)
    assert counted.mean_outage_hours is None


def test_a_window_of_a_single_host_adds_its_share_of_the_year(solver: Solver) -> None:
    host = topology("host", [], q=[0.01], mttr_hours=[2.0])
    terms = AvailabilityTerms(maintenance=(Maintenance(("host",), 4.0),), counts_maintenance=True)

    found = service_availability(host, "host", solver, terms=terms)

    assert found.unavailability.value == pytest.approx(0.01 + 0.99 * 4 / 8760)
    assert (found.scheduled_interruptions_per_year, found.scheduled_hours_per_year) == (1.0, 4.0)


def test_windows_that_go_on_without_a_break_are_one_interruption(solver: Solver) -> None:
    first = Maintenance(("s1", "s2"), hours=1.0)
    both = Maintenance(("s1", "s2", "elsewhere"), hours=2.0, continues=True)
    one = Maintenance(("s1",), hours=3.0, continues=True)
    again = Maintenance(("s1", "s2"), hours=4.0, continues=True)
    apart = Maintenance(("s1", "s2"), hours=5.0)
    terms = AvailabilityTerms(maintenance=(first, both, one, again, apart))

    found = service_availability(pair(), "shop", solver, terms=terms)

    # first and both are one; one leaves the shop up; again and apart are one each.
    assert found.scheduled_interruptions_per_year == 3.0
    assert found.scheduled_hours_per_year == 1.0 + 2.0 + 4.0 + 5.0


def test_windows_may_fill_the_year_to_the_last_hour(solver: Solver) -> None:
    windows = (Maintenance(("s1", "s2"), hours=0.1, times_per_year=87_600 / 7),) * 7
    terms = AvailabilityTerms(maintenance=windows, counts_maintenance=True)

    found = service_availability(pair(), "shop", solver, terms=terms)

    assert found.unavailability.value == pytest.approx(1.0)


@pytest.mark.parametrize(
    "windows",
    [(Maintenance(("s1",), hours=0.0),), (Maintenance(("s1",), hours=5000.0, times_per_year=2),)],
)
def test_planned_windows_that_cannot_be_are_refused(
    solver: Solver, windows: tuple[Maintenance, ...]
) -> None:
    with pytest.raises(InvalidFigure):
        service_availability(pair(), "shop", solver, terms=AvailabilityTerms(maintenance=windows))


def test_assumptions_are_listed_for_what_the_service_relies_on(solver: Solver) -> None:
    terms = AvailabilityTerms(
        assumed_default=frozenset({"s1", "elsewhere"}), assumed_perfect=frozenset({"shop"})
    )

    found = service_availability(pair(), "shop", solver, terms=terms)

    assert (found.assumed_default, found.assumed_perfect) == (("s1",), ("shop",))
    assert found.assumed_share == pytest.approx(2 / 3)
    assert any("independently" in text for text in found.unavailability.assumptions)


def test_a_group_that_cannot_be_judged_never_fails_and_is_listed(solver: Solver) -> None:
    found = service_availability(
        topology(
            "shop pool s1",
            [("shop", "pool", HARD), ("pool", "s1", GATE)],
            {"pool": 2},
            q=[0.0, 0.0, 0.5],
        ),
        "shop",
        solver,
    )

    assert found.unavailability.value == 0.0
    assert found.unknown == ("pool",)


def test_many_services_are_answered_in_order(solver: Solver) -> None:
    found = list(availabilities(pair(), ["s1", "shop", "s2"], solver))

    assert [each.service for each in found] == ["s1", "shop", "s2"]


def test_an_unknown_id_is_refused(solver: Solver) -> None:
    with pytest.raises(UnknownNode):
        service_availability(pair(), "nothing", solver)


def test_what_services_share_is_read_once() -> None:
    made = pair()
    builder = StructureBuilder(made)

    first, again = (builder.build(made.index("shop")) for _ in range(2))

    assert first == again
