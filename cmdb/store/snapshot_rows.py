"""How are the rows of a snapshot read in bulk, and its checkpoints kept?

One record a relationship type, a list a column: many rows of a server take five times as long.
`collect` leaves nulls out, so each absent value travels as a stand-in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cmdb.model.inventory import GraphRows
from cmdb.model.log import compress, decompress
from cmdb.model.registry import Registry
from cmdb.store.connection import Connection, Params, Transaction
from cmdb.store.log_rows import read_head

PART_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the rows.

    Attributes:
        name: Of the column.
        value: Where it is stored.
        filler: What travels for an absent value; None where none is ever absent.
        is_default: Whether the filler is what an absent value means; else it stands for nothing.
    """

    name: str
    value: str
    filler: Any = None
    is_default: bool = False

    @property
    def filled(self) -> str:
        """Return the expression of the value or its filler."""
        if self.filler is None:
            return self.value
        return f"coalesce({self.value}, {repr(self.filler).lower()})"


_CI_COLUMNS: Sequence[_Column] = (
    _Column("id", "c.id"),
    _Column("class", "c.class", ""),
    _Column("name", "c.name", "", is_default=True),
    _Column("lifecycle", "c.lifecycle", ""),
    _Column("merged_into", "c.merged_into", ""),
    *(
        _Column(name, f"c.{name}", -1)
        for name in (
            "a_criticality", "a_k_min", "a_k_full", "a_availability", "a_mttf_hours",
            "a_mtbf_hours", "a_mttr_hours",
        )
    ),
)  # fmt: skip
_EDGE_COLUMNS: Sequence[_Column] = (
    _Column("id", "r.id"),
    _Column("dependent", "a.id"),
    _Column("provider", "b.id"),
    _Column("live", "r.live", True, is_default=True),
    _Column("strength", "r.strength", ""),
    _Column("tolerates_seconds", "r.tolerates_seconds", -1),
    _Column("confidence", "r.confidence", 1.0, is_default=True),
    _Column("inferred_by", "r.inferred_by", ""),
)


def _collected(columns: Sequence[_Column]) -> str:
    return ", ".join(f"collect({column.filled}) AS {column.name}" for column in columns)


def _listed(columns: Sequence[_Column]) -> str:
    return ", ".join(column.value for column in columns)


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
# Texts cost more than a small estate does: preparing one takes the embedded engine 30 ms, and more
# the longer it is. So there are two short ones, and what they need not say is done here.
SMALL_ESTATE = 5_000
SMALL_CIS = f"""
MATCH (c:CI) WITH c LIMIT $most RETURN collect([{_listed(_CI_COLUMNS)}, c.restricted_to]) AS rows
"""
SMALL_EDGES = f"""
MATCH (a:CI)-[r]->(b:CI) RETURN collect([type(r), {_listed(_EDGE_COLUMNS)}]) AS rows
"""
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
    carried = [name for name, known in registry.types.items() if known.strength is not None]
    ((few,),) = connection.read(SMALL_CIS, {"most": SMALL_ESTATE + 1})
    if len(few) <= SMALL_ESTATE:
        return GraphRows(revision, _small_cis(few), _small_edges(connection, carried))
    (row,) = connection.read(CIS)
    cis = _columns(row[:-1], _CI_COLUMNS)
    restricted = dict(row[-1])
    cis["restricted_to"] = (
        list(map(restricted.get, cis["id"])) if restricted else [None] * len(cis["id"])
    )
    relationships = {
        name: _columns(connection.read(EDGES % name)[0], _EDGE_COLUMNS) for name in carried
    }
    return GraphRows(revision, cis, relationships)


def _small_cis(rows: Sequence[list[Any]]) -> dict[str, list[Any]]:
    cis = _transposed([row[:-1] for row in rows], _CI_COLUMNS)
    cis["restricted_to"] = [row[-1] for row in rows]
    return cis


def _small_edges(connection: Connection, carried: Sequence[str]) -> dict[str, dict[str, list[Any]]]:
    ((rows,),) = connection.read(SMALL_EDGES)
    by_type: dict[str, list[list[Any]]] = {name: [] for name in carried}
    for name, *row in rows:
        if name in by_type and _is_worth_reading(row):
            by_type[name].append(row)
    return {name: _transposed(found, _EDGE_COLUMNS) for name, found in by_type.items()}


def _is_worth_reading(row: Sequence[Any]) -> bool:
    """Tell the same of a row as `_WORTH_READING` does."""
    live, strength, tolerates_seconds, confidence, inferred_by = row[3:]
    return (
        live is True
        or strength is not None
        or tolerates_seconds is not None
        or (confidence is not None and 0 < confidence < 1)
        or inferred_by is not None
    )


def _transposed(rows: Sequence[Sequence[Any]], columns: Sequence[_Column]) -> dict[str, list[Any]]:
    """Return the columns of rows that hold None for what is absent."""
    values = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    return _columns(
        [
            column if known.filler is None else [known.filler if v is None else v for v in column]
            for known, column in zip(columns, values, strict=True)
        ],
        columns,
    )


def _columns(row: Sequence[list[Any]], columns: Sequence[_Column]) -> dict[str, list[Any]]:
    return {
        column.name: (
            values
            if column.filler is None or column.is_default
            else _without(values, column.filler)
        )
        for column, values in zip(columns, row, strict=True)
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
