"""How are the rows of a snapshot read in bulk, and its checkpoints kept?

One record a relationship type, a list a column: many rows of a server take five times as long.
`collect` leaves nulls out, so each absent value travels as a stand-in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from cmdb.model.inventory import GraphRows
from cmdb.model.log import compress, decompress
from cmdb.model.registry import Registry
from cmdb.store.connection import Connection, Params, Transaction
from cmdb.store.log_rows import read_head

PART_CHARACTERS = 1_000_000

# Column, expression, stand-in for an absent value.
_CI_COLUMNS: Sequence[tuple[str, str, Any]] = (
    ("id", "c.id", None),
    ("class", "coalesce(c.class, '')", ""),
    ("name", "coalesce(c.name, '')", None),
    ("lifecycle", "coalesce(c.lifecycle, '')", ""),
    ("merged_into", "coalesce(c.merged_into, '')", ""),
    *(
        (name, f"coalesce(c.{name}, -1)", -1)
        for name in (
            "a_criticality", "a_k_min", "a_k_full", "a_availability", "a_mttf_hours",
            "a_mtbf_hours", "a_mttr_hours",
        )
    ),
)  # fmt: skip
_EDGE_COLUMNS: Sequence[tuple[str, str, Any]] = (
    ("id", "r.id", None),
    ("dependent", "a.id", None),
    ("provider", "b.id", None),
    ("live", "coalesce(r.live, true)", None),
    ("strength", "coalesce(r.strength, '')", ""),
    ("tolerates_seconds", "coalesce(r.tolerates_seconds, -1)", -1),
    ("confidence", "coalesce(r.confidence, 1.0)", None),
    ("inferred_by", "coalesce(r.inferred_by, '')", ""),
)


def _collected(columns: Sequence[tuple[str, str, Any]]) -> str:
    return ", ".join(f"collect({text}) AS {name}" for name, text, _ in columns)


CIS = f"""
MATCH (c:CI) RETURN {_collected(_CI_COLUMNS)},
collect(CASE WHEN c.restricted_to IS NULL THEN null ELSE [c.id, c.restricted_to] END) AS restricted
"""
# Ended ones come along where a value of their own would count again if they came back. One that
# nobody asserts any more has confidence 0, which its return replaces.
_WORTH_READING = """
WHERE r.live = true OR r.strength IS NOT NULL OR r.tolerates_seconds IS NOT NULL
   OR (r.confidence > 0 AND r.confidence < 1) OR r.inferred_by IS NOT NULL
"""
EDGES = f"""
MATCH (a:CI)-[r:%s]->(b:CI) {_WORTH_READING} RETURN {_collected(_EDGE_COLUMNS)}
"""
# A text costs more than a small estate does: preparing it takes the embedded engine 30 ms.
ALL_EDGES = f"""
MATCH (a:CI)-[r]->(b:CI) {_WORTH_READING}
RETURN {_collected((("type", "type(r)", None), *_EDGE_COLUMNS))}
"""
SMALL_ESTATE = 5_000
LAST_COMPLETE = """
MATCH (c:Checkpoint) WHERE c.revision <= $revision
WITH c.revision AS revision, c.digest AS digest, c.parts AS parts, count(c) AS found
WHERE found = parts
RETURN revision, digest ORDER BY revision DESC, digest LIMIT 1
"""
PARTS = """
MATCH (c:Checkpoint {revision: $revision}) WHERE c.digest = $digest
RETURN c.body AS body ORDER BY c.part
"""
KEEP_PART = """
MERGE (c:Checkpoint {id: $id})
ON CREATE SET c.revision = $revision, c.digest = $digest, c.part = $part, c.parts = $parts,
    c.body = $body
"""
FORGET_OTHERS = """
MATCH (c:Checkpoint {revision: $revision}) WHERE c.digest <> $digest DELETE c
"""


def graph_rows(connection: Connection, registry: Registry) -> GraphRows:
    """Return everything the engine needs, in bulk.

    The head is read first, so the rows hold all up to `revision`. They come from several reads
    and may hold parts of later entries; a reader that wants one consistent state applies the
    entries after `revision` again, up to a head read after the rows: values in the log are
    absolute. Reading again until the head stands still would never end while an import runs.
    """
    revision = read_head(connection).revision
    (row,) = connection.read(CIS)
    cis = _columns(row[:-1], _CI_COLUMNS)
    restricted = dict(row[-1])
    cis["restricted_to"] = (
        list(map(restricted.get, cis["id"])) if restricted else [None] * len(cis["id"])
    )
    carried = [name for name, known in registry.types.items() if known.strength is not None]
    if len(cis["id"]) <= SMALL_ESTATE:
        return GraphRows(revision, cis, _edges_at_once(connection, carried))
    relationships = {
        name: _columns(connection.read(EDGES % name)[0], _EDGE_COLUMNS) for name in carried
    }
    return GraphRows(revision, cis, relationships)


def _edges_at_once(
    connection: Connection, carried: Sequence[str]
) -> dict[str, dict[str, list[Any]]]:
    ((types, *columns),) = connection.read(ALL_EDGES)
    places: dict[str, list[int]] = {name: [] for name in carried}
    for place, name in enumerate(types):
        if name in places:
            places[name].append(place)
    return {
        name: _columns([[column[at] for at in chosen] for column in columns], _EDGE_COLUMNS)
        for name, chosen in places.items()
    }


def _columns(
    row: Sequence[list[Any]], columns: Sequence[tuple[str, str, Any]]
) -> dict[str, list[Any]]:
    return {
        name: values if stand_in is None else _without(values, stand_in)
        for (name, _, stand_in), values in zip(columns, row, strict=True)
    }


def _without(values: list[Any], stand_in: Any) -> list[Any]:
    absent = values.count(stand_in)
    if absent == len(values):
        return [None] * absent
    return [None if value == stand_in else value for value in values] if absent else values


def checkpoint_before(connection: Connection, revision: int) -> tuple[int, bytes] | None:
    """Return the newest complete checkpoint at or before a revision."""
    rows = connection.read(LAST_COMPLETE, {"revision": revision})
    if not rows:
        return None
    found, digest = rows[0]
    parts = connection.read(PARTS, {"revision": found, "digest": digest})
    return int(found), decompress("".join(body for (body,) in parts))


def save_checkpoint(connection: Connection, revision: int, content: bytes) -> None:
    """Keep a checkpoint in parts, each its own transaction, so that no writer waits for long.

    A part names the whole by its digest: an interrupted save, or two at once, leave no mixture.
    """
    body = compress(content)
    digest = hashlib.sha256(body.encode()).hexdigest()
    pieces = [body[at : at + PART_CHARACTERS] for at in range(0, len(body), PART_CHARACTERS)]
    facts = {"revision": revision, "digest": digest, "parts": len(pieces)}
    for number, piece in enumerate(pieces):
        part = {"id": f"{revision}:{digest}:{number}", "part": number, "body": piece}
        connection.write(partial(_run, KEEP_PART, {**facts, **part}))
    connection.write(partial(_run, FORGET_OTHERS, {"revision": revision, "digest": digest}))


def _run(text: str, params: Params, tx: Transaction) -> None:
    tx.run(text, params)
