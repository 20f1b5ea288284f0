"""Are figures of fault trees those of the textbooks, and honest where they are not exact?"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from impact.errors import Cancelled, InvalidTree
from impact.structure import (
    FALSE,
    Budget,
    FaultTree,
    Gate,
    Limits,
    Method,
    Op,
    Share,
    Solver,
    TreeBuilder,
    measure_importance,
    modules,
    worker,
)
from impact.structure.folding import fold
from impact.structure.orders import PORTFOLIO, variable_order
from impact.structure.sampling import Sample, draw
from impact.structure.wire import Message
from tests.peers.unavailable import posix_only


@pytest.fixture(scope="module")
def solver() -> Iterator[Solver]:
    with Solver() as opened:
        yield opened


def bridge() -> FaultTree:
    """Components 0 and 1 in one branch, 2 and 3 in the other, 4 across; cut sets of the whole."""
    builder = TreeBuilder(5)
    cuts = [(0, 2), (1, 3), (0, 4, 3), (2, 4, 1)]
    return builder.tree(builder.any_of(builder.all_of(cut) for cut in cuts))


def knot(width: int) -> FaultTree:
    """A tree that no variable order tames: each event is in many gates far from each other."""
    builder = TreeBuilder(width)
    gates = [
        builder.at_least(3, [(7 * i + step * step * 11) % width for step in range(7)])
        for i in range(width)
    ]
    halves = [builder.at_least(4, gates[i :: width // 9]) for i in range(width // 9)]
    return builder.tree(builder.any_of(halves))


def test_the_bridge_network(solver: Solver) -> None:
    q = 0.1

    answer = solver.probability(bridge(), [q] * 5)

    assert answer.value == pytest.approx(2 * q**2 + 2 * q**3 - 5 * q**4 + 2 * q**5, rel=1e-14)
    assert (answer.method, answer.ci95, answer.samples) == (Method.EXACT, None, None)


def test_two_of_three(solver: Solver) -> None:
    builder = TreeBuilder(3)
    tree = builder.tree(builder.at_least(2, [0, 1, 2]))

    assert solver.probability(tree, [0.1] * 3).value == pytest.approx(0.028, rel=1e-14)
    assert solver.cut_set_count(tree) == 3


def test_series_and_parallel_with_a_shared_component(solver: Solver) -> None:
    builder = TreeBuilder(3)
    tree = builder.tree(builder.all_of([builder.any_of([0, 1]), builder.any_of([0, 2])]))

    answer = solver.probability(tree, [0.01, 0.1, 0.2])

    assert answer.value == pytest.approx(0.01 + 0.99 * 0.1 * 0.2, rel=1e-14)


def test_tiny_probabilities_keep_their_digits(solver: Solver) -> None:
    builder = TreeBuilder(2)
    tree = builder.tree(builder.any_of([0, 1]))

    assert solver.probability(tree, [1e-20, 2e-20]).value == pytest.approx(3e-20, rel=1e-12)


def test_certain_and_impossible_events_are_settled_first(solver: Solver) -> None:
    assert solver.probability(bridge(), [1.0, 0.3, 1.0, 0.4, 0.5]).value == 1.0
    assert solver.probability(bridge(), [0.0] * 5).value == 0.0
    measures = measure_importance(solver, bridge(), [0.0] * 5, with_fussell_vesely=True)
    assert measures is not None
    assert {m.risk_achievement_worth for m in measures} == {None}


def test_without_its_only_event_the_top_never_holds(solver: Solver) -> None:
    measures = measure_importance(solver, FaultTree(1, (), 0), [0.25], with_fussell_vesely=True)

    assert measures is not None
    assert measures[0].risk_reduction_worth == math.inf
    assert measures[0].risk_achievement_worth == 4.0
    assert measures[0].fussell_vesely == measures[0].criticality == 1.0


def test_a_group_of_two_hundred_members(solver: Solver) -> None:
    builder = TreeBuilder(200)
    tree = builder.tree(builder.at_least(100, range(200)))

    answer = solver.probability(tree, [0.5] * 200)
    found = solver.event_shares(tree, [0.5] * 200, Share.BIRNBAUM)

    tail = sum(math.comb(200, k) for k in range(100, 201)) / 2**200
    assert answer.value == pytest.approx(tail, rel=1e-12)
    assert solver.cut_set_count(tree) == math.comb(200, 100)
    assert found is not None
    assert found[1][0] == pytest.approx(math.comb(199, 99) / 2**199, rel=1e-10)


def test_a_group_of_two_hundred_shared_members(solver: Solver) -> None:
    builder = TreeBuilder(201)
    many = builder.at_least(100, range(200))
    tree = builder.tree(builder.all_of([many, builder.any_of([200, builder.all_of([0, 1])])]))

    answer = solver.probability(tree, [0.5] * 201)

    both = sum(math.comb(198, k) for k in range(98, 199)) / 2**198 / 4
    alone = sum(math.comb(200, k) for k in range(100, 201)) / 2**200 / 2
    assert answer.method is Method.EXACT
    assert answer.value == pytest.approx(alone + both / 2, rel=1e-12)


def test_modules_are_found_where_events_occur_once() -> None:
    builder = TreeBuilder(6)
    left = builder.all_of([0, builder.any_of([1, 2])])
    right = builder.all_of([3, builder.any_of([4, 5]), builder.any_of([3, 5])])
    tree = builder.tree(builder.any_of([left, right]))

    found = modules.find_modules(tree)

    assert [len(module.tree.gates) for module in found] == [1, 1, 3, 1]
    assert found[-1].reference == tree.top


def test_listed_cut_sets_keep_their_limits(solver: Solver) -> None:
    q = [0.5, 0.1, 0.1, 0.1, 0.1]

    listed = solver.cut_sets(bridge(), q, Limits(largest=2))
    likely = solver.cut_sets(bridge(), q, Limits(largest=5, floor=0.04))
    few = solver.cut_sets(bridge(), q, Limits(limit=1))

    assert listed == ([(0, 2), (1, 3)], True)
    assert likely == ([(0, 2)], True)
    assert few is not None
    assert (few[0], few[1]) == ([(0, 2)], False)


def test_every_order_of_the_portfolio_holds_every_event_once() -> None:
    tree = knot(45)
    for name in PORTFOLIO:
        assert sorted(variable_order(tree, name)) == tree.events()


@pytest.mark.parametrize("q", [[0.1], [0.1, 1.5], [0.1, math.nan], [-0.1, 0.2]])
def test_figures_that_do_not_suit_the_tree_are_refused(solver: Solver, q: list[float]) -> None:
    tree = FaultTree(2, (Gate(Op.AND, (0, 1)),), 2)

    with pytest.raises(InvalidTree):
        solver.probability(tree, q)


@pytest.mark.parametrize(
    "gates", [(Gate(Op.OR, (3,)),), (Gate(Op.OR, ()),), (Gate(Op.AT_LEAST, (0, 1), 3),)]
)
def test_what_is_no_tree_is_refused(gates: tuple[Gate, ...]) -> None:
    with pytest.raises(InvalidTree):
        FaultTree(2, gates, 2)


def test_what_is_not_coherent_has_no_cut_sets(solver: Solver) -> None:
    builder = TreeBuilder(2)
    tree = builder.tree(builder.odd_of([0, 1]))

    with pytest.raises(InvalidTree, match="not coherent"):
        solver.cut_set_count(tree)


def test_negations_that_cancel_out_leave_a_coherent_tree() -> None:
    builder = TreeBuilder(3)
    neither = builder.negation(builder.any_of([0, 1]))
    tree = builder.tree(builder.all_of([2, builder.negation(neither)]))

    assert fold(tree).is_plain
    assert fold(tree, {2: False}).top == FALSE


def test_an_explosion_costs_the_budget_and_gives_an_interval(solver: Solver) -> None:
    tree, q = knot(180), [0.05] * 180
    began = time.monotonic()

    answer = solver.probability(tree, q, budget=Budget(seconds=1.0, samples=500_000), seed=3)
    count = solver.cut_set_count(tree, budget=Budget(seconds=0.5))

    assert answer.method is not Method.EXACT
    assert answer.ci95 is not None
    assert answer.ci95[0] < answer.value < answer.ci95[1]
    assert (answer.seed, answer.samples) == (3, 524_288)
    assert count is None
    assert time.monotonic() - began < 60
    assert solver.probability(bridge(), [0.1] * 5).method is Method.EXACT


def test_the_same_seed_gives_the_same_interval(solver: Solver) -> None:
    tree, q = knot(60), [0.2] * 60
    budget = Budget(seconds=0.0, samples=200_000)

    answers = [solver.probability(tree, q, budget=budget, seed=seed) for seed in (1, 1, 2)]

    assert answers[0] == answers[1]
    assert answers[0].value != answers[2].value


def test_nodes_are_limited_too(solver: Solver) -> None:
    answer = solver.probability(
        knot(90), [0.05] * 90, budget=Budget(seconds=30.0, nodes=2_000, samples=100_000)
    )

    assert answer.method is not Method.EXACT


@posix_only
def test_a_worker_out_of_memory_gives_an_interval() -> None:
    with Solver(memory_mb=48) as small:
        answer = small.probability(
            knot(180), [0.05] * 180, budget=Budget(seconds=8.0, samples=100_000)
        )
        assert answer.method is not Method.EXACT
        assert small.probability(bridge(), [0.1] * 5).method is Method.EXACT


def test_a_worker_that_was_killed_is_started_again(solver: Solver) -> None:
    before = solver.probability(bridge(), [0.11] * 5)
    assert solver.worker_pid is not None

    os.kill(solver.worker_pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    after = solver.probability(bridge(), [0.12] * 5)

    assert before.method is after.method is Method.EXACT
    assert after.value > before.value


def test_a_question_that_is_too_hard_leaves_others_about_the_tree_exact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = worker.Worker.ask

    def overdue(self: worker.Worker, request: Message, *others: Any) -> Message:
        if request.get("what") != "count":
            return ask(self, request, *others)
        self.close()
        raise worker.WorkerLost(is_overdue=True)

    monkeypatch.setattr(worker.Worker, "ask", overdue)
    with Solver() as patient:
        before = patient.probability(bridge(), [0.05] * 5)
        count = patient.cut_set_count(bridge())
        after = patient.probability(bridge(), [0.07] * 5)

    assert count is None
    assert before.method is after.method is Method.EXACT


def test_long_work_stops_when_asked(solver: Solver) -> None:
    began = time.monotonic()

    with pytest.raises(Cancelled):
        solver.probability(
            knot(180), [0.05] * 180, should_stop=lambda: time.monotonic() > began + 0.3
        )

    assert time.monotonic() - began < 10


def test_intervals_hold_the_exact_value_as_often_as_they_say(solver: Solver) -> None:
    tree, q = knot(30), [0.15] * 30
    exact = solver.probability(tree, q).value

    held = 0
    for seed in range(400):
        low, high = draw(tree, q, samples=1, seed=seed).ci95
        held += low <= exact <= high

    assert 370 <= held <= 390


@pytest.mark.parametrize("half_width", [0.02, 0.1])
def test_no_more_is_drawn_than_the_wanted_interval_needs(solver: Solver, half_width: float) -> None:
    tree, q = knot(60), [0.08] * 60
    budget = Budget(seconds=0.0, samples=100_000_000, half_width=half_width)

    answer = solver.probability(tree, q, budget=budget, seed=5)
    least = solver.probability(tree, q, budget=Budget(seconds=0.0, samples=1), seed=5)

    assert answer.ci95 is not None
    assert least.ci95 is not None
    assert answer.samples is not None
    assert (answer.ci95[1] - answer.ci95[0]) / 2 <= half_width * answer.value
    assert answer.samples < 100_000_000
    is_wide = (least.ci95[1] - least.ci95[0]) / 2 > half_width * least.value
    assert (answer.samples > 131_072) == is_wide


def test_what_single_points_add_is_no_reason_to_draw_more(solver: Solver) -> None:
    """Beside a point of 0.5, whatever is rare hardly widens the interval of the whole."""
    events = 61
    builder = TreeBuilder(events)
    references = list(range(60))
    for gate in knot(60).gates:
        references.append(builder.joined(gate, [references[child] for child in gate.children]))
    tree = builder.tree(builder.any_of([references[knot(60).top], 60]))
    budget = Budget(seconds=0.0, samples=100_000_000, half_width=0.01)

    beside = solver.probability(tree, [0.08] * 60 + [0.5], budget=budget)
    alone = solver.probability(knot(60), [0.08] * 60, budget=budget)

    assert beside.method is Method.HYBRID
    assert beside.samples == 131_072
    assert alone.samples is not None
    assert alone.samples > beside.samples


def test_intervals_of_wanted_width_hold_the_exact_value_as_often_as_they_say(
    solver: Solver,
) -> None:
    tree, q = knot(30), [0.06] * 30
    exact = solver.probability(tree, q).value
    budget = Budget(seconds=0.0, samples=10_000_000, half_width=0.1)

    with Solver() as hasty:
        answers = [hasty.probability(tree, q, budget=budget, seed=seed) for seed in range(400)]

    held = sum(low <= exact <= high for low, high in (each.ci95 or (1, 0) for each in answers))
    assert len({each.samples for each in answers}) > 1
    assert 370 <= held <= 390


def test_no_hit_and_nothing_but_hits_are_bounded() -> None:
    assert Sample(0, 1000).ci95 == (0.0, 0.003)
    assert Sample(1000, 1000).ci95 == (0.997, 1.0)


def test_rare_and_common_events_are_drawn_as_often_as_they_say() -> None:
    for q in (1e-4, 0.01, 0.019, 0.02, 0.5, 0.99):
        tree = FaultTree(1, (Gate(Op.OR, (0,)),), 1)
        low, high = draw(tree, [q], samples=2_000_000, seed=11).ci95
        spread = (high - low) / 2
        assert low - spread < q < high + spread


def test_an_interval_without_width_takes_all_samples_there_are(solver: Solver) -> None:
    budget = Budget(seconds=0.0, samples=300_000, half_width=0.0)

    answer = solver.probability(knot(60), [0.08] * 60, budget=budget)

    assert answer.samples == 393_216
