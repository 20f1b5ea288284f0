"""What does a database hold, is all of it whole, and what does it say beyond opaque ids?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from cmdb.model.log import GENESIS, LogEntry, LogHead, unseal, verify
from cmdb.model.reconcile import COMPUTED
from cmdb.model.registry import Registry
from cmdb.model.source_records import SourceRecord
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore

CIS = "MATCH (c:CI) RETURN collect(properties(c))"
RELATIONSHIPS = """
MATCH (a:CI)-[r]->(b:CI) RETURN collect([type(r), a.id, b.id, properties(r)])
"""
IDENTIFIERS = "MATCH (i:Identifier) RETURN collect(properties(i))"
RECORDS = "MATCH (s:SourceRecord) RETURN collect(s.id)"
PENDING = "MATCH (p:Pending) RETURN collect([p.key, p.record_id])"
CARRIERS = "MATCH (c:Carrier) RETURN collect([c.key, c.record_id])"
ANSWERS = "MATCH (k:Idempotency) RETURN collect([k.key, k.revision])"
_BATCH = 500

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Graph:
    """Everything that an import writes, read at once while nobody writes."""

    registry: Registry
    head: LogHead
    entries: list[LogEntry]
    cis: dict[str, Row]
    relationships: dict[str, Row]
    identifiers: dict[str, Row]
    records: dict[str, SourceRecord]
    pending: set[tuple[str, str]]
    carriers: set[tuple[str, str]]
    answers: dict[str, int]


def read_graph(connection: Connection, store: GraphStore) -> Graph:
    """Return everything, after the chain was verified.

    Raises:
        LogBroken: It does not verify.
    """

    def collected(text: str) -> list[Any]:
        return list(connection.read(text)[0][0])

    head = store.head()
    relationships = {
        row["id"]: {**row, "type": kind, "dependent": dependent, "provider": provider}
        for kind, dependent, provider, row in collected(RELATIONSHIPS)
    }
    return Graph(
        store.registry(),
        head,
        _verified(store, head),
        {row["id"]: dict(row) for row in collected(CIS)},
        relationships,
        {row["key"]: dict(row) for row in collected(IDENTIFIERS)},
        {record.id: record for record in store.source_records(collected(RECORDS))},
        {(key, record) for key, record in collected(PENDING)},
        {(key, record) for key, record in collected(CARRIERS)},
        dict(collected(ANSWERS)),
    )


def _verified(store: GraphStore, head: LogHead) -> list[LogEntry]:
    before, entries = LogHead(0, GENESIS, 0), []
    for start in range(1, head.revision + 1, _BATCH):
        for stored in store.stored_entries(start, min(start + _BATCH - 1, head.revision)):
            verify(stored, before)
            before = LogHead(stored.revision, stored.hash, stored.at)
            entries.append(unseal(stored))
    assert (before.revision, before.hash, before.at) == (head.revision, head.hash, head.at)
    return entries


def check_whole(graph: Graph) -> None:
    """Assert that nothing is there by half.

    The state of every CI and relationship is the one that the log's entries add up to, and all that
    is written together with an entry (records, identifiers, answers) fits to it.
    """
    cis, relationships = _replayed(graph.entries)
    assert {i: _own(row) for i, row in graph.cis.items()} == cis
    assert {i: _own(row) for i, row in graph.relationships.items()} == relationships
    shown = {i for i, row in graph.cis.items() if not row.get("merged_into")}
    placed = {record.ci_id for record in graph.records.values()}
    assert placed == shown
    for row in graph.identifiers.values():
        owners = {row["ci_id"], *(row.get("contested") or ())} - {""}
        assert owners <= shown, row
    for row in graph.relationships.values():
        assert not row["live"] or {row["dependent"], row["provider"]} <= shown, row
    assert {record for _, record in graph.pending} <= graph.records.keys()
    void = {key for key, row in graph.identifiers.items() if row.get("witnesses")}
    assert {key for key, _ in graph.carriers} == void
    assert {record for _, record in graph.carriers} <= graph.records.keys()
    keys = {
        entry.header["idempotency_key"]: entry.revision
        for entry in graph.entries
        if "idempotency_key" in entry.header
    }
    assert keys.items() <= graph.answers.items()
    assert all(revision <= graph.head.revision for revision in graph.answers.values())


def _replayed(entries: list[LogEntry]) -> tuple[dict[str, Row], dict[str, Row]]:
    """Return CIs and relationships as the log says they are, each with its last revision."""
    states: dict[str, dict[str, Row]] = defaultdict(dict)
    for entry in entries:
        for change in entry.changes:
            assert change is not None
            state = states[change.kind].setdefault(change.id, {"version": 0})
            assert state["version"] == change.previous, (entry.revision, change)
            state |= {**change.after, **change.ends, "version": entry.revision}
    cis, relationships = (
        {i: _own(state) for i, state in states[kind].items()} for kind in ("ci", "relationship")
    )
    return cis, relationships


def _own(row: Mapping[str, Any]) -> Row:
    kept = (COMPUTED - {"version"}) | {"discriminator"}
    return {k: v for k, v in row.items() if k not in kept and v is not None and v != []}


def picture(graph: Graph) -> dict[str, Any]:
    """Return what the graph says up to opaque ids and revisions: CIs are named by their records."""
    labels: dict[str, list[str]] = defaultdict(list)
    for record in graph.records.values():
        labels[record.ci_id or ""].append(record.id)
    named = {ci_id: tuple(sorted(records)) for ci_id, records in labels.items()}
    shown = {i: row for i, row in graph.cis.items() if not row.get("merged_into")}
    return {
        "cis": {named[i]: _values(row) for i, row in shown.items()},
        "relationships": dict(_edges(graph, named)),
        "identifiers": {
            _plain(key, named): (
                named.get(row["ci_id"], ()),
                sorted(named[ci] for ci in row.get("contested") or ()),
                bool(row.get("witnesses")),
            )
            for key, row in graph.identifiers.items()
        },
        "pending": {(_plain(key, named), record) for key, record in graph.pending},
        "carriers": {(_plain(key, named), record) for key, record in graph.carriers},
        "records": {i: (r.digest, r.observed_ms) for i, r in graph.records.items()},
    }


def _values(row: Mapping[str, Any]) -> Row:
    return {name: value for name, value in row.items() if name not in COMPUTED}


def _edges(graph: Graph, named: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    for row in graph.relationships.values():
        if row["live"]:
            ends = [named[row["dependent"]], named[row["provider"]]]
            if graph.registry.get_type(row["type"]).is_symmetric:
                ends.sort()
            facts = orjson.loads(row["assertions"]), row.get("strength"), row["confidence"]
            yield (row["type"], *ends, row["discriminator"]), facts


def _plain(key: str, named: Mapping[str, Any]) -> str:
    head, at, holder = key.rpartition("=")
    return f"{head}{at}{named[holder]}" if holder in named else key
