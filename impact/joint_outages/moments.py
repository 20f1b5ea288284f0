"""When does a set of causes have its effect on a service, and what is left of its gates then?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from impact.arrays import FOR_EVER, GATE, HARD, KIND, SOFT, TOLERANT
from impact.model import FIRST_MILLISECOND, LAST_MILLISECOND, from_milliseconds
from impact.single_failures import SingleFailures
from impact.spread import DOWN
from impact.sweep import LONG_AGO

if TYPE_CHECKING:
    from impact.world import World


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time `[start_at, end_at)`.

    Attributes:
        start_at: None: it has begun before all times, or times are relative.
        end_at: None: it lasts for ever, or times are relative.
        start_after_seconds: If no cause has a time, seconds from their common start; else None.
        end_after_seconds: The same of the end; None: for ever.
    """

    start_at: datetime | None
    end_at: datetime | None
    start_after_seconds: float | None = None
    end_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class LeftGate:
    """A gate with members lost: `standing` of `members` are not DOWN, `needed` are."""

    ci: str
    standing: int
    members: int
    needed: int


@dataclass(frozen=True, slots=True)
class Moments:
    """What is said of one effect on one service."""

    spans: tuple[Span, ...]
    gates: tuple[LeftGate, ...] = ()
    single_failures: tuple[str, ...] = ()


def spans_of(times: list[int], holds: list[bool], *, is_relative: bool) -> tuple[Span, ...]:
    """Return the stretches in which something holds; `times` are the event points."""
    spans = []
    start: int | None = None
    for now, is_so in zip(times, holds, strict=True):
        if is_so and start is None:
            start = now
        elif not is_so and start is not None:
            spans.append(_span(start, now, is_relative=is_relative))
            start = None
    if start is not None:
        spans.append(_span(start, FOR_EVER, is_relative=is_relative))
    return tuple(spans)


def _span(start: int, end: int, *, is_relative: bool) -> Span:
    if is_relative:
        return Span(None, None, start / 1000.0, None if end == FOR_EVER else end / 1000.0)
    return Span(_moment(start), _moment(end))


def _moment(milliseconds: int) -> datetime | None:
    if milliseconds <= LONG_AGO or not FIRST_MILLISECOND <= milliseconds <= LAST_MILLISECOND:
        return None
    return from_milliseconds(milliseconds)


def is_fragile(failures: SingleFailures, node: int) -> bool | None:
    """Tell whether a single CI can take a node DOWN that still stands; None beyond the budget."""
    if failures.world.state_of(node) == DOWN:
        return False
    found = failures.of(node)
    return None if found is None else bool(found)


def left_gates(world: World, node: int, *, level: int) -> tuple[LeftGate, ...]:
    """Return, by id, the gates that `node` relies on and that the outages took below their need.

    `level` DOWN: gates that are DOWN; 1: those not UP; 0: all that lost a member. Only nodes that
    are affected are walked.
    """
    topology = world.topology
    rows = topology.providers_of
    found = []
    seen = {node}
    stack = [node]
    while stack:
        here = stack.pop()
        gate = _left(world, here)
        if gate is not None and world.state_of(here) >= level:
            found.append(gate)
        first, last = int(rows.starts[here]), int(rows.starts[here + 1])
        for provider, code in zip(
            rows.ends[first:last].tolist(), rows.codes[first:last].tolist(), strict=True
        ):
            if code & KIND in (HARD, SOFT, GATE) and provider not in seen:
                seen.add(provider)
                if world.place(provider) >= 0 or level == 0:
                    stack.append(provider)
    return tuple(sorted(found, key=lambda gate: gate.ci))


def _left(world: World, node: int) -> LeftGate | None:
    """Return what is left of a gate, None where nothing was lost or nothing can be judged."""
    topology = world.topology
    slot = topology.gates.slot(node)
    if slot < 0 or topology.gates.is_under_strength[slot]:
        return None
    rows = topology.providers_of
    first, last = int(rows.starts[node]), int(rows.starts[node + 1])
    members: set[int] = set()
    fallen: set[int] = set()
    for member, code in zip(
        rows.ends[first:last].tolist(), rows.codes[first:last].tolist(), strict=True
    ):
        if code & KIND == GATE:
            members.add(member)
            is_down = world.state_of(member) == DOWN
            if is_down and (not code & TOLERANT or world.has_passed(member, node)):
                fallen.add(member)
    lost = len(fallen)
    if not lost:
        return None
    needed = int(topology.gates.k_min[slot])
    return LeftGate(topology.ids[node], len(members) - lost, len(members), needed)
