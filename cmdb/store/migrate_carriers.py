"""Migration 2: which records carry each placeholder? Until then only that it is one was kept.

Placeholders were never taken back. Now their carriers are on record; one that has too few is left
uncertain, and the next import groups what carries it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cmdb.model.changes import Carrier
from cmdb.model.placeholders import choose_witnesses
from cmdb.model.resolve import Resolver
from cmdb.model.source_records import SourceRecord, origin_of
from cmdb.store.connection import Connection, Index, NodeType, Transaction, Unique
from cmdb.store.definitions import read_registry
from cmdb.store.evidence import find_identifiers, find_source_records
from cmdb.store.writing import write_carriers

SCHEMA = (NodeType("Carrier"), Unique("Carrier", "id"), Index("Carrier", "key"))
PAGE = 2_000

FORMER_PLACEHOLDERS = """
MATCH (i:Identifier {ci_id: ''}) WHERE i.is_placeholder = true RETURN collect(i.key) AS keys
"""
RECORDS = """
MATCH (s:SourceRecord) WHERE s.id > $after RETURN s.id AS id ORDER BY id LIMIT $page
"""
WITNESSES = """
UNWIND $rows AS r MATCH (i:Identifier {key: r.key})
SET i.witnesses = r.witnesses REMOVE i.is_placeholder RETURN count(i) AS n
"""
NOBODYS = "UNWIND $keys AS k MATCH (i:Identifier {key: k}) DELETE i"


def note_carriers(connection: Connection) -> None:
    """Make what is needed to keep carriers, and note those of placeholders on record."""
    connection.setup(SCHEMA)
    keys = set(connection.read(FORMER_PLACEHOLDERS)[0][0])
    if not keys:
        return
    carriers = _carriers(connection, keys)
    rows = [
        {"key": key, "witnesses": list(choose_witnesses({c.record_id: c.origin for c in found}))}
        for key, found in carriers.items()
    ]

    def write(tx: Transaction) -> None:
        write_carriers(tx, [carrier for found in carriers.values() for carrier in found])
        tx.run(WITNESSES, {"rows": rows})
        tx.run(NOBODYS, {"keys": sorted(keys - carriers.keys())})

    connection.write(write)


def _carriers(connection: Connection, keys: set[str]) -> dict[str, list[Carrier]]:
    def owner(key: str) -> str | None:
        found = find_identifiers(connection, [key]).get(key)
        return found.ci_id or None if found else None

    resolver = Resolver(read_registry(connection), owner)
    carriers: dict[str, list[Carrier]] = defaultdict(list)
    for record in _records(connection):
        for key in resolver.record_keys(record, set()):
            if key.key in keys:
                carriers[key.key].append(Carrier(key.key, record.id, origin_of(record)))
    return carriers


def _records(connection: Connection) -> Iterator[SourceRecord]:
    after = ""
    while rows := connection.read(RECORDS, {"after": after, "page": PAGE}):
        ids = [row[0] for row in rows]
        yield from find_source_records(connection, ids)
        after = ids[-1]
