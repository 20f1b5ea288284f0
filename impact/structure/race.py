"""Which variable order builds its diagram first? The most promising leads, the others may try."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from impact.structure.orders import PORTFOLIO, total_span, variable_order
from impact.structure.solution import Budget
from impact.structure.tree import FaultTree
from impact.structure.wire import Message, pack_tree
from impact.structure.worker import ShouldStop, Worker, WorkerLost

OPENING_SECONDS = 0.02
"""What the first order gets before any other is even worked out."""
LEAD_SECONDS = 0.3
GROWTH = 4
SHARE_OF_OTHERS = 1 / 16
"""What every other order gets of the time of the leader."""
PATIENCE_SECONDS = 2.0
"""How long one step may go on beyond its slice before the process is ended."""


@dataclass(frozen=True, slots=True)
class Winner:
    """The order whose diagram is whole in the worker, and the nodes made for it."""

    order: str
    nodes: int


@dataclass(slots=True)
class _Runner:
    order: str
    variables: list[int]
    nodes: int = 0
    is_out: bool = False


def race(
    worker: Worker,
    tree: FaultTree,
    budget: Budget,
    *,
    orders: Sequence[str] | None = None,
    should_stop: ShouldStop | None = None,
) -> Winner | None:
    """Return the first order whose diagram gets whole, None if the budget ends.

    `orders` names those that run, by default the whole portfolio.

    Most diagrams are whole before the opening ends. Else that order leads whose gates span least of
    it. Whenever its slice ends, the others try a sixteenth of it, each from the start, and its next
    slice is fourfold: where the leader explodes, whoever does not is found at bounded cost. An
    order is out when it is out of nodes, memory or patience. Afterwards the worker holds the
    winner's diagram.
    """
    track = _Track(worker, tree, budget, should_stop)
    track.load()
    names = orders or PORTFOLIO
    opening = _Runner(names[0], variable_order(tree, names[0]))
    if track.is_finished(opening, OPENING_SECONDS):
        return Winner(opening.order, opening.nodes)
    field = _by_span(tree, opening, names[1:])
    if field[0] is not opening:
        track.drop(opening)
    slice_seconds = LEAD_SECONDS
    while field and not track.is_over:
        for runner in field:
            is_leader = runner is field[0]
            if track.is_finished(runner, slice_seconds * (1 if is_leader else SHARE_OF_OTHERS)):
                return Winner(runner.order, runner.nodes)
            if not is_leader:
                track.drop(runner)
        field = [runner for runner in field if not runner.is_out]
        slice_seconds *= GROWTH
    return None


def _by_span(tree: FaultTree, opening: _Runner, names: Sequence[str]) -> list[_Runner]:
    """Return the opening and each order that differs from those before it, shortest span first."""
    runners = {tuple(opening.variables): opening}
    for name in names:
        variables = variable_order(tree, name)
        runners.setdefault(tuple(variables), _Runner(name, variables))
    return sorted(runners.values(), key=lambda runner: total_span(tree, runner.variables))


class _Track:
    """Where orders run: the worker with one tree."""

    def __init__(
        self, worker: Worker, tree: FaultTree, budget: Budget, should_stop: ShouldStop | None
    ) -> None:
        self._worker = worker
        self._load: Message = {"do": "load", "tree": pack_tree(tree)}
        self._budget = budget
        self._ends_at = time.monotonic() + budget.seconds
        self._should_stop = should_stop

    @property
    def is_over(self) -> bool:
        """Tell whether the budget's time is spent."""
        return time.monotonic() >= self._ends_at

    def load(self) -> None:
        """Give the worker the tree; what it held before is gone."""
        self._worker.ask(self._load, PATIENCE_SECONDS + self._budget.seconds, self._should_stop)

    def is_finished(self, runner: _Runner, seconds: float) -> bool:
        """Let an order build for some seconds, and tell whether its diagram is whole."""
        left = self._ends_at - time.monotonic()
        if left <= 0 or runner.is_out:
            return False
        lap = {"do": "build", "order": runner.order, "variables": runner.variables,
               "nodes": self._budget.nodes, "seconds": min(seconds, left)}  # fmt: skip
        try:
            patience = min(left, PATIENCE_SECONDS + 2 * seconds)
            done = self._worker.ask(lap, patience, self._should_stop)
        except WorkerLost:
            runner.is_out = True
            self.load()
            return False
        runner.nodes = done["nodes"]
        runner.is_out = runner.nodes > self._budget.nodes
        return bool(done["is_whole"])

    def drop(self, runner: _Runner) -> None:
        """Free what an order has built."""
        self._worker.ask({"do": "drop", "order": runner.order}, PATIENCE_SECONDS, None)
