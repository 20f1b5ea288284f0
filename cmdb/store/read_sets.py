"""Does what a decision rests on still hold? The read set of a change set against the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cmdb.errors import StalePlan
from cmdb.model.changes import ChangeSet, Pending, ReadSet, RelationshipChange
from cmdb.store.connection import Transaction
from cmdb.store.run_rows import precedence_in

BATCH = 2_000

CHECK_CIS = """
UNWIND $keys AS k MATCH (c:CI {id: k}) RETURN collect([c.id, c.version]) AS rows
"""
CHECK_IDENTIFIERS = """
UNWIND $keys AS k MATCH (i:Identifier {key: k}) RETURN collect([i.key, i.ci_id]) AS rows
"""
CHECK_CONTESTED = """
UNWIND $keys AS k MATCH (i:Identifier {key: k})
RETURN collect([i.key, coalesce(i.contested, [])]) AS rows
"""
CHECK_MEMBERS = """
UNWIND $keys AS k MATCH (s:SourceRecord {ci_id: k}) RETURN collect([s.ci_id, s.id]) AS rows
"""
CHECK_WAITING = """
UNWIND $keys AS k MATCH (p:Pending {key: k}) RETURN collect([p.key, p.record_id]) AS rows
"""
CHECK_RECORDS = """
UNWIND $keys AS k MATCH (s:SourceRecord {id: k}) RETURN collect([s.id, s.digest]) AS rows
"""
CHECK_SEEN = """
UNWIND $keys AS k MATCH (s:SourceRecord {id: k}) RETURN collect([s.id, s.observed_ms]) AS rows
"""
CHECK_PLACES = """
UNWIND $keys AS k MATCH (s:SourceRecord {id: k}) RETURN collect([s.id, s.ci_id]) AS rows
"""
CHECK_AROUND = (
    """
UNWIND $keys AS k MATCH (c:CI {id: k})-[r]->(:CI) RETURN collect([k, r.id, r.version]) AS rows
""",
    """
UNWIND $keys AS k MATCH (c:CI {id: k})<-[r]-(:CI) RETURN collect([k, r.id, r.version]) AS rows
""",
    """
UNWIND $keys AS k MATCH (i:Identifier {within: k}) RETURN collect([k, i.key]) AS rows
""",
    """
UNWIND $keys AS k MATCH (p:Pending {within: k}) RETURN collect([k, p.key, p.record_id]) AS rows
""",
)
CHECK_RELATIONSHIPS = """
UNWIND $rows AS r MATCH (a:CI {id: r.dependent}) MATCH (a)-[e]->(b:CI {id: r.provider})
WHERE e.id = r.id RETURN collect([e.id, e.version]) AS rows
"""
CHECK_WITNESSES = """
UNWIND $keys AS k MATCH (i:Identifier {key: k})
RETURN collect([i.key, coalesce(i.witnesses, [])]) AS rows
"""
CHECK_CARRIERS = """
UNWIND $keys AS k MATCH (c:Carrier {key: k}) RETURN collect([c.key, c.record_id]) AS rows
"""


def verify_read_set(tx: Transaction, changes: ChangeSet) -> None:
    """Return quietly if everything that a change set was decided on is as it was.

    Raises:
        StalePlan: Something has moved.
    """
    read: ReadSet = changes.read_set
    moved = [
        *_moved(tx, CHECK_CIS, read.cis),
        *_moved(tx, CHECK_IDENTIFIERS, read.identifiers),
        *_moved(tx, CHECK_RECORDS, read.records),
        *_moved(tx, CHECK_SEEN, read.seen),
        *_moved(tx, CHECK_PLACES, read.places),
        *_moved(tx, CHECK_CONTESTED, {key: list(ids) for key, ids in read.contested.items()}),
        *_moved_sets(tx, CHECK_MEMBERS, read.members),
        *_moved_sets(tx, CHECK_WAITING, read.waiting),
        *_moved(tx, CHECK_WITNESSES, {key: list(ids) for key, ids in read.witnesses.items()}),
        *_moved_sets(tx, CHECK_CARRIERS, read.carriers),
        *_moved_relationships(tx, changes.relationships, read),
        *_gone_waiting(tx, changes.pending_removed),
        *_moved_around(tx, read.around),
    ]
    if read.precedence is not None and precedence_in(tx) != read.precedence:
        moved.append("the precedence of data sources")
    if moved:
        raise StalePlan(moved)


def _moved(tx: Transaction, text: str, expected: Mapping[str, Any]) -> Iterator[str]:
    keys = list(expected)
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        rows = tx.run(text, {"keys": batch})
        found = {row[0]: row[1] for row in (rows[0][0] if rows else ())}
        yield from (key for key in batch if found.get(key) != expected[key])


def _moved_sets(tx: Transaction, text: str, expected: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for key, found in _found_sets(tx, text, expected):
        if found != set(expected[key]):
            yield key


def _found_sets(tx: Transaction, text: str, keys: Iterable[str]) -> Iterator[tuple[str, set[str]]]:
    listed = list(keys)
    for start in range(0, len(listed), BATCH):
        found: dict[str, set[str]] = {key: set() for key in listed[start : start + BATCH]}
        rows = tx.run(text, {"keys": list(found)})
        for key, member in rows[0][0] if rows else ():
            found[key].add(member)
        yield from found.items()


def _moved_relationships(
    tx: Transaction, changes: Sequence[RelationshipChange], read: ReadSet
) -> Iterator[str]:
    # New ones too: their ids say what they join, and must not be there yet.
    rows = [{"id": c.id, "dependent": c.dependent, "provider": c.provider} for c in changes]
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        answer = tx.run(CHECK_RELATIONSHIPS, {"rows": batch})
        found = {row[0]: row[1] for row in (answer[0][0] if answer else ())}
        for row in batch:
            if found.get(row["id"]) != read.relationships.get(row["id"]):
                yield row["id"]


def _gone_waiting(tx: Transaction, removed: Sequence[Pending]) -> Iterator[str]:
    # Whoever removed one before made a relationship of it, which this decision knows nothing of.
    expected: dict[str, set[str]] = {}
    for pending in removed:
        expected.setdefault(pending.key, set()).add(pending.record_id)
    for key, found in _found_sets(tx, CHECK_WAITING, expected):
        if not expected[key] <= found:
            yield key


def _moved_around(tx: Transaction, expected: Mapping[str, frozenset[str]]) -> Iterator[str]:
    keys = list(expected)
    for start in range(0, len(keys), BATCH):
        found: dict[str, set[str]] = {key: set() for key in keys[start : start + BATCH]}
        for text in CHECK_AROUND:
            rows = tx.run(text, {"keys": list(found)})
            for key, *facts in rows[0][0] if rows else ():
                found[key].add(" ".join(str(fact) for fact in facts))
        yield from (key for key, facts in found.items() if facts != expected[key])
