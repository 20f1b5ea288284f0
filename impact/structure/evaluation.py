"""What do the probabilities of events make of the parts of a tree, and what does each event add?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from impact.structure.closed_forms import any_probability, products_of_others
from impact.structure.cores import Cores, Unsolved
from impact.structure.modules import Module
from impact.structure.parts import Core, Part
from impact.structure.tree import TRUE


class Share(Enum):
    """What an event adds: BIRNBAUM the derivative by its probability, UNION see `Cores.unions`."""

    BIRNBAUM = "birnbaum"
    UNION = "union"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A part under given probabilities.

    Attributes:
        part: The part.
        q: Probability of each of its events.
        values: Probability of each reference of its rest that was solved.
        inner: The evaluation of each module that is a part itself, by the module's reference.
    """

    part: Part
    q: Sequence[float]
    values: dict[int, float]
    inner: dict[int, Evaluation]

    @property
    def is_solved(self) -> bool:
        """Tell whether no core was beyond the budget."""
        rest = self.part.rest
        return rest.is_constant or rest.top in self.values

    @property
    def by_points(self) -> float:
        """Return the probability that a single point holds."""
        return any_probability([self.q[event] for event in self.part.single_points])

    @property
    def by_rest(self) -> float:
        """Return the probability of what is left without the single points."""
        rest = self.part.rest
        return float(rest.top == TRUE) if rest.is_constant else self.values[rest.top]

    @property
    def value(self) -> float:
        """Return the probability of the top."""
        return self.with_rest(self.by_rest)

    def with_rest(self, rest: float) -> float:
        """Return the probability of the top if that of the rest were another."""
        return any_probability([self.by_points, rest])


def evaluate(part: Part, q: Sequence[float], cores: Cores) -> Evaluation:
    """Return the probabilities of a part and its modules; what cannot be solved is left out."""
    values: dict[int, float] = dict(enumerate(q))
    inner: dict[int, Evaluation] = {}
    for module, within in part.modules:
        if any(leaf not in values for leaf in module.leaves):
            continue
        leaves = [values[leaf] for leaf in module.leaves]
        try:
            if isinstance(within, Core):
                values[module.reference] = cores.probability(within, leaves)
                continue
        except Unsolved:
            continue
        found = inner[module.reference] = evaluate(within, leaves, cores)
        if found.is_solved:
            values[module.reference] = found.value
    return Evaluation(part, q, values, inner)


def shares(evaluation: Evaluation, kind: Share, cores: Cores) -> list[float]:
    """Return what each event of a solved part adds; O(size) beside the cores. 0 where it is absent.

    Both kinds follow the chain rule through modules, because their leaves occur nowhere else.

    Raises:
        Unsolved: A core was beyond the budget.
    """
    part, q = evaluation.part, evaluation.q
    found = [0.0] * len(q)
    is_union = kind is Share.UNION
    others = products_of_others([1.0 - q[event] for event in part.single_points])
    for event, other in zip(part.single_points, others, strict=True):
        found[event] = 1.0 if is_union else other * (1.0 - evaluation.by_rest)
    outer = 1.0 if is_union else math.prod(1.0 - q[event] for event in part.single_points)
    by_reference = {part.rest.top: outer}
    for module, within in reversed(part.modules):
        through = by_reference[module.reference]
        local = _local_shares(evaluation, (module, within), kind, cores)
        for leaf, share in zip(module.leaves, local, strict=True):
            by_reference[leaf] = through * share
    for reference, share in by_reference.items():
        if 0 <= reference < len(found):
            found[reference] = share
    return found


def _local_shares(
    evaluation: Evaluation, module: tuple[Module, Core | Part], kind: Share, cores: Cores
) -> list[float]:
    head, within = module
    if isinstance(within, Part):
        return shares(evaluation.inner[head.reference], kind, cores)
    leaves = [evaluation.values[leaf] for leaf in head.leaves]
    if kind is Share.UNION:
        return cores.unions(within, leaves)
    return cores.birnbaum(within, leaves)


def count_cut_sets(part: Part, cores: Cores, weights: Sequence[int] | None = None) -> int:
    """Return the exact number of minimal cut sets of a coherent part, of any size.

    `weights` says for how many sets each event stands, one if not given.

    Raises:
        Unsolved: A core was beyond the budget.
    """
    counts: dict[int, int] = dict(enumerate(weights or [1] * part.rest.event_count))
    for module, within in part.modules:
        leaves = [counts[leaf] for leaf in module.leaves]
        if isinstance(within, Part):
            counts[module.reference] = count_cut_sets(within, cores, leaves)
        else:
            counts[module.reference] = cores.count(within, leaves)
    by_points = sum(counts[event] for event in part.single_points)
    if part.rest.is_constant:
        return by_points + int(part.rest.top == TRUE)
    return by_points + counts[part.rest.top]
