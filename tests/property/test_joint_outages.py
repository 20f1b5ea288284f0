"""Minimal guilty sets are what trying every subset of the causes finds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from impact.joint_outages import Cause, JointEffect, JointOutages, joint_outages
from tests.property.oracle_impact import (
    DOWN,
    GATE,
    HARD,
    SOFT,
    UP,
    Edge,
    Estate,
    Gate,
    States,
    Window,
    simulate,
    solve,
)
from tests.property.strategies_impact import IS_LONG, as_timed, as_topology

SECONDS = 12
MOST_CAUSES = 6 if IS_LONG else 4
many = settings(
    derandomize=True, deadline=None, max_examples=1000 if IS_LONG else 100, database=None
)


@dataclass(frozen=True)
class Case:
    """An estate with redundancy in every corner, and causes that meet in it."""

    estate: Estate
    causes: dict[str, list[Window]]


@st.composite
def cases(draw: st.DrawFn, *, tolerates: bool, unknown: bool = False) -> Case:
    """Draw services on groups of machines that share machines, and causes that overlap."""
    machines = [f"m{number}" for number in range(draw(st.integers(3, 4)))]
    groups = [f"g{number}" for number in range(draw(st.integers(1, 3)))]
    services = [f"s{number}" for number in range(draw(st.integers(1, 2)))]
    waits = st.sampled_from([0, 0, 0, 1, 2] if tolerates else [0])
    edges: list[Edge] = []
    gates: dict[str, Gate] = {}
    for place, group in enumerate(groups):
        members = draw(
            st.lists(
                st.sampled_from(machines + groups[:place]), min_size=2, max_size=4, unique=True
            )
        )
        edges += [Edge(group, member, GATE, draw(waits)) for member in members]
        k_min = draw(st.integers(1, len(members) - 1))
        gates[group] = Gate(True, k_min, draw(st.sampled_from([0, k_min, k_min + 1])))
    for service in services:
        for provider in draw(st.lists(st.sampled_from(groups), min_size=1, max_size=2)):
            edges.append(Edge(service, provider, draw(st.sampled_from([HARD, SOFT])), draw(waits)))
    for _ in range(draw(st.integers(0, 2))):
        ends = draw(st.tuples(st.sampled_from(machines), st.sampled_from(machines + groups)))
        edges.append(Edge(*ends, HARD, draw(waits)))
    hidden = st.frozensets(st.sampled_from(machines), max_size=1)
    estate = Estate(
        (*machines, *groups, *services),
        tuple(edges),
        gates,
        draw(hidden) if unknown else frozenset(),
        frozenset(services),
    )
    causes = {
        f"c{number}": [
            (
                machines[(number + other) % len(machines)],
                draw(st.sampled_from([DOWN, DOWN, DOWN, 1])),
                start := draw(st.sampled_from([0, 0, 0, 1, 3])),
                start + draw(st.sampled_from([4, 4, 4, 6, 8])),
            )
            for other in draw(st.lists(st.integers(0, 3), min_size=1, max_size=2))
        ]
        for number in range(draw(st.integers(2, MOST_CAUSES)))
    }
    return Case(estate, causes)


def asked(case: Case) -> JointOutages:
    """Return what the engine finds."""
    causes = [Cause(name, tuple(as_timed(windows))) for name, windows in case.causes.items()]
    return joint_outages(as_topology(case.estate), causes)


def tried(case: Case, effect: JointEffect, *, worst: bool) -> dict[str, set[tuple[str, ...]]]:
    """Return the minimal sets of each service by trying every subset, the empty one included."""
    held: dict[str, list[tuple[str, ...]]] = {s: [] for s in case.estate.services}
    shown: dict[str, set[tuple[str, ...]]] = {s: set() for s in case.estate.services}
    for size in range(len(case.causes) + 1):
        for chosen in combinations(sorted(case.causes), size):
            windows = [window for name in chosen for window in case.causes[name]]
            history = simulate(case.estate, windows, SECONDS, worst=worst)
            for service in case.estate.services:
                if any(set(one) <= set(chosen) for one in held[service]):
                    continue
                holds, is_shown = _holds(case, windows, [s for s, _ in history], service, effect)
                if holds:
                    held[service].append(chosen)
                    if size > 1 and is_shown:
                        shown[service].add(chosen)
    return shown


def _holds(
    case: Case, windows: list[Window], history: list[States], service: str, effect: JointEffect
) -> tuple[bool, bool]:
    if effect is not JointEffect.REDUNDANCY_LOST:
        level = DOWN if effect is JointEffect.DOWN else 1
        answer = any(states[service] >= level for states in history)
        return answer, answer
    is_fragile = any(
        history[now][service] < DOWN and failing_alone(case.estate, windows, history, now, service)
        for now in range(SECONDS)
        if now == 0
        or history[now] != history[now - 1]
        or any(e.tolerates for e in case.estate.edges)
    )
    return is_fragile or any(states[service] == DOWN for states in history), is_fragile


def failing_alone(
    estate: Estate, windows: list[Window], history: list[States], now: int, service: str
) -> set[str]:
    """Return the standing CIs whose lasting failure takes a service DOWN on top of a moment."""
    own: dict[str, int] = {}
    for name, state, start, end in windows:
        if start <= now < end:
            own[name] = max(own.get(name, UP), state)
    before = solve(estate, {}, worst=False)

    def passes(e: Edge, level: int) -> bool:
        if history[now][e.provider] < DOWN:
            return True
        past = range(now - e.tolerates, now)
        return all((history[s] if s >= 0 else before)[e.provider] >= level for s in past)

    return {
        c
        for c in estate.names
        if c != service
        and history[now][c] < DOWN
        and not (c in estate.gates and estate.gates[c].is_group)
        and solve(estate, {**own, c: DOWN}, worst=False, passes=passes)[service] == DOWN
    }


def told(found: JointOutages, effect: JointEffect, *, worst: bool) -> set[tuple[str, ...]]:
    """Return (service, causes...) of one effect."""
    conflicts = found.worst if worst else found.conflicts
    return {(c.service, *c.causes) for c in conflicts if c.effect is effect}


def flat(sets: dict[str, set[tuple[str, ...]]]) -> set[tuple[str, ...]]:
    """Return (service, causes...)."""
    return {(service, *each) for service, found in sets.items() for each in found}


def check_states(case: Case, *, worst: bool = False) -> int:
    """Compare DOWN and DEGRADED and return how many sets there were."""
    found = asked(case)
    down = flat(tried(case, JointEffect.DOWN, worst=worst))
    low = flat(tried(case, JointEffect.DEGRADED, worst=worst)) - down
    assert told(found, JointEffect.DOWN, worst=worst) == down
    assert told(found, JointEffect.DEGRADED, worst=worst) == low
    return len(down) + len(low)


def test_states_without_tolerances_are_as_tried() -> None:
    counts: list[int] = []

    @many
    @given(cases(tolerates=False))
    def check(case: Case) -> None:
        found = asked(case)
        counts.append(check_states(case))
        lost = flat(tried(case, JointEffect.REDUNDANCY_LOST, worst=False))
        assert told(found, JointEffect.REDUNDANCY_LOST, worst=False) == lost
        assert found.is_complete
        counts.append(len(lost))

    check()
    assert sum(1 for count in counts if count) >= 15, "too few cases with a guilty set"


def test_states_with_tolerances_are_as_tried() -> None:
    counts: list[int] = []

    @many
    @given(cases(tolerates=True))
    def check(case: Case) -> None:
        counts.append(check_states(case))
        found = asked(case)
        lost = flat(tried(case, JointEffect.REDUNDANCY_LOST, worst=False))
        listed = told(found, JointEffect.REDUNDANCY_LOST, worst=False)
        assert {each for each in lost if len(each) <= 4} == listed

    check()
    assert sum(1 for count in counts if count) >= 10, "too few cases with a guilty set"


def test_both_worlds_are_as_tried() -> None:
    @many
    @given(cases(tolerates=False, unknown=True))
    def check(case: Case) -> None:
        check_states(case)
        check_states(case, worst=True)

    check()
