"""How are incidents, changes, kept previews and tokens kept? Nodes with edges to their CIs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from cmdb.model.changes import LogChange, difference
from cmdb.model.nodes import Node, NodeChange, NodeKind, NodeListing, NodePage, logged_values
from cmdb.store.connection import Connection, EdgeType, Index, NodeType, Transaction, Unique

LABELS: Mapping[NodeKind, str] = {
    "incident": "Incident",
    "change": "Change",
    "preview": "Preview",
    "token": "ApiToken",
}
CONCERNS = "CONCERNS"
SCHEMA = (
    EdgeType(CONCERNS),
    *(
        ddl
        for label in LABELS.values()
        for ddl in (
            NodeType(label),
            Unique(label, "id"),
            Index(label, "state"),
            Index(label, "lookup"),
        )
    ),
)

CREATE = "UNWIND $rows AS r CREATE (n:%s) SET n = r RETURN count(n) AS n"
REPLACE = "UNWIND $rows AS r MATCH (n:%s {id: r.id}) SET n = r RETURN count(n) AS n"
ATTACH = """
UNWIND $rows AS r MATCH (n:%s {id: r.id}) MATCH (c:CI {id: r.ci})
CREATE (n)-[e:CONCERNS]->(c) RETURN count(e) AS n
"""
DETACH = """
UNWIND $rows AS r MATCH (n:%s {id: r.id}) MATCH (n)-[e:CONCERNS]->(c:CI) WHERE c.id = r.ci
DELETE e
"""
GET = "UNWIND $ids AS k MATCH (n:%s {id: k}) RETURN properties(n) AS row"
FIND = "MATCH (n:%s {lookup: $lookup}) RETURN properties(n) AS row"
VERSIONS = "UNWIND $keys AS k MATCH (n:%s {id: k}) RETURN collect([n.id, n.version]) AS rows"
PAGE = """
MATCH (n:%s)
WHERE n.id < $after AND ($any_state OR n.state IN $states)
  AND n.ends >= $from_at AND n.begins < $to_at
RETURN properties(n) AS row ORDER BY n.id DESC LIMIT $limit
"""
PAGE_ABOUT = """
UNWIND $concerns AS k MATCH (c:CI {id: k}) MATCH (n:%s)-[:CONCERNS]->(c)
WHERE n.id < $after AND ($any_state OR n.state IN $states)
  AND n.ends >= $from_at AND n.begins < $to_at
WITH DISTINCT n
RETURN properties(n) AS row ORDER BY n.id DESC LIMIT $limit
"""
BETWEEN = """
UNWIND $%s AS s MATCH (n:%s {state: s})
WHERE (n.ends >= $from_at OR s IN $lasting) AND n.begins < $to_at
RETURN '%s' AS kind, properties(n) AS row LIMIT $limit
"""
_LAST = "~"  # after every id
_FIRST_MOMENT, _LAST_MOMENT = -(1 << 53), 1 << 53


def make_nodes(connection: Connection) -> None:
    """Migration 3: make room for nodes beside the inventory."""
    connection.setup(SCHEMA)


def get_nodes(connection: Connection, kind: NodeKind, ids: Sequence[str]) -> dict[str, Node]:
    """Return the known ones of these nodes by id."""
    found = connection.read(GET % LABELS[kind], {"ids": list(dict.fromkeys(ids))})
    return {node.id: node for node in (_node(kind, row[0]) for row in found)}


def find_node(connection: Connection, kind: NodeKind, lookup: str) -> Node | None:
    """Return the node that is found by this exact text."""
    rows = connection.read(FIND % LABELS[kind], {"lookup": lookup}) if lookup else []
    return _node(kind, rows[0][0]) if rows else None


def list_nodes(connection: Connection, listing: NodeListing) -> NodePage:
    """Return a page of nodes, newest first."""
    if listing.states is not None and not listing.states:
        return NodePage()
    if listing.concerns is not None and not listing.concerns:
        return NodePage()
    params = {
        "after": listing.after or _LAST,
        "any_state": listing.states is None,
        "states": list(listing.states or ()),
        "from_at": _FIRST_MOMENT if listing.from_at is None else listing.from_at,
        "to_at": _LAST_MOMENT if listing.to_at is None else listing.to_at,
        "limit": listing.first + 1,
    }
    text = PAGE
    if listing.concerns is not None:
        text = PAGE_ABOUT
        params["concerns"] = list(dict.fromkeys(listing.concerns))
    rows = connection.read(text % LABELS[listing.kind], params)
    nodes = tuple(_node(listing.kind, row[0]) for row in rows)
    return NodePage(nodes[: listing.first], len(nodes) > listing.first)


def nodes_between(
    connection: Connection,
    states: Mapping[NodeKind, Sequence[str]],
    from_at: int,
    to_at: int,
    limit: int,
    lasting: Sequence[str] = (),
) -> list[Node]:
    """Return nodes of several kinds in these states and this stretch of time, in one read."""
    text = "UNION ALL".join(BETWEEN % (kind, LABELS[kind], kind) for kind in states)
    params: dict[str, Any] = {kind: list(wanted) for kind, wanted in states.items()}
    params |= {"from_at": from_at, "to_at": to_at, "limit": limit, "lasting": list(lasting)}
    return [_node(kind, row) for kind, row in connection.read(text, params)]


def moved_nodes(tx: Transaction, changes: Sequence[NodeChange]) -> list[str]:
    """Return the ids of nodes that are not at the version that a change was decided on."""
    moved = []
    for kind in LABELS:
        expected = {c.after.id: c.version for c in changes if c.after.kind == kind}
        if expected:
            rows = tx.run(VERSIONS % LABELS[kind], {"keys": list(expected)})
            found = dict(rows[0][0]) if rows else {}
            moved += [f"{kind} {i}" for i, v in expected.items() if found.get(i, 0) != v]
    return moved


def write_nodes(tx: Transaction, changes: Sequence[NodeChange], *, revision: int, at: int) -> None:
    """Write nodes and their edges inside a transaction."""
    for kind, label in LABELS.items():
        own = [change for change in changes if change.after.kind == kind]
        for text, rows in (
            (CREATE, [_row(_stamped(c, revision, at)) for c in own if c.is_new]),
            (REPLACE, [_row(_stamped(c, revision, at)) for c in own if not c.is_new]),
            (DETACH, _edges(own, added=False)),
            (ATTACH, _edges(own, added=True)),
        ):
            if rows:
                tx.run(text % label, {"rows": rows})


def node_log_changes(changes: Sequence[NodeChange]) -> list[LogChange]:
    """Return changes of nodes as the log keeps them."""
    return [
        LogChange(
            change.after.kind,
            change.after.id,
            change.version,
            *difference(logged_values(change.before), logged_values(change.after)),
        )
        for change in changes
    ]


def _edges(changes: Sequence[NodeChange], *, added: bool) -> list[dict[str, str]]:
    made = []
    for change in changes:
        before = set(change.before.concerns if change.before else ())
        after = set(change.after.concerns)
        wanted = after - before if added else before - after
        made += [{"id": change.after.id, "ci": ci} for ci in sorted(wanted)]
    return made


def _stamped(change: NodeChange, revision: int, at: int) -> Node:
    created_at = change.before.created_at if change.before else at
    return replace(change.after, version=revision, created_at=created_at, updated_at=at)


def _row(node: Node) -> dict[str, Any]:
    return {
        "id": node.id,
        "version": node.version,
        "state": node.state,
        "lookup": node.lookup,
        "begins": _FIRST_MOMENT if node.begin_at is None else node.begin_at,
        "ends": _LAST_MOMENT if node.end_at is None else node.end_at,
        "created_at": node.created_at,
        "updated_at": node.updated_at,
        "concerns": list(node.concerns),
        "body": orjson.dumps(dict(node.body)).decode(),
    }


def _node(kind: NodeKind, row: Mapping[str, Any]) -> Node:
    return Node(
        kind,
        row["id"],
        row["version"],
        row["state"],
        orjson.loads(row["body"]),
        tuple(row.get("concerns") or ()),
        None if row["begins"] == _FIRST_MOMENT else row["begins"],
        None if row["ends"] == _LAST_MOMENT else row["ends"],
        row.get("lookup") or "",
        row["created_at"],
        row["updated_at"],
    )
