"""How do the two worlds of one moment look, and what is computed from them on request?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from impact.arrays import FOR_EVER
from impact.evidence import Evidence
from impact.model import FIRST_MILLISECOND, LAST_MILLISECOND, State, from_milliseconds
from impact.risk import NO_MARGIN
from impact.single_failures import SingleFailures
from impact.world import World


class Worlds:
    """What is computed on request from two worlds, whenever they are so.

    Attributes:
        best, worst: The worlds; the same object where nothing is unknown.
    """

    def __init__(self, best: World, worst: World, budget: int | None = None) -> None:
        """Keep the worlds; nothing is computed yet."""
        self.best, self.worst, self.budget = best, worst, budget

    @cached_property
    def best_evidence(self) -> Evidence:
        """Return the evidence of the best world."""
        return Evidence(self.best)

    @cached_property
    def worst_evidence(self) -> Evidence:
        """Return the evidence of the worst world."""
        return self.best_evidence if self.worst is self.best else Evidence(self.worst)

    @cached_property
    def best_failures(self) -> SingleFailures:
        """Return the single failures of the best world."""
        return SingleFailures(self.best, self.budget)

    @cached_property
    def worst_failures(self) -> SingleFailures:
        """Return the single failures of the worst world."""
        same = self.worst is self.best
        return self.best_failures if same else SingleFailures(self.worst, self.budget)


class Views:
    """The two worlds of one moment and what is computed from them on request.

    Attributes:
        best, worst: The worlds; the same object where nothing is unknown.
        worlds: What is computed from them, shared by all moments in which they are the same.
        start: Milliseconds at which the moment begins, None: before all events.
        origin: Milliseconds that durations are counted from, None: no event has a time.
        is_relative: Milliseconds count from an unnamed moment 0 and are no times of day.
    """

    def __init__(
        self,
        best: World,
        worst: World,
        *,
        start: int | None = None,
        origin: int | None = None,
        is_relative: bool = True,
        budget: int | None = None,
        worlds: Worlds | None = None,
    ) -> None:
        """Keep the worlds; nothing is computed yet."""
        self.best, self.worst = best, worst
        self.start, self.origin, self.is_relative = start, origin, is_relative
        self.worlds = worlds or Worlds(best, worst, budget)

    def moment(self, milliseconds: int | None) -> datetime | None:
        """Return a time of day, None where times are relative or the calendar has none."""
        if milliseconds is None or self.is_relative:
            return None
        if not FIRST_MILLISECOND <= milliseconds <= LAST_MILLISECOND:
            return None
        return from_milliseconds(milliseconds)

    def coming(self, milliseconds: int | None) -> int | None:
        """Return milliseconds that come one day, None for what is for ever or past the calendar."""
        last = FOR_EVER // 4 if self.is_relative else LAST_MILLISECOND
        return None if milliseconds is None or milliseconds > last else milliseconds


@dataclass(frozen=True, slots=True)
class Standing:
    """How a CI stands in one world; `margin` is None where no gate it relies on was reduced."""

    state: State
    at_risk: bool
    margin: int | None

    @property
    def severity(self) -> int:
        """Return 3 for DOWN, 2 for DEGRADED, 1 for AT_RISK, 0 for neither."""
        return int(self.state) + 1 if self.state else int(self.at_risk)


def standing(world: World, node: int) -> Standing:
    """Return how any node stands in a world."""
    place = world.place(node)
    if place >= 0:
        margin = int(world.margin[place])
        return Standing(
            State(int(world.state[place])),
            bool(world.at_risk[place]),
            None if margin == NO_MARGIN else margin,
        )
    at_risk = world.is_worst and bool(world.topology.worst_baseline.is_at_risk[node])
    return Standing(State(world.state_of(node)), at_risk, None)
