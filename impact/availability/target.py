"""How likely is it that a service misses its target in a period?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from impact.arrays import Bool, Float64, Int64
from impact.availability.figures import read_events
from impact.availability.model import AvailabilityTerms
from impact.availability.structures import StructureBuilder
from impact.errors import Cancelled, InvalidBudget, InvalidFigure
from impact.structure.folding import fold
from impact.structure.sampling import Sample, evaluate_words
from impact.structure.tree import TRUE, FaultTree
from impact.structure.worker import ShouldStop
from impact.topology import Topology

BATCH = 64
"""Periods drawn at once."""
MOST_CHANGES = 100_000
"""Most changes of state that a simulated period may have on average."""
MOST_BITS = 200_000_000
"""Most CIs times changes of one period."""

TARGET_ASSUMPTIONS = (
    "Times up and times to repair are exponential, and the period begins in the steady state.",
    "CIs fail independently of each other, but for common causes that were given.",
    "Planned windows play no part in whether a target is missed.",
)


@dataclass(frozen=True, slots=True)
class TargetMissed:
    """How often a simulated period had more downtime than its target allows.

    Attributes:
        service: Id of the service.
        target: Availability that was agreed, in [0, 1].
        period_hours: Length of the period.
        allowed_hours: Downtime that the target allows in it.
        probability: Share of the periods that missed it.
        ci95: The 95 % interval by Wilson; without a miss the upper end is 3/N.
        samples: Periods simulated.
        seed: Same seed, same answer.
        mean_downtime_hours: Mean downtime of a period.
        assumptions: What was taken for granted.
    """

    service: str
    target: float
    period_hours: float
    allowed_hours: float
    probability: float
    ci95: tuple[float, float]
    samples: int
    seed: int
    mean_downtime_hours: float
    assumptions: tuple[str, ...] = TARGET_ASSUMPTIONS


def target_missed(
    topology: Topology,
    service: str,
    *,
    target: float,
    period_hours: float,
    terms: AvailabilityTerms | None = None,
    samples: int = 2_000,
    should_stop: ShouldStop | None = None,
) -> TargetMissed:
    """Return P(downtime in a period exceeds (1 - target) x period), by Monte Carlo.

    Every CI alternates between up and down; between two changes of any of them nothing changes, and
    these stretches are the bits of words over which the structure is evaluated at once.

    Args:
        topology: The snapshot; own states are left out.
        service: Any CI.
        target: Agreed availability, in [0, 1].
        period_hours: Length of the period, for example 730 for a month.
        terms: Common causes and seed.
        samples: Periods to simulate.
        should_stop: Asked before each batch.

    Complexity: samples x changes in a period x gates / 64.

    Raises:
        UnknownNode: The id takes no part in the topology.
        InvalidFigure: A target or period that cannot be, a CI without a time to repair, or so many
            changes of state in a period that none can be simulated.
        InvalidBudget: No sample.
        Cancelled: `should_stop` said so.

    Examples:
        >>> from impact import Topology
        >>> topology = Topology.build(
        ...     ids=["web"], dependents=[], providers=[], strengths=[], q=[0.01], mttr_hours=[2.0])
        >>> found = target_missed(topology, "web", target=0.99, period_hours=730, samples=4_000)
        >>> 0.4 < found.ci95[0] < found.ci95[1] < 0.5, found.allowed_hours
        (True, 7.3)
    """
    if not 0.0 <= target <= 1.0:
        raise InvalidFigure(service, "a target is between 0 and 1")
    if not 0.0 < period_hours < np.inf:
        raise InvalidFigure(service, "a period takes some hours")
    if samples < 1:
        raise InvalidBudget(samples)
    terms = terms or AvailabilityTerms()
    structure = StructureBuilder(topology).build(topology.index(service))
    events = read_events(topology, structure, terms.common_causes)
    tree = fold(
        events.apply(structure.down),
        {event: False for event, q in enumerate(events.q) if q == 0.0},
    )
    allowed = round((1.0 - target) * period_hours, 9)
    simulation = _Simulation(
        tree, list(events.names), np.array(events.q), list(events.per_hour), period_hours
    )
    downtimes = np.concatenate(list(simulation.run(samples, terms.seed, should_stop)))
    missed = Sample(int((downtimes > allowed).sum()), samples)
    return TargetMissed(
        service,
        target,
        period_hours,
        allowed,
        missed.value,
        missed.ci95,
        samples,
        terms.seed,
        float(downtimes.mean()),
    )


class _Simulation:
    """Alternating renewal of the events of one tree."""

    def __init__(
        self,
        tree: FaultTree,
        names: list[str],
        q: Float64,
        per_hour: list[float | None],
        period_hours: float,
    ) -> None:
        self._tree = tree
        self._hours = period_hours
        self._events: Int64 = np.array(sorted(tree.events()), dtype=np.int64)
        for event in self._events.tolist():
            if per_hour[event] is None:
                raise InvalidFigure(names[event], "no time to repair is known")
        self._q = q[self._events]
        rates = np.array([per_hour[event] or 1.0 for event in self._events.tolist()])
        changes = 2.0 * period_hours * float(rates.sum())
        if changes > MOST_CHANGES or changes * len(rates) > MOST_BITS:
            raise InvalidFigure(
                names[int(self._events[rates.argmax()])],
                f"a period has some {changes:,.0f} changes of state, more than can be simulated",
            )
        # An event comes w times an hour: w = q / MTTR = (1 - q) / MTTF.
        self._mean_up = (1.0 - self._q) / rates
        self._mean_down = self._q / rates

    def run(self, samples: int, seed: int, should_stop: ShouldStop | None) -> Iterator[Float64]:
        """Yield the downtime of each period in hours, batch by batch."""
        if self._tree.is_constant:
            yield np.full(samples, self._hours if self._tree.top == TRUE else 0.0)
            return
        random = np.random.Generator(np.random.SFC64(seed))
        for begin in range(0, samples, BATCH):
            if should_stop is not None and should_stop():
                raise Cancelled
            count = min(BATCH, samples - begin)
            down, toggles = self._draw(random, count)
            yield np.array([self._downtime(down[n], *each) for n, each in enumerate(toggles)])

    def _draw(
        self, random: np.random.Generator, count: int
    ) -> tuple[Bool, list[tuple[Float64, Int64]]]:
        """Return what is down at the start, and for each period times and events of changes."""
        start = random.random((count, len(self._events))) < self._q
        rows, columns = np.nonzero(np.ones_like(start))
        now = np.zeros(len(rows))
        is_down = start[rows, columns]
        found: list[tuple[Int64, Int64, Float64]] = []
        while len(rows):
            mean = np.where(is_down, self._mean_down[columns], self._mean_up[columns])
            now = now + random.exponential(1.0, len(rows)) * mean
            stays = now < self._hours
            rows, columns, now, is_down = (a[stays] for a in (rows, columns, now, ~is_down))
            found.append((rows, columns, now))
        which, event, at = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.lexsort((at, which))
        which, event, at = which[order], event[order], at[order]
        ends = np.searchsorted(which, np.arange(count + 1))
        return start, [(at[a:b], event[a:b]) for a, b in pairwise(ends)]

    def _downtime(self, start: Bool, at: Float64, event: Int64) -> float:
        """Return the hours of one period in which the top holds."""
        stretches = len(at) + 1
        changes = np.zeros((len(self._events), -(-stretches // 64) * 64), dtype=np.uint8)
        changes[:, 0] = start
        changes[event, np.arange(1, stretches)] = 1
        words = np.packbits(np.bitwise_xor.accumulate(changes, axis=1), axis=1).view(np.uint64)
        worlds = {number: words[row] for row, number in enumerate(self._events.tolist())}
        top = np.unpackbits(evaluate_words(self._tree, worlds).view(np.uint8))[:stretches]
        lengths = np.diff(at, prepend=0.0, append=self._hours)
        return float(lengths[top.astype(np.bool_)].sum())
