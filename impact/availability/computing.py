"""How available is a service, how often is it interrupted, and for how long?

Source: Rausand and Hoyland 2004, System Reliability Theory, chapters 4 and 9, for the frequency by
Birnbaum's measure; Fleming 1975, for the beta factor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from impact.availability.figures import TOLERANCE, Events, read_events
from impact.availability.model import (
    ASSUMPTIONS,
    HOURS_A_YEAR,
    AvailabilityTerms,
    Maintenance,
    ServiceAvailability,
)
from impact.availability.structures import Structure, StructureBuilder
from impact.errors import InvalidFigure
from impact.structure.evaluation import Share
from impact.structure.folding import fold
from impact.structure.solution import Method, Probability
from impact.structure.solving import Solver
from impact.structure.tree import TRUE, FaultTree
from impact.structure.worker import ShouldStop
from impact.topology import Topology

_WORST = (Method.EXACT, Method.HYBRID, Method.MONTE_CARLO)


def service_availability(
    topology: Topology,
    service: str,
    solver: Solver,
    *,
    terms: AvailabilityTerms | None = None,
    should_stop: ShouldStop | None = None,
) -> ServiceAvailability:
    """Return how available one CI is in the long run; see `availabilities` for many.

    Raises:
        UnknownNode: The id takes no part in the topology.
        InvalidFigure: Common causes or planned windows that cannot be.
        Cancelled: `should_stop` said so.

    Examples:
        >>> from impact import Strength, Topology
        >>> from impact.structure import Solver
        >>> topology = Topology.build(
        ...     ids=["web", "db"], dependents=[0], providers=[1], strengths=[Strength.HARD],
        ...     q=[0.01, 0.02], mttr_hours=[2.0, 4.0])
        >>> with Solver() as solver:
        ...     found = service_availability(topology, "web", solver)
        >>> round(found.availability, 6), round(found.outages_per_year, 3)
        (0.9702, 86.286)
    """
    return next(availabilities(topology, [service], solver, terms=terms, should_stop=should_stop))


def availabilities(
    topology: Topology,
    services: Iterable[str],
    solver: Solver,
    *,
    terms: AvailabilityTerms | None = None,
    should_stop: ShouldStop | None = None,
) -> Iterator[ServiceAvailability]:
    """Return how available each of some CIs is, one after the other; they share modules and work.

    Own states are left out: it is the long run that is asked for. Probabilities are exact as long
    as the budget of each lasts.
    """
    terms = terms or AvailabilityTerms()
    _check(terms.maintenance)
    builder = StructureBuilder(topology)
    for service in services:
        structure = builder.build(topology.index(service))
        yield _Question(topology, service, structure, terms).answer(solver, should_stop)


class _Question:
    """One service: its events, its trees, and what is asked of them."""

    def __init__(
        self, topology: Topology, service: str, structure: Structure, terms: AvailabilityTerms
    ) -> None:
        self._topology = topology
        self._service = service
        self._structure = structure
        self._terms = terms
        self._events: Events = read_events(topology, structure, terms.common_causes)
        self._down = self._events.apply(structure.down)
        place = {ci: event for event, ci in enumerate(self._events.names)}
        self._out = [
            frozenset(place[ci] for ci in window.cis if ci in place) for window in terms.maintenance
        ]

    def answer(self, solver: Solver, should_stop: ShouldStop | None) -> ServiceAvailability:
        terms = self._terms

        def probability(tree: FaultTree, q: tuple[float, ...]) -> Probability:
            return solver.probability(
                tree, q, budget=terms.budget, seed=terms.seed, should_stop=should_stop
            )

        down = probability(self._down, self._events.q)
        per_year, reason = self._frequency(solver, down, should_stop)
        interruptions, hours = self._scheduled()
        if terms.counts_maintenance and terms.maintenance:
            usual = down
            during = {
                out: probability(self._down, self._without(out)) if out else usual
                for out in set(self._out)
            }
            down = self._mixed(usual, [during[out] for out in self._out])
        degraded = None
        if terms.with_degraded:
            tree = self._events.apply(self._structure.degraded)
            degraded = self._stated(probability(tree, self._events.q))
        ids = [self._topology.ids[node] for node in self._structure.nodes]
        return ServiceAvailability(
            self._service,
            self._stated(down),
            degraded,
            per_year,
            reason,
            interruptions,
            hours,
            terms.counts_maintenance,
            len(ids),
            tuple(ci for ci in ids if ci in terms.assumed_default),
            tuple(ci for ci in ids if ci in terms.assumed_perfect),
            tuple(self._topology.ids[node] for node in self._structure.unknown),
        )

    def _frequency(
        self, solver: Solver, down: Probability, should_stop: ShouldStop | None
    ) -> tuple[float | None, str | None]:
        """Return outages a year: the sum of Birnbaum's measures times how often events come."""
        if down.method is not Method.EXACT:
            return None, "the unavailability is not exact"
        never = {event: False for event, q in enumerate(self._events.q) if q == 0.0}
        found = solver.event_shares(
            fold(self._down, never),
            self._events.q,
            Share.BIRNBAUM,
            budget=self._terms.budget,
            should_stop=should_stop,
        )
        if found is None:
            return None, "the budget ended first"
        total = 0.0
        for event, share in enumerate(found[1]):
            rate = self._events.per_hour[event]
            if rate is None and share > 0.0:
                return None, f"no time to repair is known for {self._events.names[event]}"
            total += share * (rate or 0.0)
        return total * HOURS_A_YEAR, None

    def _without(self, out: frozenset[int]) -> tuple[float, ...]:
        """Return the probabilities of the events while these hold."""
        return tuple(1.0 if event in out else q for event, q in enumerate(self._events.q))

    def _mixed(self, usual: Probability, during: list[Probability]) -> Probability:
        """Return the mixture of the usual time and of windows that exclude each other."""
        shares = [_share_of_year(window) for window in self._terms.maintenance]
        parts = [(max(0.0, 1.0 - sum(shares)), usual), *zip(shares, during, strict=True)]
        if all(found.ci95 is None for _, found in parts):
            return replace(usual, value=sum(share * found.value for share, found in parts))
        ends = [(share, found.ci95 or (found.value, found.value)) for share, found in parts]
        return replace(
            max((found for _, found in parts), key=lambda found: _WORST.index(found.method)),
            value=sum(share * found.value for share, found in parts),
            ci95=(
                sum(share * low for share, (low, _) in ends),
                sum(share * high for share, (_, high) in ends),
            ),
        )

    def _scheduled(self) -> tuple[float, float]:
        """Return how often and for how many hours a year windows alone take the service DOWN."""
        times, hours = 0.0, 0.0
        takes_down = {out: self._takes_down(out) for out in set(self._out)}
        was_down = False
        for window, out in zip(self._terms.maintenance, self._out, strict=True):
            is_down = takes_down[out]
            if is_down:
                times += 0.0 if window.continues and was_down else window.times_per_year
                hours += window.times_per_year * window.hours
            was_down = is_down
        return times, hours

    def _takes_down(self, out: frozenset[int]) -> bool:
        """Return whether the service is DOWN while these events hold and nothing else does."""
        fixed = {event: event in out for event in range(len(self._events.names))}
        return fold(self._down, fixed).top == TRUE

    def _stated(self, found: Probability) -> Probability:
        return replace(found, assumptions=(*found.assumptions, *ASSUMPTIONS))


def _share_of_year(window: Maintenance) -> float:
    return window.hours * window.times_per_year / HOURS_A_YEAR


def _check(windows: tuple[Maintenance, ...]) -> None:
    for window in windows:
        if not (window.hours > 0 and window.times_per_year > 0):
            raise InvalidFigure(", ".join(window.cis), "a planned window needs hours and times")
    if sum(_share_of_year(window) for window in windows) > 1.0 + TOLERANCE:
        raise InvalidFigure(
            ", ".join(windows[0].cis), "planned windows take more hours than the year has"
        )
