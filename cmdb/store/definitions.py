"""Which classes and types are there? The shipped registries with what the graph adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from cmdb.errors import StalePlan, StaleVersion
from cmdb.model.changes import Applied, LogChange, Stamp, difference
from cmdb.model.definition_changes import Definition, DefinitionKind
from cmdb.model.log import LogHead
from cmdb.model.registry import Registry
from cmdb.model.registry_json import extended
from cmdb.model.shipped import shipped_registry
from cmdb.store.connection import Connection, EdgeType, Transaction
from cmdb.store.log_rows import read_head, write_logged

LABELS: Mapping[DefinitionKind, str] = {
    "class": "ClassDefinition",
    "relationship_type": "TypeDefinition",
}

DEFINITIONS = """
MATCH (d:%s) RETURN collect(d.body) AS bodies
"""
VERSION = "MATCH (d:%s {name: $name}) RETURN coalesce(d.version, 0) AS version"
SAVE = """
MERGE (d:%s {name: $name}) SET d.body = $body, d.version = $revision RETURN d.name AS name
"""
NOTE = "MATCH (h:LogHead {id: 'log'}) SET h.registry = $revision RETURN h.registry AS registry"
ENDS = """
MATCH (a:CI)-[r:%s]->(b:CI) WHERE r.live = true
RETURN a.class AS dependent, b.class AS provider, count(r) AS found
"""
MOST = """
MATCH (a:CI)-[r:%s]->(b:CI) WHERE r.live = true
WITH a.id AS dependent, count(r) AS found RETURN coalesce(max(found), 0) AS most
"""


def read_registry(connection: Connection) -> Registry:
    """Return the shipped registries with what the graph adds."""
    # The head first: what is read after it may be newer and is then read once more, never missed.
    revision = read_head(connection).registry
    bodies = [connection.read(DEFINITIONS % label)[0][0] for label in LABELS.values()]
    return extended(shipped_registry(), *bodies, revision=revision)


def read_version(connection: Connection, kind: DefinitionKind, name: str) -> int:
    """Return the revision that last changed a definition, 0 for a shipped or unknown one."""
    rows = connection.read(VERSION % LABELS[kind], {"name": name})
    return int(rows[0][0]) if rows else 0


def save_definition(
    connection: Connection, definition: Definition, stamp: Stamp, now_ms: int
) -> Applied:
    """Write a definition with its log entry.

    Raises:
        StaleVersion: It is not at the version that the caller expects.
        StalePlan: Anything was written since the decision was read.
    """
    label = LABELS[definition.kind]
    if definition.kind == "relationship_type":
        # No statement about a type may meet an engine that does not know it.
        connection.setup([EdgeType(definition.name)])

    def work(tx: Transaction, head: LogHead) -> Sequence[LogChange]:
        rows = tx.run(VERSION % label, {"name": definition.name})
        version = int(rows[0][0]) if rows else 0
        if definition.expected_version not in (None, version):
            subject = f"{definition.kind.replace('_', ' ')} {definition.name}"
            raise StaleVersion(subject, definition.expected_version or 0, version)
        if head.sequence != definition.sequence:
            raise StalePlan(["the inventory"])
        revision = head.revision + 1
        body = orjson.dumps(definition.after, option=orjson.OPT_SORT_KEYS).decode()
        tx.run(SAVE % label, {"name": definition.name, "body": body, "revision": revision})
        tx.run(NOTE, {"revision": revision})
        delta = difference(definition.before, definition.after)
        return [LogChange(definition.kind, definition.name, version, *delta)]

    return write_logged(
        connection, stamp, now_ms, work, {"kind": definition.kind, "name": definition.name}
    )


def ends_in_use(connection: Connection, name: str) -> list[tuple[str, str, int]]:
    """Return (class of dependent, class of provider, how many) of a type's live relationships."""
    return [(row[0], row[1], int(row[2])) for row in connection.read(ENDS % name)]


def most_providers(connection: Connection, name: str) -> int:
    """Return the most providers that any dependent has by live relationships of a type."""
    rows = connection.read(MOST % name)
    return int(rows[0][0]) if rows else 0
