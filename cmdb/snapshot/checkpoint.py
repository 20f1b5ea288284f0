"""How does an estate become bytes that are kept, and an estate again?

An npz of plain arrays (never pickled); texts are one JSON array. A content of another format is
no checkpoint: whoever reads it replays more of the log instead.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import orjson

from cmdb.snapshot.columns import Table
from cmdb.snapshot.estate import CI_KINDS, RELATIONSHIP_KINDS, Estate

FORMAT = 1
_TEXTS = ("id", "name")


def pack(estate: Estate) -> bytes:
    """Return the bytes that `unpack` reads."""
    texts: dict[str, Any] = {
        "format": FORMAT,
        "revision": estate.revision,
        "types": estate.types,
        "classes": estate.classes,
        "cis": {name: estate.cis[name].tolist() for name in _TEXTS},
        "relationships": estate.relationships.ids(),
        "restricted_to": [[row, list(teams)] for row, teams in estate.restricted_to.items()],
    }
    arrays = {
        **{f"ci.{name}": estate.cis[name] for name in CI_KINDS if name not in _TEXTS},
        **{f"relationship.{name}": estate.relationships[name] for name in RELATIONSHIP_KINDS},
    }
    buffer = io.BytesIO()
    packed = np.frombuffer(orjson.dumps(texts), dtype=np.uint8)
    np.savez(buffer, allow_pickle=False, texts=packed, **arrays)
    return buffer.getvalue()


def unpack(content: bytes) -> Estate | None:
    """Return the estate that `pack` wrote, or None if it has another format."""
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        texts = orjson.loads(stored["texts"].tobytes())
        if texts["format"] != FORMAT:
            return None
        cis = {
            name: np.array(texts["cis"][name], dtype=object)
            if name in _TEXTS
            else stored[f"ci.{name}"]
            for name in CI_KINDS
        }
        relationships = {name: stored[f"relationship.{name}"] for name in RELATIONSHIP_KINDS}
    return Estate(
        texts["revision"],
        tuple(texts["types"]),
        tuple(texts["classes"]),
        _table(texts["cis"]["id"], cis),
        _table(texts["relationships"], relationships),
        {row: tuple(teams) for row, teams in texts["restricted_to"]},
    )


def _table(ids: list[str], columns: dict[str, Any]) -> Table:
    return Table(dict(zip(ids, range(len(ids)), strict=True)), len(ids), columns)
