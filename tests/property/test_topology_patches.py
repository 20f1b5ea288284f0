"""Is a patched topology the one that building it from scratch gives?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impact import EdgeArrays, InvalidTopology, Topology
from tests.property.strategies_impact import exhaustive

Edge = tuple[int, int, int, float, bool, float]
GATE = 2


@st.composite
def edges(draw: st.DrawFn, nodes: int, strengths: str = "013") -> Edge:
    """Draw an edge of few values, so that equal and parallel ones occur."""
    ends = st.integers(0, nodes - 1)
    return (
        draw(ends),
        draw(ends),
        int(draw(st.sampled_from(strengths))),
        draw(st.sampled_from([0.0, 0.0, 1.5, 3.0])),
        draw(st.booleans()),
        draw(st.sampled_from([1.0, 1.0, 0.5])),
    )


def arrays(given_edges: list[Edge]) -> EdgeArrays:
    """Return edges as the engine takes them."""
    kinds = (np.int32, np.int32, np.uint8, np.float64, np.bool_, np.float32)
    columns = list(zip(*given_edges, strict=True)) or [()] * len(kinds)
    return EdgeArrays(
        *(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True))
    )


def built(ids: list[str], given_edges: list[Edge], gates: set[str], flagged: set[str]) -> Topology:
    """Return the topology built from scratch."""
    found = arrays(given_edges)
    is_gate = np.array([name in gates for name in ids], dtype=np.bool_)
    return Topology.build(
        ids=ids,
        dependents=found.dependents,
        providers=found.providers,
        strengths=found.strengths,
        tolerates_seconds=found.tolerates_seconds,
        edge_inferred=found.inferred,
        edge_confidence=None if (found.confidence == 1).all() else found.confidence,
        is_gate=is_gate,
        k_min=is_gate.astype(np.int32),
        is_service=np.array([name in flagged for name in ids], dtype=np.bool_),
        own_state=np.array([2 * (name in flagged) for name in ids], dtype=np.uint8),
        q=np.array([0.25 * (name in flagged) for name in ids]),
    )


def facts(topology: Topology) -> dict[str, Any]:
    """Return everything a topology says; the order within a row is left open."""
    rows = topology.dependents_of
    tolerated = dict(zip(*(part.tolist() for part in topology.tolerant), strict=True))
    confidence = topology.confidence
    sure = [1.0] * topology.edge_count if confidence is None else confidence.tolist()
    strong = len(rows.ends)
    forth = [
        (provider, int(rows.ends[at]), int(rows.codes[at]), tolerated.get(at, 0), sure[at])
        for provider in range(len(topology))
        for at in range(int(rows.starts[provider]), int(rows.starts[provider + 1]))
    ]
    rows = topology.providers_of
    back = [
        (dependent, int(rows.ends[at]), int(rows.codes[at]))
        for dependent in range(len(topology))
        for at in range(int(rows.starts[dependent]), int(rows.starts[dependent + 1]))
    ]
    weak = zip(*(part.tolist() for part in topology.weak), sure[strong:], strict=True)
    gates = topology.gates
    return {
        "ids": topology.ids,
        "forth": sorted(forth),
        "back": sorted(back),
        "weak": sorted(weak),
        "tolerant": topology.tolerant[0].tolist() == sorted(topology.tolerant[0].tolist()),
        "gates": [getattr(gates, name).tolist() for name in gates.__slots__],
        "flags": topology.flags.tolist(),
        "criticality": topology.criticality.tolist(),
        "own": [part.tolist() for part in topology.own],
        "q": None if topology.q is None else topology.q.tolist(),
        "kinds": [a.dtype for a in (rows.starts, rows.ends, rows.codes, *topology.weak)],
        "problems": topology.problems,
    }


@exhaustive
@given(st.data())
def test_a_patched_topology_is_the_one_built_from_scratch(data: st.DataObject) -> None:
    ids = [f"n{number}" for number in range(data.draw(st.integers(1, 6)))]
    gates = data.draw(st.sets(st.sampled_from(ids), max_size=2))
    flagged = data.draw(st.sets(st.sampled_from(ids), max_size=2))
    plain = data.draw(st.lists(edges(len(ids)), max_size=12))
    members = [
        (ids.index(gate), *edge[1:])
        for gate in sorted(gates)
        for edge in data.draw(st.lists(edges(len(ids), strengths="2"), max_size=3))
    ]
    gone = data.draw(st.sets(st.integers(0, len(plain) - 1), max_size=5)) if plain else set()
    place = data.draw(st.integers(0, len(ids)))
    new = [f"m{number}" for number in range(data.draw(st.integers(0, 2)))]

    def moved(edge: Edge) -> Edge:
        dependent, provider = (end + len(new) * (end >= place) for end in edge[:2])
        return (dependent, provider, *edge[2:])

    all_ids = [*ids[:place], *new, *ids[place:]]
    added = data.draw(st.lists(edges(len(all_ids)), max_size=4))
    before = built(ids, [*plain, *members], gates, flagged)
    untouched = facts(before)

    patched = before.patched(
        removed=arrays([moved(plain[number]) for number in sorted(gone)]),
        added=arrays(added),
        place=place,
        ids=new,
    )

    kept = [moved(edge) for number, edge in enumerate(plain) if number not in gone]
    afresh = built(all_ids, [*kept, *map(moved, members), *added], gates, flagged)
    assert facts(patched) == facts(afresh)
    assert facts(before) == untouched


def test_an_edge_that_is_not_there_cannot_be_removed() -> None:
    topology = built(["a", "b"], [(0, 1, 0, 0.0, False, 1.0)], set(), set())

    for other in ((1, 0, 0, 0.0, False, 1.0), (0, 1, 3, 0.0, False, 1.0)):
        with pytest.raises(InvalidTopology, match="removed"):
            topology.patched(removed=arrays([other]))


def test_memberships_are_not_patched() -> None:
    topology = built(["a", "b"], [], {"a"}, set())

    with pytest.raises(InvalidTopology, match="built anew"):
        topology.patched(added=arrays([(0, 1, GATE, 0.0, False, 1.0)]))
