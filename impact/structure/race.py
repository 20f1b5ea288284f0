"""Which variable order builds its diagram first? Orders get equal slices; the laggards rest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from impact.structure.orders import PORTFOLIO, variable_order
from impact.structure.solution import Budget
from impact.structure.tree import FaultTree
from impact.structure.wire import Message, pack_tree
from impact.structure.worker import ShouldStop, Worker, WorkerLost

FIRST_SLICE_SECONDS = 0.02
GROWTH = 4
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
    share: float = 0.0
    is_out: bool = field(default=False)


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

    Every round, each order may build for a slice of time; after it the half that got further stays
    and the slice grows fourfold. The others come back only if all that stayed ran out of nodes,
    memory or patience. Afterwards the worker holds the winner's diagram.
    """
    end = time.monotonic() + budget.seconds
    rested = _distinct_runners(tree, orders or PORTFOLIO)
    load: Message = {"do": "load", "tree": pack_tree(tree)}
    worker.ask(load, PATIENCE_SECONDS + budget.seconds, should_stop)
    slice_seconds = FIRST_SLICE_SECONDS
    while rested:
        running, rested = rested, []
        while running:
            for runner in running:
                left = end - time.monotonic()
                if left <= 0:
                    return None
                lap = {"do": "build", "order": runner.order, "nodes": budget.nodes,
                       "seconds": min(slice_seconds, left)}  # fmt: skip
                try:
                    patience = PATIENCE_SECONDS + 2 * slice_seconds
                    done = worker.ask(lap, min(left, patience), should_stop)
                except WorkerLost:
                    runner.is_out = True
                    worker.ask(load, PATIENCE_SECONDS + budget.seconds, should_stop)
                    continue
                if done["is_whole"]:
                    return Winner(runner.order, done["nodes"])
                runner.share = done["share"]
                if done["nodes"] > budget.nodes:
                    runner.is_out = True
                    worker.ask({"do": "drop", "order": runner.order}, PATIENCE_SECONDS, None)
            running = sorted((r for r in running if not r.is_out), key=lambda r: -r.share)
            half = (len(running) + 1) // 2
            for runner in running[half:]:
                worker.ask({"do": "drop", "order": runner.order}, PATIENCE_SECONDS, None)
            rested += running[half:]
            running = running[:half]
            slice_seconds *= GROWTH
    return None


def _distinct_runners(tree: FaultTree, orders: Sequence[str]) -> list[_Runner]:
    """Return a runner for each order that differs from those before it."""
    runners: dict[tuple[int, ...], _Runner] = {}
    for name in orders:
        runners.setdefault(tuple(variable_order(tree, name)), _Runner(name))
    return list(runners.values())
