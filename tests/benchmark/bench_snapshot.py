"""How long does a snapshot take from the store, and how little after one change?"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from cmdb.model.changes import ChangeSet, CIChange, ReadSet, RelationshipChange, Stamp
from cmdb.model.shipped import shipped_registry
from cmdb.ports import chunks
from cmdb.snapshot import Snapshots
from cmdb.snapshot.checkpoint import pack
from cmdb.store.arcadedb import open_arcadedb
from cmdb.store.connection import Connection, Transaction
from cmdb.store.graph_store import GraphStore
from impact import Topology

SIZES = {"smoke": (2_000, 6_000), "full": (100_000, 300_000)}
MOST_OF_A_BARE_READ = 2.0
MOST_OF_A_FULL_COMPILE = 0.01
ROUNDS = 15
PAIRS = 5
BATCH = 5_000

MAKE_CIS = "UNWIND $rows AS r CREATE (c:CI) SET c = r"
MAKE_EDGES = """
UNWIND $rows AS r MATCH (a:CI {id: r.dependent}) MATCH (b:CI {id: r.provider})
CREATE (a)-[e:%s]->(b) SET e = r.values
"""
_CLASSES = (
    "BusinessService", "SoftwareComponent", "LoadBalancer", "VirtualMachine", "Hypervisor", "Rack",
)  # fmt: skip
_TYPES = ("depends_on",) * 6 + ("connects_to",) * 2 + ("routes_to", "hosted_in")

Row = dict[str, Any]
GROUP = "0190b7a1-0000-7000-9000-000000000000"


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


def run(size: Literal["smoke", "full"]) -> list[Row]:
    """Return the measured rows; the answers are checked against what was written.

    The share of an update is judged at full size only: it has a fixed part of a few milliseconds.
    """
    cis, relationships = SIZES[size]
    with tempfile.TemporaryDirectory() as folder:
        connection = open_arcadedb(Path(folder))
        try:
            store = GraphStore(connection, _Now())
            store.setup()
            fill(connection, cis, relationships)
            rows = _measure(store, cis, relationships)
        finally:
            connection.close()
    if size == "full":
        return rows
    return [{**row, "target": row["target"] and "none at this size", "ok": True} for row in rows]


def _measure(store: GraphStore, cis: int, relationships: int) -> list[Row]:
    # A cold engine is several times slower: warm up, then measure both in turn, so that neither
    # has the better half of a run. A snapshot contains a bare read: a ratio below 1 is noise.
    snapshots = _loaded(store)
    pairs = [(_timed(store.graph_rows)[0], _timed(lambda: _loaded(store))[0]) for _ in range(PAIRS)]
    bare = statistics.median(pair[0] for pair in pairs)
    full = statistics.median(pair[1] for pair in pairs)
    topology = snapshots.latest().topology
    groups = len(snapshots.latest().implicit_groups)
    assert len(topology) == cis + groups
    assert topology.edge_count == relationships + groups
    rows = [
        _row("bare read of the rows, s", None, bare),
        _row("full snapshot from the store, as a multiple of the bare read",
             MOST_OF_A_BARE_READ, full / bare),
        _row("full snapshot from the store, s", None, full),
    ]  # fmt: skip
    _new_group(store)
    for what, write in WRITES.items():
        update = _updates(store, snapshots, write)
        rows.append(_row(f"update after {what}, share of the full snapshot",
                         MOST_OF_A_FULL_COMPILE, update / full))  # fmt: skip
        rows.append(_row(f"update after {what}, ms", None, update * 1000))
    afresh = _loaded(store).latest().topology
    assert _shape(afresh) == _shape(snapshots.latest().topology)
    content = pack(snapshots.latest().estate)
    rows.append(_row("checkpoint, MB before compression", None, len(content) / 1e6))
    rows.append(_row("memory of one update, MB", None, _grown_mb(store, snapshots)))
    return rows


def _loaded(store: GraphStore) -> Snapshots:
    snapshots = Snapshots(store, shipped_registry)
    snapshots.latest()
    return snapshots


def _updates(
    store: GraphStore, snapshots: Snapshots, write: Callable[[GraphStore, int], None]
) -> float:
    """Return the median seconds of bringing a snapshot up to date after one write."""
    times = []
    for number in range(ROUNDS):
        write(store, number)
        times.append(_timed(snapshots.latest)[0])
    return statistics.median(times)


def _grown_mb(store: GraphStore, snapshots: Snapshots) -> float:
    before = snapshots.latest()
    _rename(store, ROUNDS)
    tracemalloc.start()
    try:
        after = snapshots.latest()
        assert after.revision == before.revision + 1
        return tracemalloc.get_traced_memory()[0] / 1e6
    finally:
        tracemalloc.stop()


def _shape(topology: Topology) -> tuple[int, ...]:
    gates, criticality = topology.gates, topology.criticality
    figures = (gates.members, gates.k_min, gates.k_full, criticality)
    return (len(topology), topology.edge_count, *(int(values.sum()) for values in figures))


def _new_link(store: GraphStore, number: int) -> None:
    _link(store, "depends_on", _ci_id(number), _ci_id(number + 1_000))


def _link(store: GraphStore, type_name: str, dependent: str, provider: str) -> None:
    values = {"live": True, "confidence": 1.0, "assertions": "{}"}
    link_id = f"{type_name} {dependent} {provider}"
    change = RelationshipChange(link_id, type_name, dependent, provider, "bench", {}, values)
    _apply(store, ChangeSet(relationships=[change]))


def _new_ci(store: GraphStore, number: int) -> None:
    values = {"class": "Host", "name": f"new {number}", "lifecycle": "in_use"}
    _apply(store, ChangeSet(cis=[CIChange(_ci_id(10_000_000 + number), {}, values)]))


def _rename(store: GraphStore, number: int) -> None:
    _edit(store, _ci_id(number), name=f"renamed {number}")


def _edit(store: GraphStore, ci_id: str, **values: Any) -> None:
    stored = store.ci_properties([ci_id])[ci_id]
    change = CIChange(ci_id, stored, {**stored, **values}, stored["version"])
    _apply(store, ChangeSet(cis=[change]))


def _new_group(store: GraphStore) -> None:
    values = {"class": "RedundancyGroup", "name": "pool", "lifecycle": "in_use", "a_k_min": 1}
    _apply(store, ChangeSet(cis=[CIChange(GROUP, {}, values)]))


def _new_member(store: GraphStore, number: int) -> None:
    _link(store, "has_member", GROUP, _ci_id(number))


def _new_alternative(store: GraphStore, number: int) -> None:
    # Two of each dependent: most have one already, or none, so that groups form and grow.
    _link(store, "routes_to", _ci_id(1_000 + number // 2), _ci_id(1_500 + number))


def _new_k_min(store: GraphStore, number: int) -> None:
    _edit(store, GROUP, a_k_min=2 + number % 2)


def _retire(store: GraphStore, number: int) -> None:
    _edit(store, _ci_id(1_200 + number), lifecycle="retired")


def _apply(store: GraphStore, changes: ChangeSet) -> None:
    sequence = ReadSet(sequence=store.head().sequence)
    store.apply(
        ChangeSet(changes.cis, changes.relationships, read_set=sequence), Stamp("benchmark")
    )


WRITES: dict[str, Callable[[GraphStore, int], None]] = {
    "a relationship": _new_link,
    "a new CI": _new_ci,
    "a name": _rename,
    "a membership": _new_member,
    "an alternative of routes_to": _new_alternative,
    "a group's k_min": _new_k_min,
    "a CI that retires": _retire,
}


def fill(connection: Connection, cis: int, relationships: int) -> None:
    """Write an estate in the stored layout, without a log."""
    chance = random.Random(7)
    nodes = [_ci(number, chance) for number in range(cis)]
    for batch in chunks(nodes, BATCH):
        connection.write(partial(_run, MAKE_CIS, list(batch)))
    by_type: dict[str, list[Row]] = {}
    for number in range(relationships):
        provider = chance.randrange(1, cis)
        values = {
            "id": f"{number:036x}",
            "version": 1,
            "live": True,
            "discriminator": "",
            "confidence": 1.0 if chance.random() < 0.9 else 0.8,
            "assertions": "{}",
        }
        by_type.setdefault(chance.choice(_TYPES), []).append(
            {
                "dependent": _ci_id(chance.randrange(provider)),
                "provider": _ci_id(provider),
                "values": values,
            }
        )
    for name, rows in by_type.items():
        for batch in chunks(rows, BATCH):
            connection.write(partial(_run, MAKE_EDGES % name, list(batch)))


def _run(text: str, rows: list[Row], tx: Transaction) -> None:
    tx.run(text, {"rows": rows})


def _ci(number: int, chance: random.Random) -> Row:
    made: Row = {
        "id": _ci_id(number), "class": chance.choice(_CLASSES), "name": f"ci {number}",
        "lifecycle": "in_use", "version": 1, "created_at": 0, "updated_at": 0,
    }  # fmt: skip
    if made["class"] == "BusinessService":
        made["a_criticality"] = chance.randint(1, 4)
    return made


def _ci_id(number: int) -> str:
    return f"0190b7a1-0000-7000-8000-{number:012x}"


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _row(what: str, target: float | None, value: float) -> Row:
    return {
        "what": what,
        "figure": f"{value:.4g}",
        "target": "" if target is None else f"≤ {target:g}",
        "ok": None if target is None else value <= target,
    }
