"""What must the database know before anything is written, and which version of it is there?

Migrations are numbered and run in order, each once; every one is idempotent, since the schema
statements of neither engine are part of a transaction. A database written by a newer program is
refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from cmdb.errors import DatabaseTooNew
from cmdb.model.log import GENESIS
from cmdb.model.registry import Registry
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
from cmdb.store.migrate_carriers import note_carriers
from cmdb.store.node_rows import make_nodes

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
RECORD_TYPES = """
MATCH (m:Migration {number: $number}) SET m.types = $types RETURN m.number AS number
"""


def _first(connection: Connection) -> None:
    connection.setup(FIRST)
    connection.write(lambda tx: tx.run(MAKE_HEAD, {"genesis": GENESIS}))


MIGRATIONS: Sequence[Callable[[Connection], None]] = (_first, note_carriers, make_nodes)
"""In order; the number of a migration is its place, counted from 1. Never change one: add one."""


def migrate(connection: Connection, registry: Registry) -> int:
    """Bring the schema up to date and return its number.

    Where it is up to date already, that costs one read.

    Raises:
        DatabaseTooNew: A newer program wrote the database.
    """
    types = " ".join(sorted(registry.types))
    found, known_types = _current(connection)
    if found > len(MIGRATIONS):
        raise DatabaseTooNew(found, len(MIGRATIONS))
    if found == len(MIGRATIONS) and known_types == types:
        return found
    connection.setup([Unique("Migration", "number", "integer")])
    for number, run in enumerate(MIGRATIONS, start=1):
        if number > found:
            run(connection)
            _record(connection, number)
    ensure_types(connection, registry)
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


def _record(connection: Connection, number: int) -> None:
    def note(tx: Transaction) -> None:
        tx.run(RECORD_MIGRATION, {"number": number, "at": int(time.time() * 1000)})

    connection.write(note)
