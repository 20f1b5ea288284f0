"""Random small estates, and how they are handed to the engine."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from impact import Outage, State, Topology
from tests.property.oracle_impact import DOWN, GATE, HARD, SOFT, WEAK, Edge, Estate, Gate, Window

IS_LONG = os.environ.get("CMDB_TEST_SIZE") == "long"
LARGEST = 16 if IS_LONG else 10
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

exhaustive = settings(
    derandomize=True, deadline=None, max_examples=3000 if IS_LONG else 100, database=None
)


@st.composite
def estates(
    draw: st.DrawFn, *, largest: int = LARGEST, unknown: bool = False, tolerates: bool = False
) -> Estate:
    """Draw an estate: cycles, self-loops, nesting, shared and repeated members included."""
    size = draw(st.integers(2, largest))
    names = tuple(f"n{number:02d}" for number in draw(st.permutations(range(size))))
    kinds = draw(st.lists(st.sampled_from("ccccgggk"), min_size=size, max_size=size))
    numbers = st.integers(0, 3)
    gates = {}
    for name, kind in zip(names, kinds, strict=True):
        if kind != "c":
            k_min, extra = draw(numbers), draw(numbers)
            gates[name] = Gate(kind == "g", k_min, k_min + extra if extra else 0)
    edges = []
    for _ in range(draw(st.integers(0, 3 * size))):
        dependent, provider = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        strengths = [GATE, GATE, GATE, HARD] if dependent in gates else [HARD, HARD, SOFT, WEAK]
        waits = draw(st.sampled_from([0, 0, 1, 2, 3])) if tolerates else 0
        edges.append(Edge(dependent, provider, draw(st.sampled_from(strengths)), waits))
    some = st.frozensets(st.sampled_from(names), max_size=2)
    return Estate(
        names,
        tuple(edges),
        gates,
        draw(some) if unknown else frozenset(),
        draw(st.frozensets(st.sampled_from(names), max_size=3)),
        {name: draw(st.integers(1, 4)) for name in names},
    )


@st.composite
def troubles(draw: st.DrawFn, estate: Estate, *, most: int = 3) -> dict[str, int]:
    """Draw own states of a few CIs."""
    states = st.sampled_from([DOWN, DOWN, DOWN, 1])
    found: dict[str, int] = draw(
        st.dictionaries(st.sampled_from(estate.names), states, min_size=1, max_size=most)
    )
    return found


@st.composite
def windows(draw: st.DrawFn, estate: Estate) -> list[Window]:
    """Draw up to three windows within the first nine seconds."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, 5))
        state = draw(st.sampled_from([DOWN, DOWN, 1]))
        name = draw(st.sampled_from(estate.names))
        found.append((name, state, start, start + draw(st.integers(1, 6))))
    return found


def as_topology(estate: Estate) -> Topology:
    """Return the estate as the engine takes it."""
    place = {name: index for index, name in enumerate(estate.names)}
    gates = [estate.gates.get(name) for name in estate.names]
    return Topology.build(
        ids=estate.names,
        dependents=np.array([place[e.dependent] for e in estate.edges], dtype=np.int32),
        providers=np.array([place[e.provider] for e in estate.edges], dtype=np.int32),
        strengths=np.array([e.strength for e in estate.edges], dtype=np.uint8),
        tolerates_seconds=np.array([e.tolerates for e in estate.edges], dtype=np.float64),
        is_service=np.array([name in estate.services for name in estate.names]),
        criticality=np.array([estate.criticality.get(name, 1) for name in estate.names]),
        is_unknown=np.array([name in estate.unknown for name in estate.names]),
        is_gate=np.array([gate is not None for gate in gates]),
        is_group=np.array([gate is not None and gate.is_group for gate in gates]),
        k_min=np.array([gate.k_min if gate else 0 for gate in gates]),
        k_full=np.array([gate.k_full if gate else 0 for gate in gates]),
    )


def as_outages(own: dict[str, int]) -> list[Outage]:
    """Return lasting outages."""
    return [Outage(name, State(state)) for name, state in own.items()]


def as_timed(found: list[Window]) -> list[Outage]:
    """Return outages with windows counted from noon."""
    return [
        Outage(name, State(state), second(start), second(end)) for name, state, start, end in found
    ]


def second(number: int) -> datetime:
    """Return the time of a second counted from noon."""
    return NOON + timedelta(seconds=number)
