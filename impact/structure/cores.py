"""What is known of the hard cores of a tree? Each is raced once; what was asked is kept."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from impact.structure import closed_forms
from impact.structure.parts import Core
from impact.structure.race import Winner, race
from impact.structure.solution import Budget
from impact.structure.tree import FaultTree
from impact.structure.wire import Message
from impact.structure.worker import ShouldStop, Worker, WorkerLost

KEPT_ANSWERS = 50_000
KEPT_VERDICTS = 10_000
"""Winners of races, and questions known to be too hard, that are remembered."""
_DIAGRAM = "diagram"
ANSWER_SECONDS = 30.0
"""How long a finished diagram may take to answer when its budget is used up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Which cut sets are listed.

    Attributes:
        largest: Events in a set, at most.
        floor: Probability of a set, at least.
        limit: Number of sets, at most.
    """

    largest: int = 4
    floor: float = 0.0
    limit: int = 1_000


class Unsolved(Exception):
    """The budget ended before a diagram of the core was whole."""


class Cores:
    """Answers about cores, by closed forms or by diagrams in the worker; equal cores share them."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._answers: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._winners: OrderedDict[FaultTree, Winner] = OrderedDict()
        self._hopeless: OrderedDict[tuple[FaultTree, str], float] = OrderedDict()
        self._held: tuple[FaultTree, int] | None = None
        self.budget = Budget()
        self.ends_at = 0.0
        self.should_stop: ShouldStop | None = None
        self.used: list[Winner] = []

    def begin(self, budget: Budget, should_stop: ShouldStop | None) -> None:
        """Start the clock of a question."""
        self.budget = budget
        self.ends_at = time.monotonic() + budget.seconds
        self.should_stop = should_stop
        self.used = []

    def probability(self, core: Core, q: Sequence[float]) -> float:
        """Return the probability that a core holds.

        Raises:
            Unsolved: The budget ended first. So of all methods here.
        """
        if core.is_one_gate:
            return closed_forms.gate_probability(core.tree.gates[0], q)
        return float(self._ask(core, {"what": "probability", "q": list(q)})["value"])

    def birnbaum(self, core: Core, q: Sequence[float]) -> list[float]:
        """Return the derivative by each event of a core."""
        if core.is_one_gate:
            return _spread(core, closed_forms.gate_birnbaum(core.tree.gates[0], q))
        return list(self._ask(core, {"what": "birnbaum", "q": list(q)})["value"])

    def unions(self, core: Core, q: Sequence[float]) -> list[float]:
        """Return for each event the probability of the union of its cut sets, itself left out."""
        if core.is_one_gate:
            return _spread(core, closed_forms.gate_unions(core.tree.gates[0], q))
        found = []
        for event in range(core.tree.event_count):
            if time.monotonic() > self.ends_at:
                raise Unsolved
            answer = self._ask(core, {"what": "union", "q": list(q), "event": event})
            found.append(float(answer["value"]))
        return found

    def count(self, core: Core, weights: Sequence[int]) -> int:
        """Return the number of minimal cut sets, an event standing for as many as it weighs."""
        if core.is_one_gate:
            return closed_forms.gate_cut_sets(core.tree.gates[0], weights)
        # Counts can be longer than the numbers of JSON: they travel as text.
        return int(self._ask(core, {"what": "count", "weights": list(weights)})["value"])

    def listed(
        self, core: Core, q: Sequence[float], limits: Limits
    ) -> tuple[list[list[int]], bool]:
        """Return the smallest minimal cut sets of a core, and whether none within is missing."""
        question = {"what": "list", "q": list(q), **asdict(limits)}
        answer = self._ask(core, question)
        return answer["value"], answer["is_complete"]

    def _ask(self, core: Core, question: Message) -> Message:
        key = (core.tree, *(_frozen(value) for value in question.values()))
        if key in self._answers:
            self._answers.move_to_end(key)
            self._note(core.tree)
            found: Message = self._answers[key]
            return found
        answer = self._tell(core.tree, question)
        _keep(self._answers, key, answer, KEPT_ANSWERS)
        return answer

    def _tell(self, tree: FaultTree, question: Message) -> Message:
        """Have the worker answer; one that died, not of this question, is replaced once."""
        what = question["what"]
        if self._is_hopeless(tree, what):
            raise Unsolved
        for is_last in (False, True):
            winner = self._bring(tree)
            seconds = max(ANSWER_SECONDS, self.ends_at - time.monotonic())
            request = {"do": "ask", "order": winner.order, **question}
            try:
                return self._worker.ask(request, seconds, self.should_stop)
            except WorkerLost as lost:
                self._held = None
                if is_last or lost.is_overdue:
                    break
        self._give_up(tree, what)
        raise Unsolved

    def _bring(self, tree: FaultTree) -> Winner:
        """Have the worker hold the diagram of a core."""
        if self._held == (tree, self._worker.starts) and self._worker.pid is not None:
            self._note(tree)
            return self._winners[tree]
        left = self.ends_at - time.monotonic()
        if left <= 0 or self._is_hopeless(tree, _DIAGRAM):
            raise Unsolved
        known = self._winners.get(tree)
        budget = Budget(left, self.budget.nodes, self.budget.memory_mb, self.budget.samples)
        orders = [known.order] if known else None
        try:
            winner = race(self._worker, tree, budget, orders=orders, should_stop=self.should_stop)
        except WorkerLost:
            winner = None
        if winner is None:
            self._give_up(tree, _DIAGRAM)
            raise Unsolved
        _keep(self._winners, tree, winner, KEPT_VERDICTS)
        self._held = (tree, self._worker.starts)
        self._note(tree)
        return winner

    def _is_hopeless(self, tree: FaultTree, what: str) -> bool:
        return self._hopeless.get((tree, what), -1.0) >= self.budget.seconds

    def _give_up(self, tree: FaultTree, what: str) -> None:
        """Remember what such a budget does not suffice for; other questions stay open."""
        self._held = None
        spent = max(self._hopeless.get((tree, what), 0.0), self.budget.seconds)
        _keep(self._hopeless, (tree, what), spent, KEPT_VERDICTS)

    def _note(self, tree: FaultTree) -> None:
        if tree in self._winners:
            self.used.append(self._winners[tree])


def _keep(kept: OrderedDict[Any, Any], key: Any, value: Any, most: int) -> None:
    """Note what was found out, and forget what was noted first when there is too much."""
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > most:
        kept.popitem(last=False)


def _spread(core: Core, by_child: list[float]) -> list[float]:
    """Return figures by event from figures by child of the one gate."""
    figures = [0.0] * core.tree.event_count
    for child, figure in zip(core.tree.gates[0].children, by_child, strict=True):
        figures[child] = figure
    return figures


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
