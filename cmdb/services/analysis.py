"""What do all questions about failures in the long run share?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from cmdb.errors import BadValue, EngineUnavailable
from cmdb.model.analysis_reports import Figure
from cmdb.model.reports import NamedCI
from cmdb.ports.awaited import NobodyWaits, check_awaited
from cmdb.services.context import Context
from cmdb.services.impact_names import named_in
from cmdb.snapshot import Snapshot
from cmdb.snapshot.figures import ASSUMED_DEFAULT, ASSUMED_PERFECT
from impact.availability import AvailabilityTerms
from impact.errors import Cancelled, NoWorker
from impact.structure import Budget, Probability, Solver

BUDGET = Budget(seconds=8.0, memory_mb=2_048, samples=2_000_000)
"""Of one question, so that a server answers in time."""
BUDGET_OF_MANY = Budget(seconds=1.0, memory_mb=2_048, samples=5_000_000, half_width=0.05)
"""Of each service of a page."""
OUT_OF_BUDGET = "the budget ended before the diagrams were whole"
MOST_NAMED = 20
MINUTES_A_YEAR = 525_600.0


def names_of(context: Context, snapshot: Snapshot, ids: Iterable[str]) -> tuple[NamedCI, ...]:
    """Return CIs as answers name them; what the caller may not see is withheld."""
    visibility = context.caller.visibility
    return tuple(named_in(snapshot, ci_id, visibility) for ci_id in ids)


def some_of(
    context: Context, snapshot: Snapshot, ids: Iterable[str], most: int = MOST_NAMED
) -> tuple[NamedCI, ...]:
    """Return the first of these CIs by name."""
    return names_of(context, snapshot, [ci for ci, _ in zip(ids, range(most), strict=False)])


def terms_of(snapshot: Snapshot, budget: Budget) -> AvailabilityTerms:
    """Return what is asked beside the services, and whose figures were assumed."""
    ids, basis = snapshot.topology.ids, snapshot.figures.basis
    return AvailabilityTerms(
        assumed_default=frozenset(ids[n] for n in (basis == ASSUMED_DEFAULT).nonzero()[0].tolist()),
        assumed_perfect=frozenset(ids[n] for n in (basis == ASSUMED_PERFECT).nonzero()[0].tolist()),
        budget=budget,
    )


def figure_of(found: Probability) -> Figure:
    """Return a probability as answers tell it."""
    return Figure(
        found.value,
        found.method.value,
        found.ci95,
        found.samples,
        found.seed,
        found.order,
        found.bdd_nodes,
        found.assumptions,
    )


@contextmanager
def lent_solver() -> Iterator[Solver]:
    """Lend a solver with a worker process of its own.

    Raises:
        NobodyWaits: Whoever asked has left.
        EngineUnavailable: The process cannot be started.
    """
    with Solver(BUDGET.memory_mb) as solver:
        try:
            yield solver
        except Cancelled as error:
            raise NobodyWaits from error
        except NoWorker as error:
            raise EngineUnavailable(
                f"The process that computes availability cannot be started: {error.fault}. "
                "Everything else goes on; see whether memory or processes run short, and ask again."
            ) from error


def is_left() -> bool:
    """Tell whether whoever asked has left."""
    try:
        check_awaited()
    except NobodyWaits:
        return True
    return False


def check_count(field: str, value: int, most: int) -> None:
    """Return if a number of rows can be.

    Raises:
        BadValue: It cannot.
    """
    if not 1 <= value <= most:
        raise BadValue(field, f"{value} is not between 1 and {most:,}")
