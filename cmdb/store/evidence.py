"""What does reconciliation read? Identifiers, source records, CIs and relationships in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cmdb.model.changes import Carrier, Pending
from cmdb.model.inventory import Identifier
from cmdb.model.placeholders import ENOUGH
from cmdb.model.registry import Registry
from cmdb.model.source_records import SourceRecord, decode_body
from cmdb.store.connection import Connection, Row

BATCH = 5_000

IDENTIFIERS = """
UNWIND $keys AS k MATCH (i:Identifier {key: k})
RETURN collect([i.key, i.ci_id, i.contested, i.witnesses]) AS rows
"""
IDENTIFIERS_WITHIN = """
UNWIND $keys AS k MATCH (i:Identifier {within: k})
RETURN collect([i.key, i.ci_id, i.contested, i.witnesses]) AS rows
"""
RECORD_STATES = """
UNWIND $keys AS k MATCH (s:SourceRecord {id: k})
RETURN collect([s.id, s.digest, s.observed_ms, s.ci_id, s.run]) AS rows
"""
_RECORD = "[s.id, s.source, s.scope, s.key, s.body, s.observed_ms, s.digest, s.ci_id, s.run]"
SOURCE_RECORDS = f"""
UNWIND $keys AS k MATCH (s:SourceRecord {{id: k}}) RETURN collect({_RECORD}) AS rows
"""
SOURCE_RECORDS_OF = f"""
UNWIND $keys AS k MATCH (s:SourceRecord {{ci_id: k}}) RETURN collect({_RECORD}) AS rows
"""
# Sources are told apart by the reader: with a second condition the embedded engine leaves the index
# and sorts all records for each page.
RECORDS_AFTER = """
MATCH (s:SourceRecord) WHERE s.id > $after
RETURN s.id AS id, s.source AS source ORDER BY s.id LIMIT $limit
"""
CI_PROPERTIES = """
UNWIND $keys AS k MATCH (c:CI {id: k}) RETURN collect(properties(c)) AS rows
"""
PENDING = """
UNWIND $keys AS k MATCH (p:Pending {key: k}) RETURN collect([p.key, p.record_id]) AS rows
"""
PENDING_OF = """
UNWIND $keys AS k MATCH (p:Pending {record_id: k}) RETURN collect([p.key, p.record_id]) AS rows
"""
PENDING_WITHIN = """
UNWIND $keys AS k MATCH (p:Pending {within: k}) RETURN collect([p.key, p.record_id]) AS rows
"""
ANY_PENDING = "MATCH (p:Pending) RETURN p.key AS key LIMIT 1"
CARRIERS = """
UNWIND $keys AS k MATCH (c:Carrier {key: k})
RETURN collect([c.key, c.record_id, c.origin]) AS rows
"""
UNCERTAIN = """
MATCH (i:Identifier {ci_id: ''}) WHERE size(i.witnesses) < $enough RETURN collect(i.key) AS keys
"""
OUTGOING = """
UNWIND $keys AS k MATCH (a:CI {id: k}) MATCH (a)-[r]->(b:CI)
RETURN collect([type(r), a.id, b.id, properties(r)]) AS rows
"""
INCOMING = """
UNWIND $keys AS k MATCH (b:CI {id: k}) MATCH (b)<-[r]-(a:CI)
RETURN collect([type(r), a.id, b.id, properties(r)]) AS rows
"""


def find_identifiers(connection: Connection, keys: Sequence[str]) -> dict[str, Identifier]:
    """Return the known ones of these keys."""
    return {row[0]: _identifier(row) for row in _collected(connection, IDENTIFIERS, keys)}


def find_identifiers_within(connection: Connection, ci_ids: Sequence[str]) -> dict[str, Identifier]:
    """Return identifiers of things that are identified within these CIs."""
    return {row[0]: _identifier(row) for row in _collected(connection, IDENTIFIERS_WITHIN, ci_ids)}


def find_record_states(
    connection: Connection, ids: Sequence[str]
) -> dict[str, tuple[str, int, str | None, str]]:
    """Return (digest, observed_ms, ci_id, run) of the known ones of these source records."""
    rows = _collected(connection, RECORD_STATES, ids)
    return {row[0]: (row[1], row[2], row[3] or None, row[4]) for row in rows}


def find_source_records(connection: Connection, ids: Sequence[str]) -> list[SourceRecord]:
    """Return the known ones of these source records."""
    return [_source_record(row) for row in _collected(connection, SOURCE_RECORDS, ids)]


def find_source_records_of(connection: Connection, ci_ids: Sequence[str]) -> list[SourceRecord]:
    """Return all source records of these CIs."""
    return [_source_record(row) for row in _collected(connection, SOURCE_RECORDS_OF, ci_ids)]


def find_record_ids(connection: Connection, source: str, after: str, limit: int) -> list[str]:
    """Return a page of the ids of a source's records, in order.

    All pages together pass over the records of all sources once.
    """
    found: list[str] = []
    while len(found) < limit:
        rows = connection.read(RECORDS_AFTER, {"after": after, "limit": limit})
        found += [record_id for record_id, its_source in rows if its_source == source]
        if len(rows) < limit:
            break
        after = rows[-1][0]
    return found[:limit]


def find_ci_properties(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the stored properties of these CIs."""
    return {row["id"]: row for row in _collected(connection, CI_PROPERTIES, ids)}


def find_relationship_rows(
    connection: Connection,
    registry: Registry,
    ci_ids: Sequence[str],
    *,
    outgoing_only: bool = False,
) -> list[dict[str, Any]]:
    """Return stored relationships at these CIs, each once."""
    texts = (OUTGOING,) if outgoing_only else (OUTGOING, INCOMING)
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        for name, dependent, provider, properties in _collected(connection, text, ci_ids):
            if name in registry.types:
                ends = {"type": name, "dependent": dependent, "provider": provider}
                found[properties["id"]] = {**properties, **ends}
    return list(found.values())


def find_pending(connection: Connection, keys: Sequence[str]) -> list[Pending]:
    """Return what waits for these keys."""
    return [Pending(*row) for row in _collected(connection, PENDING, keys)]


def find_pending_of(connection: Connection, record_ids: Sequence[str]) -> list[Pending]:
    """Return what these source records wait for."""
    return [Pending(*row) for row in _collected(connection, PENDING_OF, record_ids)]


def find_pending_within(connection: Connection, ci_ids: Sequence[str]) -> list[Pending]:
    """Return what waits for things identified within these CIs."""
    return [Pending(*row) for row in _collected(connection, PENDING_WITHIN, ci_ids)]


def has_pending(connection: Connection) -> bool:
    """Return whether anything waits at all."""
    return bool(connection.read(ANY_PENDING))


def find_carriers(connection: Connection, keys: Sequence[str]) -> list[Carrier]:
    """Return the source records that carry these placeholders."""
    return [Carrier(*row) for row in _collected(connection, CARRIERS, keys)]


def find_uncertain_placeholders(connection: Connection) -> list[str]:
    """Return placeholders that have too few witnesses to be certain, sorted."""
    rows = connection.read(UNCERTAIN, {"enough": ENOUGH})
    return sorted(rows[0][0]) if rows else []


def _collected(connection: Connection, text: str, keys: Iterable[str]) -> list[Any]:
    wanted = list(dict.fromkeys(keys))
    found: list[Any] = []
    for start in range(0, len(wanted), BATCH):
        rows: list[Row] = connection.read(text, {"keys": wanted[start : start + BATCH]})
        found.extend(rows[0][0] if rows else ())
    return found


def _identifier(row: Sequence[Any]) -> Identifier:
    return Identifier(row[0], row[1] or "", tuple(row[2] or ()), tuple(row[3] or ()))


def _source_record(row: Sequence[Any]) -> SourceRecord:
    record_id, source, scope, key, body, observed_ms, digest, ci_id, run = row
    fields: Mapping[str, Any] = decode_body(body)
    return SourceRecord(
        id=record_id,
        source=source,
        scope=scope,
        key=key,
        observed_ms=observed_ms,
        digest=digest,
        ci_id=ci_id or None,
        run=run,
        **fields,
    )
