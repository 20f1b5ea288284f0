"""Do orders of variables come out as described, and does the race find one that works?"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from impact.structure import Budget, FaultTree, TreeBuilder, race
from impact.structure.diagrams import Diagram
from impact.structure.drawing_together import drawn_together
from impact.structure.orders import PORTFOLIO, total_span, variable_order
from impact.structure.worker import Worker

PAIRS = 30


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    opened = Worker(1_024)
    yield opened
    opened.close()


def pairs(count: int = PAIRS) -> FaultTree:
    """Pairs of which one must fail, or all first ones: in the order given the firsts come first."""
    builder = TreeBuilder(2 * count)
    firsts = builder.all_of(range(count))
    both = [builder.all_of([i, count + i]) for i in range(count)]
    return builder.tree(builder.any_of([firsts, *both]))


def halves(count: int) -> FaultTree:
    """All the even events must fail, or all the odd ones."""
    builder = TreeBuilder(count)
    return builder.tree(
        builder.any_of(builder.all_of(range(parity, count, 2)) for parity in (0, 1))
    )


def test_walks_take_children_as_their_names_say() -> None:
    builder = TreeBuilder(6)
    large = builder.any_of([0, 1, 2])
    small = builder.any_of([3, 4])
    tree = builder.tree(builder.all_of([large, 5, small, builder.at_least(2, [3, 4, 5])]))

    assert variable_order(tree, "input") == [0, 1, 2, 5, 3, 4]
    assert variable_order(tree, "light-first") == [5, 3, 4, 0, 1, 2]
    assert variable_order(tree, "heavy-first") == [0, 1, 2, 3, 4, 5]
    assert variable_order(tree, "shared-heavy")[0] == 5
    assert variable_order(tree, "shared-light") == [5, 3, 4, 0, 1, 2]


def test_the_span_is_what_gates_spread_over() -> None:
    builder = TreeBuilder(3)
    tree = builder.tree(builder.any_of([builder.all_of([0, 2]), 1]))

    assert total_span(tree, [0, 1, 2]) == 2 + 2
    assert total_span(tree, [1, 0, 2]) == 1 + 2


def test_what_gates_join_is_drawn_together() -> None:
    found = drawn_together(halves(40), range(40))

    assert found == [*range(0, 40, 2), *range(1, 40, 2)]


def test_drawing_together_never_makes_it_worse() -> None:
    tree = halves(40)
    best = [*range(1, 40, 2), *range(0, 40, 2)]

    assert total_span(tree, drawn_together(tree, best)) == total_span(tree, best)


def test_where_the_leader_explodes_another_order_wins(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(race, "total_span", lambda _tree, _order: 0)  # whoever opens leads
    orders = ("input", "light-first")

    found = race.race(worker, pairs(), Budget(seconds=20.0), orders=orders)

    assert found is not None
    assert found.order == "light-first"
    assert found.nodes < 10_000


def test_an_order_that_explodes_alone_costs_the_budget(worker: Worker) -> None:
    assert race.race(worker, pairs(), Budget(seconds=0.5), orders=("input",)) is None


def test_the_order_of_least_span_leads(worker: Worker) -> None:
    """Alone, the leader gets through; the opening order would not."""
    found = race.race(worker, pairs(), Budget(seconds=20.0), orders=("input", *PORTFOLIO[1:4]))

    assert found is not None
    assert found.order == PORTFOLIO[1]


def test_a_diagram_that_is_dropped_is_freed_at_once() -> None:
    """Without waiting for the collector of circles, which does not know how much hangs on it."""
    tree = halves(40)
    gc.disable()
    try:
        diagram = Diagram(tree, variable_order(tree, "input"))
        diagram.build(0.0, 10)
        gone = weakref.ref(diagram)
        del diagram
        assert gone() is None
    finally:
        gc.enable()
