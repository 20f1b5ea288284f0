"""Which schema and rows do the tests of the connections share?"""

from __future__ import annotations

from typing import Any

from cmdb.store.connection import (
    Connection,
    Ddl,
    EdgeType,
    FullText,
    Index,
    NodeType,
    Unique,
)

SCHEMA: list[Ddl] = [
    NodeType("Thing"),
    NodeType("LogHead"),
    NodeType("LogEntry"),
    EdgeType("KNOWS"),
    Unique("Thing", "key"),
    Index("Thing", "rank", kind="integer"),
    FullText("thing_words", "Thing", ("words",)),
    Unique("LogHead", "id"),
    Unique("LogEntry", "revision", kind="integer"),
]
CREATE = "UNWIND $rows AS row CREATE (t:Thing) SET t = row"
COUNT = "MATCH (t:Thing) RETURN count(t) AS number"


def create(database: Connection, *rows: dict[str, Any]) -> None:
    database.write(lambda tx: tx.run(CREATE, {"rows": list(rows)}))
