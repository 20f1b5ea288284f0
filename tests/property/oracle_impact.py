"""The meaning of impact by brute force, on dicts and sets; shares no code with the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, TypeAlias

UP, DEGRADED, DOWN = 0, 1, 2
HARD, SOFT, GATE, WEAK = 0, 1, 2, 3


class Edge(NamedTuple):
    """One relationship; `tolerates` in whole seconds."""

    dependent: str
    provider: str
    strength: int
    tolerates: int = 0


class Gate(NamedTuple):
    """A group (True) or a cluster; 0 stands for "not given"."""

    is_group: bool
    k_min: int
    k_full: int


Own: TypeAlias = Mapping[str, int]
States: TypeAlias = dict[str, int]
Passes: TypeAlias = Callable[[Edge, int], bool]


@dataclass(frozen=True)
class Estate:
    """A small estate in plain words."""

    names: tuple[str, ...]
    edges: tuple[Edge, ...]
    gates: dict[str, Gate] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    criticality: dict[str, int] = field(default_factory=dict)

    def members(self, gate: str) -> set[str]:
        """Return the distinct members of a gate."""
        return {e.provider for e in self.edges if e.strength == GATE and e.dependent == gate}

    def rule(self, gate: str) -> tuple[int, int, int] | None:
        """Return (n, k_min, k_full), or None for a cluster without members: a plain node."""
        is_group, k_min, k_full = self.gates[gate]
        n = len(self.members(gate))
        if n == 0 and not is_group:
            return None
        least = k_min if k_min else 1
        if k_full:
            full = max(k_full, least)
        elif k_min or is_group:
            full = least
        else:
            full = n
        return n, least, min(full, n)

    def is_under_strength(self, gate: str) -> bool:
        """Tell whether a gate has fewer members than it needs."""
        rule = self.rule(gate)
        return rule is not None and rule[0] < rule[1]

    def all_unknown(self) -> set[str]:
        """Return declared unknown CIs and gates under strength."""
        return set(self.unknown) | {g for g in self.gates if self.is_under_strength(g)}


def always(_edge: Edge, _level: int) -> bool:
    """Let every edge pass."""
    return True


def solve(estate: Estate, own: Own, *, worst: bool, passes: Passes = always) -> States:
    """Return the state of every node: two naive least fixed points."""
    given = dict(own)
    if worst:
        given |= dict.fromkeys(estate.all_unknown(), DOWN)
    down: set[str] = set()
    while True:
        more = {x for x in estate.names if _is_down(estate, x, given, down, passes)}
        if more == down:
            break
        down = more
    low = set(down)
    while True:
        more = {
            x
            for x in estate.names
            if x in down or _is_degraded(estate, x, given, (down, low), passes)
        }
        if more == low:
            break
        low = more
    return {x: DOWN if x in down else DEGRADED if x in low else UP for x in estate.names}


def _is_down(estate: Estate, x: str, own: Own, down: set[str], passes: Passes) -> bool:
    if own.get(x, UP) == DOWN:
        return True
    inward = [e for e in estate.edges if e.dependent == x]
    if any(e.strength == HARD and e.provider in down and passes(e, DOWN) for e in inward):
        return True
    if x not in estate.gates or estate.is_under_strength(x):
        return False
    rule = estate.rule(x)
    return rule is not None and rule[0] - len(down_members(estate, x, down, passes)) < rule[1]


def _is_degraded(
    estate: Estate, x: str, own: Own, sets: tuple[set[str], set[str]], passes: Passes
) -> bool:
    down, low = sets
    if own.get(x, UP) == DEGRADED:
        return True
    inward = [e for e in estate.edges if e.dependent == x]
    if any(e.strength == HARD and e.provider in low and passes(e, DEGRADED) for e in inward):
        return True
    if any(e.strength == SOFT and e.provider in down and passes(e, DOWN) for e in inward):
        return True
    if x not in estate.gates or estate.is_under_strength(x):
        return False
    rule = estate.rule(x)
    not_up = {
        e.provider
        for e in inward
        if e.strength == GATE and e.provider in low and passes(e, DEGRADED)
    } | down_members(estate, x, down, passes)
    return rule is not None and rule[0] - len(not_up) < rule[2]


def down_members(estate: Estate, gate: str, down: set[str], passes: Passes = always) -> set[str]:
    """Return the members whose DOWN has arrived."""
    return {
        e.provider
        for e in estate.edges
        if e.strength == GATE and e.dependent == gate and e.provider in down and passes(e, DOWN)
    }


def lost_members(estate: Estate, states: States, gate: str, passes: Passes = always) -> set[str]:
    """Return the members of a gate that are DOWN in `states`."""
    return down_members(estate, gate, {x for x in states if states[x] == DOWN}, passes)


def relying(estate: Estate, start: set[str]) -> set[str]:
    """Return start and everything that relies on it by a chain of hard edges."""
    found = set(start)
    while True:
        more = found | {
            e.dependent for e in estate.edges if e.strength == HARD and e.provider in found
        }
        if more == found:
            return found
        found = more


def at_risk(estate: Estate, states: States, passes: Passes = always) -> set[str]:
    """Return what relies on a standing gate that lost redundancy, and is not DOWN itself."""
    gates = {
        g for g in estate.gates if states[g] != DOWN and lost_members(estate, states, g, passes)
    }
    return {x for x in relying(estate, gates) if states[x] != DOWN}


def tolerated(estate: Estate, states: States, passes: Passes) -> set[str]:
    """Return what stands only because a DOWN hard provider is tolerated so far."""
    found = {
        e.dependent
        for e in estate.edges
        if e.strength == HARD
        and states[e.provider] == DOWN
        and states[e.dependent] != DOWN
        and not passes(e, DOWN)
    }
    while True:
        more = found | {
            e.dependent
            for e in estate.edges
            if e.strength == HARD and e.provider in found and states[e.dependent] != DOWN
        }
        if more == found:
            return found
        found = more


def reduced_gates(estate: Estate, states: States, before: States) -> dict[str, int | None]:
    """Return the margin of each gate the outage took a member from; None under strength."""
    found: dict[str, int | None] = {}
    for gate in estate.gates:
        lost = lost_members(estate, states, gate)
        if len(lost) > len(lost_members(estate, before, gate)):
            n, least, _ = estate.rule(gate) or (0, 1, 0)
            found[gate] = None if estate.is_under_strength(gate) else n - len(lost) - least
    return found


def margin(estate: Estate, states: States, before: States, x: str) -> int | None:
    """Return the smallest margin among the reduced gates that x relies on."""
    known = [
        value
        for gate, value in reduced_gates(estate, states, before).items()
        if value is not None and x in relying(estate, {gate})
    ]
    return min(known, default=None)


def single_failures(estate: Estate, own: Own, x: str, *, worst: bool) -> set[str]:
    """Return the CIs whose failure alone takes x DOWN, by trying each."""
    states = solve(estate, own, worst=worst)
    return {
        c
        for c in estate.names
        if c != x
        and states[c] != DOWN
        and not (c in estate.gates and estate.gates[c].is_group)
        and solve(estate, {**own, c: DOWN}, worst=worst)[x] == DOWN
    }


def listed(estate: Estate, own: Own) -> set[str]:
    """Return every CI that the outages change in at least one of the two worlds."""
    best = solve(estate, own, worst=False)
    worst, before = solve(estate, own, worst=True), solve(estate, {}, worst=True)
    changed = {x for x in estate.names if worst[x] != before[x]}
    return (
        {x for x in estate.names if best[x] != UP}
        | at_risk(estate, best)
        | changed
        | relying(estate, set(reduced_gates(estate, worst, before)))
    )


def distances(estate: Estate, own: Own) -> dict[str, int]:
    """Return the length of a shortest chain of steps that carry harm, in the best world."""
    states = solve(estate, own, worst=False)
    risky = at_risk(estate, states)
    found = dict.fromkeys(own, 0)
    for length in count(1):
        fresh = {
            e.dependent
            for e in estate.edges
            if e.dependent not in found
            and found.get(e.provider) == length - 1
            and _carries(estate, e, states, risky)
        }
        if not fresh:
            return found
        found |= dict.fromkeys(fresh, length)
    raise AssertionError


def _carries(estate: Estate, e: Edge, states: States, risky: set[str]) -> bool:
    here, there = states[e.provider], states[e.dependent]
    counts = e.strength == GATE and not estate.is_under_strength(e.dependent)
    if there == DOWN:
        return here == DOWN and (e.strength == HARD or counts)
    if there == DEGRADED:
        return (here != UP and (e.strength == HARD or counts)) or (
            here == DOWN and e.strength == SOFT
        )
    if e.dependent not in risky:
        return False
    return (e.strength == HARD and e.provider in risky) or (e.strength == GATE and here == DOWN)


Window: TypeAlias = tuple[str, int, int, int]


def simulate(
    estate: Estate, windows: list[Window], seconds: int, *, worst: bool
) -> list[tuple[States, set[str]]]:
    """Return states and AT_RISK marks in every second from 0, tolerances second by second.

    A window is (name, state, start, end). Before second 0 the baseline has held for ever.
    """
    before = solve(estate, {}, worst=worst)
    history: list[States] = []
    answers = []
    for now in range(seconds):
        own: dict[str, int] = {}
        for name, state, start, end in windows:
            if start <= now < end:
                own[name] = max(own.get(name, UP), state)

        def passes(e: Edge, level: int, now: int = now) -> bool:
            past = range(now - e.tolerates, now)
            return all((history[s] if s >= 0 else before)[e.provider] >= level for s in past)

        states = solve(estate, own, worst=worst, passes=passes)
        marks = at_risk(estate, states, passes) | tolerated(estate, states, passes)
        answers.append((states, marks))
        history.append(states)
    return answers
