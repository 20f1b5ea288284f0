"""Is a patched topology the one that building it from scratch gives?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from impact import EdgeArrays, GateFigures, InvalidTopology, Patch, Topology
from tests.property.strategies_impact import exhaustive
from tests.property.topology_facts import topology_facts

Edge = tuple[str, str, int, float, bool, float]
Gate = tuple[bool, int, int]
GATE, SURE = 2, (0.0, False, 1.0)

some_gates = st.tuples(
    st.booleans(), st.sampled_from([(0, 0), (0, 2), (1, 0), (1, 2), (2, 2), (3, 3)])
).map(lambda drawn: (drawn[0], *drawn[1]))


@st.composite
def edges(
    draw: st.DrawFn, dependents: Sequence[str], ids: Sequence[str], gates: Mapping[str, Gate]
) -> list[Edge]:
    """Draw edges of few values, so that equal and parallel ones and repeated members occur."""
    found = []
    for _ in range(draw(st.integers(0, 12)) if dependents else 0):
        dependent = draw(st.sampled_from(dependents))
        kinds = [0, 1, 3, *[GATE] * 4] if dependent in gates else [0, 1, 3]
        found.append(
            (
                dependent,
                draw(st.sampled_from(ids)),
                draw(st.sampled_from(kinds)),
                draw(st.sampled_from([0.0, 0.0, 1.5, 3.0])),
                draw(st.booleans()),
                draw(st.sampled_from([1.0, 1.0, 0.5])),
            )
        )
    return found


def arrays(ids: Sequence[str], given_edges: list[Edge]) -> EdgeArrays:
    """Return edges as the engine takes them."""
    kinds = (np.int32, np.int32, np.uint8, np.float64, np.bool_, np.float32)
    numbered = [(ids.index(edge[0]), ids.index(edge[1]), *edge[2:]) for edge in given_edges]
    columns = list(zip(*numbered, strict=True)) or [()] * len(kinds)
    return EdgeArrays(
        *(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True))
    )


def figures(ids: Sequence[str], gates: Mapping[str, Gate]) -> GateFigures:
    """Return gates as the engine takes them."""
    nodes = [ids.index(name) for name in gates]
    columns = list(zip(*gates.values(), strict=True)) or [(), (), ()]
    kinds = (np.bool_, np.int32, np.int32)
    return GateFigures(
        np.array(nodes, dtype=np.int32),
        *(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)),
    )


def built(
    ids: Sequence[str], given_edges: list[Edge], gates: Mapping[str, Gate], flagged: set[str]
) -> Topology:
    """Return the topology built from scratch."""
    found = arrays(ids, given_edges)
    plain = (False, 0, 0)
    return Topology.build(
        ids=ids,
        dependents=found.dependents,
        providers=found.providers,
        strengths=found.strengths,
        tolerates_seconds=found.tolerates_seconds,
        edge_inferred=found.inferred,
        edge_confidence=None if (found.confidence == 1).all() else found.confidence,
        is_gate=np.array([name in gates for name in ids], dtype=np.bool_),
        is_group=np.array([gates.get(name, plain)[0] for name in ids], dtype=np.bool_),
        k_min=np.array([gates.get(name, plain)[1] for name in ids], dtype=np.int32),
        k_full=np.array([gates.get(name, plain)[2] for name in ids], dtype=np.int32),
        is_service=np.array([name in flagged for name in ids], dtype=np.bool_),
        own_state=np.array([2 * (name in flagged) for name in ids], dtype=np.uint8),
        q=np.array([0.25 * (name in flagged) for name in ids]),
    )


def nodes_of(ids: Sequence[str], names: Sequence[str]) -> NDArray[np.int32]:
    """Return node indices, ascending."""
    return np.array(sorted(ids.index(name) for name in names), dtype=np.int32)


@exhaustive
@given(st.data())
def test_a_patched_topology_is_the_one_built_from_scratch(data: st.DataObject) -> None:
    ids = [f"n{number}" for number in range(data.draw(st.integers(1, 6)))]
    gates = data.draw(st.dictionaries(st.sampled_from(ids), some_gates, max_size=3))
    flagged = data.draw(st.sets(st.sampled_from(ids), max_size=2))
    old = data.draw(edges(ids, ids, gates))
    gone = data.draw(st.sets(st.sampled_from(ids), max_size=2))
    restated = data.draw(st.sets(st.sampled_from(ids), max_size=3))
    restated |= {edge[0] for edge in old if edge[1] in gone}
    all_ids = [name for name in ids if name not in gone]
    new = [f"m{number}" for number in range(data.draw(st.integers(0 if all_ids else 1, 3)))]
    for name in new:
        all_ids.insert(data.draw(st.integers(0, len(all_ids))), name)
    stated = sorted((restated | set(new)) - gone)
    regated = data.draw(st.dictionaries(st.sampled_from(stated), some_gates)) if stated else {}
    added = data.draw(edges(stated, all_ids, regated))
    before = built(ids, old, gates, flagged)
    untouched = topology_facts(before)

    patched = before.patched(
        Patch(
            restated=nodes_of(ids, sorted(restated)),
            gone=nodes_of(ids, sorted(gone)),
            places=nodes_of(all_ids, new),
            ids=[name for name in all_ids if name in new],
            edges=arrays(all_ids, added),
            gates=figures(all_ids, regated),
        )
    )

    kept = {name: gate for name, gate in gates.items() if name not in restated | gone}
    left = [edge for edge in old if edge[0] not in restated | gone]
    afresh = built(all_ids, [*left, *added], kept | regated, flagged)
    assert topology_facts(patched) == topology_facts(afresh)
    assert topology_facts(before) == untouched


def test_many_edges_are_patched_as_few_are() -> None:
    ids = [f"n{number:03d}" for number in range(100)]
    members: list[Edge] = [("n000", name, GATE, 2.0, False, 0.5) for name in ids[1:60]]
    fewer = [*members[::2], *[("n000", name, GATE, *SURE) for name in ids[60:]]]
    before = built(ids, members, {"n000": (True, 2, 0)}, set())

    patched = before.patched(
        Patch(
            restated=nodes_of(ids, ["n000"]),
            edges=arrays(ids, fewer),
            gates=figures(ids, {"n000": (True, 3, 0)}),
        )
    )

    afresh = built(ids, fewer, {"n000": (True, 3, 0)}, set())
    assert topology_facts(patched) == topology_facts(afresh)


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        (Patch(edges=arrays(["a", "b"], [("a", "b", 0, *SURE)])), "edges"),
        (Patch(gone=nodes_of(["a", "b"], ["b"])), "gone"),
        (
            Patch(
                restated=nodes_of(["a", "b"], ["a"]),
                edges=arrays(["a", "b"], [("a", "b", GATE, *SURE)]),
            ),
            "gates",
        ),
        (
            Patch(
                restated=nodes_of(["a", "b"], ["a"]),
                gates=figures(["a", "b"], {"a": (True, 2, 1)}),
            ),
            "k_full",
        ),
    ],
)
@pytest.mark.parametrize("strength", [0, 3])
def test_a_patch_that_does_not_fit_is_refused(patch: Patch, field: str, strength: int) -> None:
    topology = built(["a", "b"], [("a", "b", strength, *SURE)], {}, set())

    with pytest.raises(InvalidTopology, match=field):
        topology.patched(patch)
