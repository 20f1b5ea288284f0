"""Which CIs were merged into these, directly or through others? Migration 4 indexes it."""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.store.connection import Connection, Index

BATCH = 5_000

SCHEMA = (Index("CI", "merged_into"),)
MERGED_INTO = """
UNWIND $keys AS k MATCH (c:CI {merged_into: k}) RETURN collect([c.id, k]) AS rows
"""


def index_merges(connection: Connection) -> None:
    """Migration 4: find what was merged into a CI without reading all CIs."""
    connection.setup(SCHEMA)


def find_merged_into(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return which of these CIs took over each CI that was merged away, by the id of that one.

    What was merged into a CI that was itself merged away counts for the last of the chain. One read
    for each link of the longest chain, and one that finds no more.
    """
    survivors: dict[str, str] = {}
    wanted = list(dict.fromkeys(ids))
    asked = set(wanted)
    while wanted:
        found = _merged_into(connection, wanted)
        new = {gone: into for gone, into in found if gone not in asked}
        survivors |= {gone: survivors.get(into, into) for gone, into in new.items()}
        asked |= new.keys()
        wanted = sorted(new)
    return survivors


def _merged_into(connection: Connection, ids: Sequence[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for start in range(0, len(ids), BATCH):
        rows = connection.read(MERGED_INTO, {"keys": ids[start : start + BATCH]})
        found += [(gone, into) for gone, into in (rows[0][0] if rows else ())]
    return found
