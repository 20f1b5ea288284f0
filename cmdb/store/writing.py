"""How is a change set written? One transaction: head, read set, rows, log entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cmdb.errors import DuplicateKey, StalePlan
from cmdb.model.changes import (
    Applied,
    Carrier,
    ChangeSet,
    CIChange,
    LogChange,
    Pending,
    RelationshipChange,
    Stamp,
    difference,
)
from cmdb.model.identify import holder_of
from cmdb.model.inventory import ATTRIBUTE_PREFIX
from cmdb.model.log import Packed, pack
from cmdb.model.registry import Registry
from cmdb.model.source_records import SourceRecord, encode_body
from cmdb.store.connection import Connection, Transaction, search_words
from cmdb.store.log_rows import append, first_answer, keep_answer, next_time, take_head
from cmdb.store.node_rows import moved_nodes, node_log_changes, write_nodes
from cmdb.store.ordering import ordering_keys
from cmdb.store.read_sets import verify_read_set

BATCH = 2_000

CREATE_CIS = "UNWIND $rows AS r CREATE (c:CI) SET c = r RETURN count(c) AS n"
REPLACE_CIS = "UNWIND $rows AS r MATCH (c:CI {id: r.id}) SET c = r RETURN count(c) AS n"
CREATE_RELATIONSHIPS = """
UNWIND $rows AS r MATCH (a:CI {id: r.dependent}) MATCH (b:CI {id: r.provider})
CREATE (a)-[e:%s]->(b) SET e = r.values RETURN count(e) AS n
"""
REPLACE_RELATIONSHIPS = """
UNWIND $rows AS r MATCH (a:CI {id: r.dependent}) MATCH (a)-[e:%s]->(b:CI {id: r.provider})
WHERE e.id = r.values.id SET e = r.values RETURN count(e) AS n
"""
CREATE_IDENTIFIERS = "UNWIND $rows AS r CREATE (i:Identifier) SET i = r RETURN count(i) AS n"
REPLACE_IDENTIFIERS = """
UNWIND $rows AS r MATCH (i:Identifier {key: r.key}) SET i = r RETURN count(i) AS n
"""
DELETE_IDENTIFIERS = "UNWIND $keys AS k MATCH (i:Identifier {key: k}) DELETE i"
CREATE_RECORDS = "UNWIND $rows AS r CREATE (s:SourceRecord) SET s = r RETURN count(s) AS n"
REPLACE_RECORDS = """
UNWIND $rows AS r MATCH (s:SourceRecord {id: r.id}) SET s = r RETURN count(s) AS n
"""
OBSERVED = """
UNWIND $rows AS r MATCH (s:SourceRecord {id: r.id}) SET s.observed_ms = r.observed_ms
RETURN count(s) AS n
"""
ADD_PENDING = """
UNWIND $rows AS r MERGE (p:Pending {id: r.id}) SET p = r
RETURN count(p) AS n
"""
REMOVE_PENDING = "UNWIND $keys AS k MATCH (p:Pending {id: k}) DELETE p"
ADD_CARRIERS = """
UNWIND $rows AS r MERGE (c:Carrier {id: r.id}) SET c = r
RETURN count(c) AS n
"""
REMOVE_CARRIERS = "UNWIND $keys AS k MATCH (c:Carrier {id: k}) DELETE c"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What of a change set can be made before its transaction: all but revision and time.

    Attributes:
        cis: Rows of CIs, by whether they are new.
        identifiers: Likewise.
        records: Likewise.
        relationships: Rows by the statement that writes them.
        entry: The changes as the log keeps them.
    """

    cis: Mapping[bool, list[dict[str, Any]]]
    identifiers: Mapping[bool, list[dict[str, Any]]]
    records: Mapping[bool, list[dict[str, Any]]]
    relationships: Mapping[str, list[dict[str, Any]]]
    entry: Packed


def prepare(registry: Registry, changes: ChangeSet) -> Prepared:
    """Return what can be made of a change set before its transaction."""
    cis: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for change in changes.cis:
        cis[change.is_new].append(ci_row(registry, change))
    records: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for record in changes.records:
        records[not changes.read_set.records.get(record.id)].append(record_row(record))
    return Prepared(
        cis,
        _identifier_rows(changes),
        records,
        _relationship_rows(registry, changes.relationships),
        pack(log_changes(changes)),
    )


def apply_changes(
    connection: Connection,
    registry: Registry,
    changes: ChangeSet,
    stamp: Stamp,
    *,
    now_ms: int,
    answer: Mapping[str, Any],
    also: Callable[[Transaction], None] | None = None,
) -> Applied:
    """Write a change set, and what `also` writes, in one transaction; see `Writers.apply`."""
    made = changes.prepared
    prepared = made if isinstance(made, Prepared) else prepare(registry, changes)
    lock = sha256(f"{stamp.request_id}{now_ms}{id(changes)}".encode()).hexdigest()[:16]

    def work(tx: Transaction) -> Applied:
        head = take_head(tx, lock)
        if (repeated := first_answer(tx, stamp)) is not None:
            return repeated
        if changes.read_set.registry not in (None, head.registry):
            raise StalePlan(["the registry of classes and relationship types"])
        if head.sequence != changes.read_set.sequence:
            verify_read_set(tx, changes)
        if changes.nodes and (moved := moved_nodes(tx, changes.nodes)):
            raise StalePlan(moved)
        at = next_time(head, now_ms)
        _write_rows(tx, changes, prepared, revision=head.revision + 1, at=at)
        if also is not None:
            also(tx)
        if not changes.changes_inventory:
            keep_answer(tx, stamp, head.revision, answer)
            return Applied(head.revision, answer)
        return Applied(append(tx, head, stamp, prepared.entry, at=at, answer=answer), answer)

    try:
        return connection.write(work)
    except DuplicateKey as error:
        # Somebody made the same thing between reading and writing: what was decided is out of date.
        raise StalePlan(["a new identifier or log entry"]) from error


def log_changes(changes: ChangeSet) -> list[LogChange]:
    """Return a change set as the log keeps it: values that differ, before and after."""
    made = [LogChange("ci", c.id, c.version, *difference(c.before, c.after)) for c in changes.cis]
    for change in changes.relationships:
        ends = {
            "type": change.type,
            "dependent": change.dependent,
            "provider": change.provider,
            "discriminator": change.discriminator,
        }
        delta = difference(change.before, change.after)
        made.append(LogChange("relationship", change.id, change.version, *delta, ends))
    return [*made, *node_log_changes(changes.nodes), *changes.others]


def _write_rows(
    tx: Transaction, changes: ChangeSet, prepared: Prepared, *, revision: int, at: int
) -> None:
    for row in prepared.cis[True]:
        row.update(version=revision, created_at=at, updated_at=at)
    for row in prepared.cis[False]:
        row.update(version=revision, updated_at=at)
    _run_all(tx, CREATE_CIS, prepared.cis[True])
    _run_all(tx, REPLACE_CIS, prepared.cis[False])
    _remove_all(tx, DELETE_IDENTIFIERS, [c.key for c in changes.identifiers if c.ci_id is None])
    _run_all(tx, REPLACE_IDENTIFIERS, prepared.identifiers[False])
    _run_all(tx, CREATE_IDENTIFIERS, prepared.identifiers[True])
    _run_all(tx, CREATE_RECORDS, prepared.records[True])
    _run_all(tx, REPLACE_RECORDS, prepared.records[False])
    _run_all(tx, OBSERVED, [{"id": i, "observed_ms": at_ms} for i, at_ms in changes.observed])
    for text, rows in prepared.relationships.items():
        for row in rows:
            row["values"]["version"] = revision
        _run_all(tx, text, rows)
    _run_all(tx, ADD_PENDING, [pending_row(p) for p in changes.pending_added])
    _remove_all(tx, REMOVE_PENDING, [pending_row(p)["id"] for p in changes.pending_removed])
    _remove_all(tx, REMOVE_CARRIERS, [carrier_row(c)["id"] for c in changes.carriers_removed])
    write_carriers(tx, changes.carriers_added)
    write_nodes(tx, changes.nodes, revision=revision, at=at)


def write_carriers(tx: Transaction, carriers: Sequence[Carrier]) -> None:
    """Put carriers of placeholders on record; those that are there already stay."""
    _run_all(tx, ADD_CARRIERS, [carrier_row(carrier) for carrier in carriers])


def _identifier_rows(changes: ChangeSet) -> dict[bool, list[dict[str, Any]]]:
    rows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for change in changes.identifiers:
        if change.ci_id is None:
            continue
        row: dict[str, Any] = {"key": change.key, "ci_id": change.ci_id, "rule": change.rule}
        if change.within:
            row["within"] = change.within
        if change.contested:
            row["contested"] = list(change.contested)
        if change.witnesses:
            row["witnesses"] = list(change.witnesses)
        rows[change.is_new].append(row)
    return rows


def _relationship_rows(
    registry: Registry, changes: Sequence[RelationshipChange]
) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for change in changes:
        registry.get_type(change.type)
        text = REPLACE_RELATIONSHIPS if change.before else CREATE_RELATIONSHIPS
        values = {name: value for name, value in change.after.items() if value is not None}
        values |= {"id": change.id, "discriminator": change.discriminator}
        rows[text % change.type].append(
            {"dependent": change.dependent, "provider": change.provider, "values": values}
        )
    return rows


def _run_all(tx: Transaction, text: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        written = tx.run(text, {"rows": batch})
        if written[0][0] != len(batch):
            raise StalePlan([f"{len(batch) - written[0][0]} of the things to be written to"])


def _remove_all(tx: Transaction, text: str, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), BATCH):
        tx.run(text, {"keys": keys[start : start + BATCH]})


def ci_row(registry: Registry, change: CIChange) -> dict[str, Any]:
    """Return the stored properties of a CI, with the keys that order and find it.

    Those of the write itself are still to come: its revision and its time.
    """
    row = {name: value for name, value in change.after.items() if value not in (None, [])}
    name_key = search_name(row["name"])
    row |= {
        "id": change.id,
        "created_at": change.created_at,
        "name_key": name_key,
        **ordering_keys(row["class"], name_key, change.id),
        "search_text": search_words(" ".join(_searchable(registry, row))),
    }
    if restricted := row.get("a_restricted_to"):
        row["restricted_to"] = restricted
    return row


def search_name(name: str) -> str:
    """Return the form in which names are compared and ordered."""
    return name.casefold()


def _searchable(registry: Registry, row: Mapping[str, Any]) -> Iterator[str]:
    yield row["name"]
    for field in registry.identifying_fields(row["class"]):
        value = row.get(ATTRIBUTE_PREFIX + field)
        for member in value if isinstance(value, list) else [value]:
            if member is not None:
                yield str(member)


def record_row(record: SourceRecord) -> dict[str, Any]:
    """Return the stored properties of a source record."""
    return {
        "id": record.id,
        "source": record.source,
        "scope": record.scope,
        "key": record.key,
        "body": encode_body(record),
        "observed_ms": record.observed_ms,
        "digest": record.digest,
        "ci_id": record.ci_id or "",
        "run": record.run,
    }


def pending_row(pending: Pending) -> dict[str, str]:
    """Return the stored properties of something waited for."""
    digest = sha256(f"{pending.key}\x1f{pending.record_id}".encode()).hexdigest()[:32]
    row = {"id": digest, "key": pending.key, "record_id": pending.record_id}
    return row | ({"within": holder} if (holder := holder_of(pending.key)) else {})


def carrier_row(carrier: Carrier) -> dict[str, str]:
    """Return the stored properties of a carrier of a placeholder."""
    digest = sha256(f"{carrier.key}\x1f{carrier.record_id}".encode()).hexdigest()[:32]
    facts = {"key": carrier.key, "record_id": carrier.record_id, "origin": carrier.origin}
    return {"id": digest, **facts}
