"""How does every CI stand in each stretch of a window, and what of that does a question add?

Pure: a topology and effects in, stretches of time out. What is so without the question (`present`:
open incidents, other planned changes) and what the question adds are settled together, and once
more without the question; a CI that stands no worse with it than without owes nothing to it.
An effect `at_risk` breaks nothing. What it would take DOWN or make DEGRADED is AT_RISK instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import impact
from cmdb.model.impact_reports import AffectedState
from cmdb.model.planned_changes import TargetEffect
from cmdb.ports.awaited import check_awaited

STATES = {
    "outage": impact.State.DOWN,
    "degraded": impact.State.DEGRADED,
    "at_risk": impact.State.DOWN,
}
SEVERITY: dict[AffectedState, int] = {"UP": 0, "AT_RISK": 1, "DEGRADED": 2, "DOWN": 3}
_NO_MARGIN = 1 << 40


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one CI; an absent time means without beginning or end."""

    ci: str
    effect: TargetEffect
    start_at: datetime | None = None
    end_at: datetime | None = None

    @property
    def outage(self) -> impact.Outage:
        """The same as the engine takes it; of an effect `at_risk` what it would be."""
        return impact.Outage(self.ci, STATES[self.effect], self.start_at, self.end_at)

    @property
    def state(self) -> AffectedState:
        """What it makes of the CI."""
        words: dict[TargetEffect, AffectedState] = {"outage": "DOWN", "degraded": "DEGRADED"}
        return words.get(self.effect, "AT_RISK")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a CI stands; `hit` tells why.

    Where `is_only_risk`, the hit tells what would become of it, and it is AT_RISK instead.
    """

    hit: impact.Hit
    state: AffectedState
    is_only_risk: bool = False

    @property
    def margin(self) -> int | None:
        """Members that the tightest reduced group below it can still lose, or None."""
        return None if self.is_only_risk else self.hit.margin

    @property
    def rank(self) -> tuple[int, int]:
        """How bad it is: the state, then how little is left to lose."""
        margin = self.margin
        is_counted = margin is not None and self.state != "DOWN"
        return SEVERITY[self.state], -(margin or 0) if is_counted else -_NO_MARGIN


@dataclass(frozen=True, slots=True)
class Affected:
    """How a CI stands with the question, and how without it.

    Attributes:
        outcome: How it stands with the question.
        present_state: How it stands without it.
        is_present: The question adds nothing to it.
        since_at: When it came to stand like this; None where nothing has a time.
    """

    outcome: Outcome
    present_state: AffectedState
    is_present: bool
    since_at: datetime | None = None

    @property
    def ci(self) -> str:
        """Its id."""
        return self.outcome.hit.ci

    @property
    def order(self) -> tuple[bool, int, int, str]:
        """Services first, then by harm, criticality and id."""
        hit = self.outcome.hit
        return (not hit.is_service, -SEVERITY[self.outcome.state], -hit.criticality, hit.ci)

    @property
    def look(self) -> tuple[object, ...]:
        """What makes two stretches of time differ."""
        return (
            self.ci,
            self.outcome.state,
            self.outcome.margin,
            self.present_state,
            self.is_present,
        )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in which every CI stands alike; `end_at` None: for good."""

    start_at: datetime
    end_at: datetime | None
    affected: tuple[Affected, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """The stretches in order of time, and each CI once.

    Attributes:
        stretches: They touch each other; the last one follows the window.
        worst: Each CI at the worst that the question adds to it; where that is nothing, at the
            worst that is so without it. Services first, then by harm, criticality and id.
        radius: What the engine found of everything together.
    """

    stretches: tuple[Stretch, ...]
    worst: tuple[Affected, ...]
    radius: impact.BlastRadius


def look_ahead(
    topology: impact.Topology,
    asked: Sequence[Effect],
    present: Sequence[Effect],
    start_at: datetime,
    end_at: datetime,
) -> Outlook:
    """Return what happens in each stretch of a window, and in the first one after it.

    Args:
        topology: The snapshot to ask.
        asked: What the question does, each with its times.
        present: What is so without the question.
        start_at: Begin of the window.
        end_at: Its end.

    Raises:
        UnknownNode: An effect is on a CI that takes no part.
    """
    together = _Course(topology, [*asked, *present])
    without = _Course(topology, present) if present else None
    moments = {*together.moments, *(without.moments if without else ())}
    inside = sorted({start_at, *(each for each in moments if start_at < each < end_at)})
    after = min((each for each in moments if each > end_at), default=None)
    stretches: list[Stretch] = []
    for begin, end in pairwise([*inside, end_at]):
        check_awaited()
        _add(stretches, Stretch(begin, end, _at(together, without, begin)))
    worst = tuple(
        replace(each, since_at=together.since(each.outcome, each.since_at or start_at))
        if each.is_present
        else each
        for each in _worst(stretches)
    )
    _add(stretches, Stretch(end_at, after, _at(together, without, end_at)))
    return Outlook(tuple(stretches), worst, together.radius)


def look_now(
    topology: impact.Topology,
    asked: Sequence[Effect],
    present: Sequence[Effect],
    budget: int | None = None,
) -> tuple[tuple[Affected, ...], impact.BlastRadius]:
    """Return how every CI stands if all this lasts, worst first, and what the engine found.

    Raises:
        UnknownNode: An effect is on a CI that takes no part.
        InvalidBudget: A budget below 1.
    """
    together, radius = _lasting(topology, [*asked, *present], budget)
    without = _lasting(topology, present, budget)[0] if present else {}
    return _compared(together, without), radius


class _Course:
    """What some effects bring about over time, those at risk apart."""

    def __init__(self, topology: impact.Topology, effects: Sequence[Effect]) -> None:
        sure = [each.outage for each in effects if each.effect != "at_risk"]
        self._sure = impact.timeline(topology, sure)
        self._feared = self._sure
        if len(sure) < len(effects):
            self._feared = impact.timeline(topology, [each.outage for each in effects])
        self.radius = self._feared.merged
        self._found: dict[tuple[datetime | None, datetime | None], dict[str, Outcome]] = {}
        lines = (self._sure, self._feared)
        self.moments = {part.start_at for line in lines for part in line.slices if part.start_at}

    def at(self, moment: datetime) -> dict[str, Outcome]:
        """Return how CIs stand at a moment; those of one slice are looked up once."""
        sure, feared = self._sure.at(moment), self._feared.at(moment)
        key = (sure.start_at, feared.start_at)
        found = self._found.get(key)
        if found is None:
            hits = () if self._feared is self._sure else feared.radius.hits
            found = self._found[key] = _outcomes(sure.radius.hits, hits)
        return found

    def since(self, outcome: Outcome, moment: datetime) -> datetime | None:
        """Return when a CI that stands like this at a moment came to do so."""
        line = self._feared if outcome.is_only_risk else self._sure
        found = outcome.hit.since_at
        for part in reversed(line.slices):
            if part.start_at is None or part.start_at > moment:
                continue
            hit = part.radius.hits.find(outcome.hit.ci)
            if hit is None or hit.worst.severity != outcome.hit.worst.severity:
                break
            found = part.start_at
        return found


def _lasting(
    topology: impact.Topology, effects: Sequence[Effect], budget: int | None
) -> tuple[dict[str, Outcome], impact.BlastRadius]:
    sure = [each.outage for each in effects if each.effect != "at_risk"]
    found = impact.blast_radius(topology, sure, budget=budget)
    if len(sure) == len(effects):
        return _outcomes(found.hits, ()), found
    feared = impact.blast_radius(topology, [each.outage for each in effects], budget=budget)
    return _outcomes(found.hits, feared.hits), feared


def _outcomes(sure: Iterable[impact.Hit], feared: Iterable[impact.Hit]) -> dict[str, Outcome]:
    """Return how CIs stand: what is sure, and what is feared of those that are sure of nothing."""
    found = {hit.ci: Outcome(hit, state_of(hit.worst)) for hit in sure}
    for hit in feared:
        if hit.ci not in found and hit.state != impact.State.UP:
            found[hit.ci] = Outcome(hit, "AT_RISK", is_only_risk=True)
    return found


def state_of(standing: impact.Standing) -> AffectedState:
    """Return the word for how a CI stands."""
    if standing.state == impact.State.DOWN:
        return "DOWN"
    if standing.state == impact.State.DEGRADED:
        return "DEGRADED"
    return "AT_RISK" if standing.at_risk else "UP"


def _at(together: _Course, without: _Course | None, moment: datetime) -> tuple[Affected, ...]:
    return _compared(together.at(moment), without.at(moment) if without else {})


def _compared(
    together: Mapping[str, Outcome], without: Mapping[str, Outcome]
) -> tuple[Affected, ...]:
    """Return how CIs stand with and without the question, worst first."""
    found = []
    for ci, outcome in together.items():
        before = without.get(ci)
        is_present = before is not None and before.rank >= outcome.rank
        state: AffectedState = before.state if before else "UP"
        found.append(Affected(outcome, state, is_present, outcome.hit.since_at))
    return tuple(sorted(found, key=lambda each: each.order))


def _add(stretches: list[Stretch], following: Stretch) -> None:
    """Append a stretch, or prolong the last one where nothing differs."""
    last = stretches[-1] if stretches else None
    if last and [a.look for a in last.affected] == [a.look for a in following.affected]:
        stretches[-1] = replace(last, end_at=following.end_at)
    else:
        stretches.append(following)


def _worst(stretches: Iterable[Stretch]) -> tuple[Affected, ...]:
    found: dict[str, Affected] = {}
    for each in (each for part in stretches for each in part.affected):
        other = found.get(each.ci)
        if other is None or _weight(each) > _weight(other):
            found[each.ci] = each
    return tuple(sorted(found.values(), key=lambda each: each.order))


def _weight(affected: Affected) -> tuple[bool, tuple[int, int]]:
    return not affected.is_present, affected.outcome.rank
