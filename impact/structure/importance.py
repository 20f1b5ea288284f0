"""How much does each event matter to the top?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impact.structure.evaluation import Share
from impact.structure.folding import fold
from impact.structure.solution import Budget, Method
from impact.structure.tree import FaultTree

if TYPE_CHECKING:
    from impact.structure.solving import Solver
    from impact.structure.worker import ShouldStop

NEGLIGIBLE = 1e-6
"""A share of P(top) below which a difference of two probabilities has lost its digits."""


@dataclass(frozen=True, slots=True)
class Importance:
    """The measures of one event. P = P(top), P1 = P(top | it holds), P0 = P(top | it does not).

    Attributes:
        event: The event.
        birnbaum: P1 - P0.
        criticality: q (P1 - P0) / P; None where P = 0. So of the next two.
        risk_achievement_worth: P1 / P.
        risk_reduction_worth: P / P0; infinite where P0 = 0.
        fussell_vesely: P(union of the minimal cut sets with the event) / P; None where it was not
            asked for, where the tree is not coherent, and where P = 0.
    """

    event: int
    birnbaum: float
    criticality: float | None
    risk_achievement_worth: float | None
    risk_reduction_worth: float | None
    fussell_vesely: float | None = None


def measure_importance(
    solver: Solver,
    tree: FaultTree,
    q: Sequence[float],
    *,
    with_fussell_vesely: bool = False,
    budget: Budget | None = None,
    should_stop: ShouldStop | None = None,
) -> list[Importance] | None:
    """Return the measures of every event that occurs, the most critical first, then by number.

    Where P = 0 they are ordered by Birnbaum's measure. Of a tree that is not coherent, Birnbaum's
    measure can be negative and Fussell and Vesely's does not exist.

    Returns:
        None if the budget ended before the diagrams were whole: nothing here is approximated.

    Source: Birnbaum 1969, On the importance of different components in a multicomponent system;
    Fussell 1975, doi:10.1109/TR.1975.5215112; Cheok, Parry and Sherry 1998,
    doi:10.1016/S0951-8320(97)00144-0.
    """
    budget = budget or Budget()
    found = solver.event_shares(tree, q, Share.BIRNBAUM, budget=budget, should_stop=should_stop)
    if found is None:
        return None
    top, birnbaum = found
    unions: list[float] | None = None
    if with_fussell_vesely and fold(tree).is_plain:
        joint = solver.event_shares(tree, q, Share.UNION, budget=budget, should_stop=should_stop)
        if joint is None:
            return None
        unions = joint[1]
    measures = []
    for event in tree.events():
        without = top - q[event] * birnbaum[event]
        if top > 0.0 and abs(without) < NEGLIGIBLE * top:
            exact = solver.probability(fold(tree, {event: False}), q, budget=budget)
            if exact.method is not Method.EXACT:
                return None
            without = exact.value
        union = unions[event] if unions else None
        measures.append(_measures(event, q[event], birnbaum[event], (top, without, union)))
    return sorted(measures, key=lambda m: (-(m.criticality or 0.0), -m.birnbaum, m.event))


def _measures(
    event: int, q: float, birnbaum: float, parts: tuple[float, float, float | None]
) -> Importance:
    top, without, union = parts
    if top == 0.0:
        return Importance(event, birnbaum, None, None, None)
    return Importance(
        event,
        birnbaum,
        criticality=q * birnbaum / top,
        risk_achievement_worth=(top + (1.0 - q) * birnbaum) / top,
        risk_reduction_worth=top / without if without else math.inf,
        fussell_vesely=None if union is None else q * union / top,
    )
