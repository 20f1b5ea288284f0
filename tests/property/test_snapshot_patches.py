"""Is a snapshot patched by a write of whatever kind the one that wiring everything anew gives?"""

from __future__ import annotations

import os
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.model.changes import LogChange
from cmdb.model.registry import Registry
from cmdb.model.shipped import shipped_registry
from cmdb.snapshot import Snapshot, Snapshots
from cmdb.snapshot import snapshot as snapshot_module
from cmdb.snapshot.snapshot import compile_snapshot
from tests.peers.snapshot_store import SnapshotStore, ci_change, ci_edit, link, link_edit
from tests.property.oracle_snapshot import expected_facts, facts_of
from tests.property.topology_facts import topology_facts

IS_LONG = os.environ.get("CMDB_TEST_SIZE") == "long"

STARTED = (
    ci_change("s0", "BusinessService", a_criticality=4),
    ci_change("lb", "LoadBalancer", a_criticality=2),
    ci_change("g0", "RedundancyGroup", a_k_min=1),
    ci_change("g1", "RedundancyGroup", a_k_min=2, a_k_full=3),
    ci_change("k0", "ComputeCluster"),
    *(ci_change(f"h{number}") for number in range(4)),
    link("s0", "depends_on", "lb"),
    *(link("lb", "routes_to", f"h{number}") for number in range(3)),
    *(link("s0", "routes_to", f"h{number}") for number in range(2, 4)),
    *(link("g0", "has_member", f"h{number}") for number in range(2)),
    link("g1", "has_member", "g0"),
    link("h3", "depends_on", "g0"),
)
IDS = ("s0", "lb", "g0", "g1", "k0", "h0", "h1", "h2", "h3")
KEEPERS = ("g0", "g0", "g1", "k0", "h3")
ROUTERS = ("lb", "lb", "s0", "h3")
MOVES = ("member", "member", "alternative", "alternative", "reliance", "figures", "stage", "class",
         "new")  # fmt: skip

sometimes = st.sampled_from
LINK_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "live": sometimes([True, True, False]),
    "tolerates_seconds": sometimes([None, None, 1.0, 30.0]),
    "confidence": sometimes([1.0, 1.0, 0.5]),
    "inferred_by": sometimes([None, "rule"]),
}
STRENGTHS = {
    "member": sometimes([None, None, None, "gate", "hard", "weak"]),
    "alternative": sometimes([None, None, None, "gate", "soft"]),
    "reliance": sometimes([None, "hard", "soft", "weak", "gate"]),
}
COUNTS = sometimes([None, 1, 2, 3])


@st.composite
def writes(draw: st.DrawFn, ids: list[str], number: int) -> LogChange:
    """Draw one change that may form, change or end gates, implicit groups or nodes."""
    move = draw(sometimes(MOVES))
    if move == "new":
        ids.append(f"n{number}")
        kind = draw(sometimes(["Host", "BusinessService", "RedundancyGroup", "ComputeCluster"]))
        return ci_change(ids[-1], kind, a_k_min=draw(COUNTS))
    if move == "figures":
        some = {"a_k_min": draw(COUNTS), "a_k_full": draw(COUNTS)}
        return ci_edit(draw(sometimes(["g0", "g1", "k0"])), **some)
    if move == "stage":
        stage = draw(sometimes(["in_use", "in_use", "retired", "planned", "stale"]))
        merged = draw(sometimes([None, None, None, "h0"]))
        return ci_edit(draw(sometimes(ids)), lifecycle=stage, merged_into=merged)
    if move == "class":
        kinds = sometimes(["Host", "RedundancyGroup", "ComputeCluster", "TechnicalService"])
        return ci_edit(draw(sometimes(["g0", "k0", "h1", "h3"])), **{"class": draw(kinds)})
    type_name, starts = {
        "member": ("has_member", KEEPERS),
        "alternative": ("routes_to", ROUTERS),
        "reliance": ("depends_on", (*ROUTERS, "h3", *ids)),
    }[move]
    values = {name: draw(some) for name, some in LINK_VALUES.items()}
    values["strength"] = draw(STRENGTHS[move])
    ends = draw(sometimes(starts)), type_name, draw(sometimes(ids))
    return way(*ends, discriminator=draw(sometimes(["", "", "x"])), **values)


def way(
    dependent: str, type_name: str, provider: str, *, discriminator: str, **values: Any
) -> LogChange:
    """Return the change that makes a relationship, of which there may be two between its ends."""
    made = link(dependent, type_name, provider, **values)
    ends = {**made.ends, "discriminator": discriminator}
    return LogChange(made.kind, f"{made.id}{discriminator}", 0, {}, made.after, ends)


def everything(found: Snapshot) -> dict[str, Any]:
    """Return all that a snapshot says, its order of nodes included."""
    figures = (found.figures.q, found.figures.mttr_hours, found.figures.basis)
    return topology_facts(found.topology) | {
        "figures": [str(values.tolist()) for values in figures],
        "groups": dict(found.implicit_groups),
        "inferred": (found.inferred_edges, found.inferred_hard_edges),
        "is_group": found.wiring.is_group.tolist(),
    }


def patched(snapshots: Snapshots) -> Snapshot:
    """Return the newest snapshot, which must not be wired anew."""
    with mock.patch.object(snapshot_module, "wire", side_effect=AssertionError("wired anew")):
        return snapshots.latest()


def assert_as_anew(found: Snapshot, store: SnapshotStore, registry: Registry) -> None:
    assert everything(found) == everything(compile_snapshot(found.estate, registry))
    assert facts_of(found) == expected_facts(store.state, registry)


@settings(deadline=None, max_examples=3000 if IS_LONG else 100, derandomize=True, database=None)
@given(st.data())
def test_a_snapshot_patched_by_any_write_is_the_one_wired_anew(data: st.DataObject) -> None:
    store, registry, ids = SnapshotStore(), shipped_registry(), list(IDS)
    store.append(*STARTED)
    snapshots = Snapshots(store, lambda: registry)
    snapshots.latest()

    for number in range(data.draw(st.integers(1, 8))):
        changes: dict[str, LogChange] = {}
        for part in range(data.draw(st.integers(1, 3))):
            change = data.draw(writes(ids, 10 * number + part))
            changes.setdefault(change.id, change)
        store.append(*changes.values())

        assert_as_anew(patched(snapshots), store, registry)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([[link("r0", "routes_to", "h1")]], [("any:r0:routes_to", 2)]),
        ([[link("r0", "routes_to", "h1")], [link_edit("r0", "routes_to", "h1", live=False)]], []),
        ([[link("r0", "routes_to", "h1")], [ci_edit("h1", lifecycle="retired")]], []),
        (
            [[link("r0", "routes_to", "h1")], [ci_edit("h1", lifecycle="retired")],
             [ci_edit("h1", lifecycle="in_use")]],
            [("any:r0:routes_to", 2)],
        ),
        (
            [[link("r0", "routes_to", "h1")], [link("r0", "depends_on", "g0")],
             [link("g0", "has_member", "h0"), link("g0", "has_member", "h1")]],
            [("g0", 2)],
        ),
        (
            [[link("r0", "routes_to", "h1"), link("r0", "depends_on", "g0"),
              link("g0", "has_member", "h1")], [ci_edit("g0", lifecycle="retired")]],
            [("any:r0:routes_to", 2)],
        ),
        ([[link("k0", "has_member", "h0")]], [("k0", 1)]),
        ([[link("k0", "has_member", "h0")], [ci_edit("h0", lifecycle="planned")]], []),
    ],
)  # fmt: skip
def test_gates_form_and_end_without_wiring_anew(
    steps: list[list[LogChange]], expected: list[tuple[str, int]]
) -> None:
    store, registry = SnapshotStore(), shipped_registry()
    store.append(
        ci_change("r0", "LoadBalancer"), ci_change("k0", "ComputeCluster"), ci_change("h0"),
        ci_change("h1"), ci_change("g0", "RedundancyGroup"), link("r0", "routes_to", "h0"),
    )  # fmt: skip
    snapshots = Snapshots(store, lambda: registry)
    snapshots.latest()

    for changes in steps:
        store.append(*changes)
        found = patched(snapshots)
        assert_as_anew(found, store, registry)

    topology, gates = found.topology, found.topology.gates
    names = [topology.ids[node] for node in gates.nodes.tolist()]
    sizes = dict(zip(names, gates.members.tolist(), strict=True))
    assert [(name, sizes[name]) for name in names if sizes[name]] == expected
