"""Does the solver agree with all 2^n worlds?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impact.structure import (
    FaultTree,
    Importance,
    Limits,
    Method,
    Share,
    Solver,
    measure_importance,
)
from impact.structure.factoring import factored
from impact.structure.folding import fold
from impact.structure.managers import CHOICE
from impact.structure.single_points import find_single_points
from tests.property import oracle_structure as oracle
from tests.property.strategies_impact import exhaustive
from tests.property.strategies_structure import Case, cases, sums_of_products

CLOSE = 1e-12


@pytest.fixture(scope="module", params=["relibmss", "oxidd"])
def solver(request: pytest.FixtureRequest) -> Iterator[Solver]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CHOICE, request.param)
        with Solver() as opened:
            yield opened


@exhaustive
@given(case=st.one_of(cases(is_coherent=False), sums_of_products()))
def test_the_probability_of_any_tree_is_exact(solver: Solver, case: Case) -> None:
    answer = solver.probability(case.tree, case.q)

    expected = oracle.probability(lambda w: oracle.holds(case.formula, w), case.q)
    assert answer.method is Method.EXACT
    assert answer.value == pytest.approx(expected, abs=CLOSE)


@exhaustive
@given(case=cases(is_coherent=False))
def test_folding_changes_no_world(case: Case) -> None:
    _check_worlds(fold(case.tree), case)


@exhaustive
@given(case=sums_of_products())
def test_factoring_changes_no_world(case: Case) -> None:
    found = factored(case.tree)

    assert _mentions(found) <= _mentions(case.tree)
    _check_worlds(found, case)


@exhaustive
@given(case=cases(is_coherent=False))
def test_factoring_any_tree_changes_no_world(case: Case) -> None:
    _check_worlds(factored(case.tree), case)


@exhaustive
@given(case=st.one_of(cases(), sums_of_products()))
def test_cut_sets_are_those_of_all_worlds(solver: Solver, case: Case) -> None:
    expected = oracle.minimal_cut_sets(case.formula, len(case.q))

    count = solver.cut_set_count(case.tree)
    listed = solver.cut_sets(case.tree, case.q, Limits(largest=10))
    few = solver.cut_sets(case.tree, case.q, Limits(largest=2, floor=0.1))

    assert count == len(expected)
    assert listed is not None
    assert few is not None
    assert ({frozenset(cut) for cut in listed[0]}, listed[1]) == (expected, True)
    assert len(listed[0]) == len(expected)
    assert {frozenset(cut) for cut in few[0]} == {
        cut for cut in expected if len(cut) <= 2 and math.prod(case.q[e] for e in cut) >= 0.1
    }


@exhaustive
@given(case=cases())
def test_single_points_are_the_cut_sets_of_one(case: Case) -> None:
    expected = oracle.minimal_cut_sets(case.formula, len(case.q))

    found = find_single_points(fold(case.tree))

    assert {frozenset([event]) for event in found} == {cut for cut in expected if len(cut) == 1}


@exhaustive
@given(case=st.one_of(cases(), sums_of_products()))
def test_importance_is_that_of_all_worlds(solver: Solver, case: Case) -> None:
    measures = measure_importance(solver, case.tree, case.q, with_fussell_vesely=True)

    assert measures is not None
    assert [m.event for m in measures] != [] or not case.tree.events()
    for measure in measures:
        _check(measure, case)


@exhaustive
@given(case=cases(is_coherent=False))
def test_birnbaum_is_the_difference_also_without_coherence(solver: Solver, case: Case) -> None:
    found = solver.event_shares(case.tree, case.q, Share.BIRNBAUM)

    assert found is not None
    for event, share in enumerate(found[1]):
        expected = oracle.birnbaum(case.formula, case.q, event)
        assert share == pytest.approx(expected, abs=CLOSE)


@exhaustive
@given(case=cases(), other=cases())
def test_raising_a_probability_never_lowers_the_top(
    solver: Solver, case: Case, other: Case
) -> None:
    higher = [max(pair) for pair in zip(case.q, [*other.q, *[0.0] * 9], strict=False)]

    before = solver.probability(case.tree, case.q).value
    after = solver.probability(case.tree, higher).value

    assert after >= before - CLOSE


def _mentions(tree: FaultTree) -> int:
    """Return how often gates name events."""
    return sum(child < tree.event_count for gate in tree.gates for child in gate.children)


def _check_worlds(tree: FaultTree, case: Case) -> None:
    for number, world in enumerate(oracle.worlds(len(case.q))):
        bits = sum(1 << event for event, is_so in enumerate(world) if is_so)
        assert tree.holds(bits) == oracle.holds(case.formula, world), number


def _check(measure: Importance, case: Case) -> None:
    q, event = case.q, measure.event

    def is_top(world: oracle.World) -> bool:
        return oracle.holds(case.formula, world)

    top = oracle.probability(is_top, q)
    held = oracle.probability(is_top, [*q[:event], 1.0, *q[event + 1 :]])
    absent = oracle.probability(is_top, [*q[:event], 0.0, *q[event + 1 :]])
    assert measure.birnbaum == pytest.approx(held - absent, abs=CLOSE)
    if top == 0.0:
        assert measure.criticality is measure.risk_achievement_worth is None
        assert measure.risk_reduction_worth is measure.fussell_vesely is None
        return
    assert measure.criticality == pytest.approx(q[event] * (held - absent) / top, abs=1e-9)
    assert measure.risk_achievement_worth == pytest.approx(held / top, abs=1e-9)
    expected = math.inf if absent == 0.0 else top / absent
    assert measure.risk_reduction_worth == pytest.approx(expected, rel=1e-6)
    cuts = oracle.minimal_cut_sets(case.formula, len(q))
    union = oracle.union_probability(cuts, event, q)
    assert measure.fussell_vesely == pytest.approx(union / top, abs=1e-9)


def test_a_tree_of_nothing_but_a_constant_is_answered(solver: Solver) -> None:
    certain = FaultTree(1, (), top=-2)

    assert solver.probability(certain, [0.5]).value == 1.0
    assert solver.cut_set_count(certain) == 1
    assert solver.cut_sets(certain, [0.5], Limits()) == ([()], True)
