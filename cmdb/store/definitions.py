"""Which classes and types are there? The shipped registries with what the graph adds."""

from __future__ import annotations

from cmdb.model.registry import Registry
from cmdb.model.registry_json import extended
from cmdb.model.shipped import shipped_registry
from cmdb.store.connection import Connection

DEFINITIONS = """
MATCH (d:%s) RETURN collect(d.body) AS bodies
"""


def read_registry(connection: Connection) -> Registry:
    """Return the shipped registries with what the graph adds."""
    bodies = [
        connection.read(DEFINITIONS % label)[0][0]
        for label in ("ClassDefinition", "TypeDefinition")
    ]
    return extended(shipped_registry(), *bodies)
