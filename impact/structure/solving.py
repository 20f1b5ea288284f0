"""How likely is the top of a fault tree? Exactly, as long as the budget lasts; then by samples."""

from __future__ import annotations

import math
import sys
from collections import OrderedDict
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from impact.errors import InvalidTree
from impact.structure.building import TreeBuilder
from impact.structure.cores import Cores, Limits, Unsolved
from impact.structure.evaluation import Evaluation, Share, count_cut_sets, evaluate, shares
from impact.structure.folding import fold, settled_events
from impact.structure.listing import list_cut_sets
from impact.structure.parts import Part, take_apart
from impact.structure.sampling import Z95, Sample, draw
from impact.structure.solution import Budget, Method, Probability
from impact.structure.tree import TRUE, FaultTree
from impact.structure.worker import ShouldStop, Worker

KEPT_PARTS = 10_000
PILOT = 1 << 32
"""What is added to the seed for the samples that tell how many are needed."""


class Solver:
    """Answers questions about fault trees; equal modules of all questions are solved once.

    Use it as a context manager: it owns a worker process, started when the first diagram is needed.
    One solver belongs to one thread.

    Args:
        memory_mb: What the worker may take, in MiB.

    Examples:
        >>> from impact.structure import Solver, TreeBuilder
        >>> builder = TreeBuilder(3)
        >>> tree = builder.tree(builder.any_of([0, builder.all_of([1, 2])]))
        >>> with Solver() as solver:
        ...     answer = solver.probability(tree, [0.1, 0.5, 0.5])
        >>> round(answer.value, 12), answer.method.value
        (0.325, 'exact')
    """

    def __init__(self, memory_mb: int = Budget().memory_mb) -> None:
        self._worker = Worker(memory_mb)
        self._cores = Cores(self._worker)
        self._parts: OrderedDict[FaultTree, Part] = OrderedDict()

    def __enter__(self) -> Self:
        """Return the solver."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the worker."""
        self.close()

    def close(self) -> None:
        """End the worker; a later question starts another."""
        self._worker.close()

    def warm_up(self) -> None:
        """Start the worker now, not at the first diagram."""
        self._worker.start()

    def forget(self) -> None:
        """Keep nothing of what was asked so far; the worker stays."""
        self._cores = Cores(self._worker)
        self._parts.clear()

    @property
    def worker_pid(self) -> int | None:
        """Return the number of the worker process, None while there is none."""
        return self._worker.pid

    def probability(
        self,
        tree: FaultTree,
        q: Sequence[float],
        *,
        budget: Budget | None = None,
        seed: int = 0,
        should_stop: ShouldStop | None = None,
    ) -> Probability:
        """Return the probability of the top, the events being independent.

        Args:
            tree: Coherent or not.
            q: Probability of each event, in [0, 1].
            budget: For exact work; when it is spent, the remainder is sampled.
            seed: Of the samples.
            should_stop: Asked about ten times a second.

        Raises:
            InvalidTree: Too few probabilities, or one out of range.
            Cancelled: `should_stop` said so.
            NoWorker: The worker cannot be started.
        """
        check_probabilities(tree, q)
        budget = budget or Budget()
        self._cores.begin(budget, should_stop)
        folded = fold(tree, settled_events(q))
        if folded.is_constant:
            return Probability(float(folded.top == TRUE), Method.EXACT)
        evaluation = evaluate(self.part_of(folded), q, self._cores)
        if not evaluation.is_solved:
            return _sampled(evaluation, budget, seed, should_stop)
        largest = max(self._cores.used, key=lambda winner: winner.nodes, default=None)
        return Probability(
            evaluation.value,
            Method.EXACT,
            order=largest.order if largest else None,
            bdd_nodes=sum(winner.nodes for winner in self._cores.used) or None,
        )

    def event_shares(
        self,
        tree: FaultTree,
        q: Sequence[float],
        kind: Share,
        *,
        budget: Budget | None = None,
        should_stop: ShouldStop | None = None,
    ) -> tuple[float, list[float]] | None:
        """Return P(top) and what each event adds, None if the budget ended first.

        BIRNBAUM: the derivative of P(top) by the event's probability. UNION (coherent trees only):
        the probability of the union of the minimal cut sets with the event, itself left out.
        """
        check_probabilities(tree, q)
        self._cores.begin(budget or Budget(), should_stop)
        folded = fold(tree)
        if folded.is_constant:
            return float(folded.top == TRUE), [0.0] * tree.event_count
        evaluation = evaluate(self.part_of(folded), q, self._cores)
        try:
            return evaluation.value, shares(evaluation, kind, self._cores)
        except (Unsolved, KeyError):
            return None

    def cut_set_count(
        self,
        tree: FaultTree,
        *,
        budget: Budget | None = None,
        should_stop: ShouldStop | None = None,
    ) -> int | None:
        """Return the exact number of minimal cut sets, None if the budget ended first.

        Raises:
            InvalidTree: The tree is not coherent: it has no minimal cut sets.
        """
        self._cores.begin(budget or Budget(), should_stop)
        folded = _coherent(tree)
        try:
            return count_cut_sets(self.part_of(folded), self._cores)
        except Unsolved:
            return None

    def cut_sets(
        self,
        tree: FaultTree,
        q: Sequence[float],
        limits: Limits,
        *,
        budget: Budget | None = None,
        should_stop: ShouldStop | None = None,
    ) -> tuple[list[tuple[int, ...]], bool] | None:
        """Return minimal cut sets within limits and whether none is missing, None out of budget.

        Those with fewer events come first, then the more likely ones, then by their events.

        Raises:
            InvalidTree: The tree is not coherent: it has no minimal cut sets.
        """
        check_probabilities(tree, q)
        self._cores.begin(budget or Budget(), should_stop)
        folded = _coherent(tree)
        try:
            return list_cut_sets(self.part_of(folded), q, self._cores, limits)
        except Unsolved:
            return None

    def part_of(self, folded: FaultTree) -> Part:
        """Return what a folded tree falls apart into; kept for the next question."""
        if folded not in self._parts:
            self._parts[folded] = take_apart(folded)
            if len(self._parts) > KEPT_PARTS:
                self._parts.popitem(last=False)
        return self._parts[folded]


def _coherent(tree: FaultTree) -> FaultTree:
    folded = fold(tree)
    if not folded.is_plain:
        raise InvalidTree("it is not coherent, so it has no minimal cut sets")
    return folded


def check_probabilities(tree: FaultTree, q: Sequence[float]) -> None:
    """Refuse what is no list of probabilities for the events of a tree.

    Raises:
        InvalidTree: Too few, or one out of [0, 1].
    """
    if len(q) != tree.event_count:
        raise InvalidTree(f"it has {tree.event_count} events and {len(q)} probabilities")
    for event, value in enumerate(q):
        if not 0.0 <= value <= 1.0 or math.isnan(value):
            raise InvalidTree(f"event {event} has probability {value}, which is not in [0, 1]")


def _sampled(
    evaluation: Evaluation, budget: Budget, seed: int, should_stop: ShouldStop | None
) -> Probability:
    tree, q = _condensed(evaluation)
    samples = budget.samples
    if budget.half_width is not None:
        # What the pilot saw decides how many are drawn, so it is no part of them.
        pilot = draw(tree, q, samples=1, seed=seed + PILOT, should_stop=should_stop)
        samples = min(samples, _enough(evaluation, pilot, budget.half_width))
    sample = draw(tree, q, samples=samples, seed=seed, should_stop=should_stop)
    low, high = sample.ci95
    is_hybrid = bool(evaluation.part.single_points) or len(tree.gates) < len(
        evaluation.part.rest.gates
    )
    return Probability(
        evaluation.with_rest(sample.value),
        Method.HYBRID if is_hybrid else Method.MONTE_CARLO,
        ci95=(evaluation.with_rest(low), evaluation.with_rest(high)),
        samples=sample.samples,
        seed=seed,
    )


def _enough(evaluation: Evaluation, pilot: Sample, half_width: float) -> int:
    """Return how many samples make the interval of the top so narrow wherever the pilot leaves it.

    The top is 1 - E (1 - r), so its interval is E times as wide as that of the sampled r.
    """
    exact = 1.0 - evaluation.by_points
    most = 0.0
    for r in pilot.ci95:
        wanted = half_width * evaluation.with_rest(r)
        if wanted <= 0.0:
            return sys.maxsize
        most = max(most, (Z95 * exact / wanted) ** 2 * r * (1.0 - r))
    return math.ceil(most)


def _condensed(evaluation: Evaluation) -> tuple[FaultTree, list[float]]:
    """Return the rest of a part with its solved modules as events, and all probabilities."""
    rest = evaluation.part.rest
    solved = [
        module.reference
        for module, _ in evaluation.part.modules
        if module.reference in evaluation.values
    ]
    event_of = {reference: rest.event_count + i for i, reference in enumerate(solved)}
    builder = TreeBuilder(rest.event_count + len(solved))
    references = list(range(rest.event_count))
    for reference, gate in rest.numbered_gates():
        if reference in event_of:
            references.append(event_of[reference])
        else:
            references.append(builder.joined(gate, [references[c] for c in gate.children]))
    q = [*evaluation.q, *(evaluation.values[reference] for reference in solved)]
    return builder.tree(references[rest.top]), q
