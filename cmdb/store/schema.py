"""What must the database know before anything is written, and which version of it is there?

Migrations are numbered and run in order, each once, by one process at a time; every one is
idempotent, since the schema statements of neither engine are part of a transaction. A database
written by a newer program, or only half copied, is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from cmdb.errors import DatabaseTooNew, DatabaseUnfinished
from cmdb.model.log import GENESIS
from cmdb.model.registry import Registry
from cmdb.store import merges, migrate_carriers, node_rows
from cmdb.store.connection import (
    Connection,
    Ddl,
    EdgeType,
    FullText,
    Index,
    NodeType,
    Transaction,
    Unique,
)
from cmdb.store.merges import index_merges
from cmdb.store.migrate_carriers import note_carriers
from cmdb.store.node_rows import make_nodes
from cmdb.store.ordering import rewrite_ordering_keys
from cmdb.store.schema_lock import LEASE_SECONDS, SchemaLock, schema_lock

CI_SEARCH = "ci_search"

FIRST: Sequence[Ddl] = (
    NodeType("CI"),
    Unique("CI", "id"),
    Index("CI", "sort_key"),
    Index("CI", "class_key"),
    Index("CI", "name_key"),
    FullText(CI_SEARCH, "CI", ("search_text",)),
    Unique("Identifier", "key"),
    Index("Identifier", "ci_id"),
    Index("Identifier", "within"),
    Unique("SourceRecord", "id"),
    Index("SourceRecord", "ci_id"),
    Unique("Pending", "id"),
    Index("Pending", "key"),
    Index("Pending", "record_id"),
    Index("Pending", "within"),
    Unique("LogHead", "id"),
    Unique("LogEntry", "revision", "integer"),
    Index("LogEntry", "at", "integer"),
    Unique("Idempotency", "key"),
    Unique("ImportRun", "id"),
    Unique("ImportSeen", "id"),
    Unique("DataSource", "name"),
    Unique("Checkpoint", "id"),
    Index("Checkpoint", "revision", "integer"),
    Unique("Migration", "number", "integer"),
    Unique("ClassDefinition", "name"),
    Unique("TypeDefinition", "name"),
)

ALL: Sequence[Ddl] = (*FIRST, *migrate_carriers.SCHEMA, *node_rows.SCHEMA, *merges.SCHEMA)
"""Everything that the newest schema declares, whichever migration made it."""
KEYS: Mapping[str, tuple[str, str]] = {
    ddl.label: (ddl.property, ddl.kind) for ddl in ALL if isinstance(ddl, Unique)
}
"""The key of each label, and whether it is a string or an integer."""

MAKE_HEAD = """
MERGE (h:LogHead {id: 'log'}) ON CREATE SET h.revision = 0, h.hash = $genesis, h.at = 0,
    h.sequence = 0
RETURN h.revision AS revision
"""
LAST_MIGRATION = """
MATCH (m:Migration) RETURN m.number AS number, m.types AS types ORDER BY m.number DESC LIMIT 1
"""
RECORD_MIGRATION = """
MERGE (m:Migration {number: $number}) ON CREATE SET m.applied_at = $at RETURN m.number AS number
"""
FIND_MARK = "MATCH (m:CopyMark {id: 'copy'}) RETURN m.origin AS origin, m.pages AS pages"
RECORD_TYPES = """
MATCH (m:Migration {number: $number}) SET m.types = $types RETURN m.number AS number
"""


def _first(connection: Connection) -> None:
    connection.setup(FIRST)
    connection.write(lambda tx: tx.run(MAKE_HEAD, {"genesis": GENESIS}))


MIGRATIONS: Sequence[Callable[[Connection], None]] = (
    _first,
    note_carriers,
    make_nodes,
    index_merges,
    rewrite_ordering_keys,
)
"""In order; the number of a migration is its place, counted from 1. Never change one: add one."""


def migrate(
    connection: Connection, registry: Registry, *, lease_seconds: float = LEASE_SECONDS
) -> int:
    """Bring the schema up to date and return its number.

    Where it is up to date already, that costs one read. Of several processes that start at once,
    one does it and the others wait.

    Args:
        connection: The database.
        registry: The relationship types to make.
        lease_seconds: For how long a process that does it may show no sign of life.

    Raises:
        DatabaseTooNew: A newer program wrote the database.
        DatabaseUnfinished: A copy into it was interrupted.
    """
    types = " ".join(sorted(registry.types))
    if (found := _current(connection)) == (len(MIGRATIONS), types):
        return found[0]
    _check_whole(connection, found[0])
    with schema_lock(connection, lease_seconds=lease_seconds) as lock:
        # Whoever held the lock before may have done it all, or may have been a newer program.
        found = _current(connection)
        _check_whole(connection, found[0])
        if found != (len(MIGRATIONS), types):
            _run(connection, registry, found[0], lock)
            params = {"number": len(MIGRATIONS), "types": types}
            connection.write(lambda tx: tx.run(RECORD_TYPES, params))
    return len(MIGRATIONS)


def ensure_types(connection: Connection, registry: Registry) -> None:
    """Create the relationship types of the registry that the engine does not know yet."""
    connection.setup([EdgeType(name) for name in registry.types])


def _current(connection: Connection) -> tuple[int, str]:
    """Return the number of the last migration and the relationship types made for it."""
    rows = connection.read(LAST_MIGRATION)
    return (int(rows[0][0]), rows[0][1] or "") if rows else (0, "")


def _check_whole(connection: Connection, found: int) -> None:
    if found > len(MIGRATIONS):
        raise DatabaseTooNew(found, len(MIGRATIONS))
    if found == 0 and connection.read(FIND_MARK):
        raise DatabaseUnfinished(connection.name)


def _run(connection: Connection, registry: Registry, found: int, lock: SchemaLock) -> None:
    connection.setup([Unique("Migration", "number", "integer")])
    for number, run in enumerate(MIGRATIONS, start=1):
        if number > found:
            run(connection)
            _record(connection, number, lock)
    ensure_types(connection, registry)


def _record(connection: Connection, number: int, lock: SchemaLock) -> None:
    def note(tx: Transaction) -> None:
        lock.check(tx)
        tx.run(RECORD_MIGRATION, {"number": number, "at": int(time.time() * 1000)})

    connection.write(note)
