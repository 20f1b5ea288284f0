"""How do the rows of a bulk read become an estate, without a loop over rows?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmdb.model.inventory import GraphRows
from cmdb.snapshot.columns import Column, Table
from cmdb.snapshot.estate import (
    ABSENT,
    CI_BLANK,
    CI_KINDS,
    FIGURES,
    LIFECYCLE_CODES,
    RELATIONSHIP_KINDS,
    STRENGTH_CODES,
    Estate,
)


def estate_of(rows: GraphRows, types: Sequence[str]) -> Estate:
    """Return the estate that bulk rows describe; rows of types not carried are left out.

    CIs are put in the order of their ids: then node order is id order, and the engine need not
    sort its answers. An end that is not among the CIs (it was made while the rows were read) gets
    a row that takes no part until the log says what it is.
    """
    relationships = {
        code: rows.relationships[name]
        for code, name in enumerate(types)
        if name in rows.relationships and len(rows.relationships[name]["id"])
    }
    classes, cis, restricted_to = _cis(rows.cis)
    cis = _with_unknown_ends(cis, relationships)
    return Estate(
        rows.revision,
        tuple(types),
        classes,
        cis,
        _relationships(relationships, cis.index),
        restricted_to,
    )


def _cis(
    given: Mapping[str, Sequence[Any]],
) -> tuple[tuple[str, ...], Table, dict[int, tuple[str, ...]]]:
    ids = np.array(given["id"], dtype=object)
    names = sorted({name or "" for name in set(given["class"])} - {""})
    codes = {name: code for code, name in enumerate(("", *names))} | {None: 0}
    columns: dict[str, Column] = {
        "id": ids,
        "name": np.array(given["name"], dtype=object),
        "class": _coded(given["class"], codes, 0, np.uint16),
        "lifecycle": _coded(given["lifecycle"], LIFECYCLE_CODES, ABSENT, np.uint8),
        "is_merged": _truth(given.get("merged_into"), len(ids), default=False),
        **{name: _numbers(given.get(name), len(ids), np.nan) for name in FIGURES},
    }
    teams = given.get("restricted_to")
    order = None if _is_sorted(given["id"]) else np.argsort(ids, kind="stable")
    if order is not None:
        columns = {name: column[order] for name, column in columns.items()}
        teams = None if teams is None else [teams[place] for place in order.tolist()]
    index = dict(zip(columns["id"].tolist(), range(len(ids)), strict=True))
    restricted = {row: tuple(some) for row, some in enumerate(teams or ()) if some}
    return ("", *names), Table(index, len(ids), columns), restricted


def _is_sorted(ids: Sequence[str]) -> bool:
    return all(map(str.__lt__, ids, ids[1:]))


def _with_unknown_ends(cis: Table, given: Mapping[int, Mapping[str, Sequence[Any]]]) -> Table:
    ends: set[str] = set()
    for links in given.values():
        ends.update(links["dependent"], links["provider"])
    missing = sorted(ends - cis.index.keys())
    if not missing:
        return cis
    cis.index.update(zip(missing, range(cis.size, cis.size + len(missing)), strict=True))
    blanks = {
        name: np.full(len(missing), CI_BLANK[name], dtype=kind) for name, kind in CI_KINDS.items()
    }
    blanks["id"] = np.array(missing, dtype=object)
    columns = {name: np.concatenate([column, blanks[name]]) for name, column in cis.columns.items()}
    return Table(cis.index, cis.size + len(missing), columns)


def _relationships(
    given: Mapping[int, Mapping[str, Sequence[Any]]], ci_index: Mapping[str, int]
) -> Table:
    parts: dict[str, list[Column]] = {
        name: [np.empty(0, dtype=kind)] for name, kind in RELATIONSHIP_KINDS.items()
    }
    index: dict[str, int] = {}
    for code, columns in given.items():
        count = len(columns["id"])
        index.update(zip(columns["id"], range(len(index), len(index) + count), strict=True))
        made = {
            "dependent": _coded(columns["dependent"], ci_index, None, np.int32),
            "provider": _coded(columns["provider"], ci_index, None, np.int32),
            "type": np.full(count, code, dtype=np.uint16),
            "strength": _coded(
                columns.get("strength", [None] * count), STRENGTH_CODES, ABSENT, np.uint8
            ),
            "tolerates_seconds": _numbers(columns.get("tolerates_seconds"), count, np.nan),
            "confidence": _numbers(columns.get("confidence"), count, 1.0).astype(np.float32),
            "is_inferred": _truth(columns.get("inferred_by"), count, default=False),
            "live": _truth(columns.get("live"), count, default=True),
        }
        for name, column in made.items():
            parts[name].append(column)
    joined = {name: np.concatenate(columns) for name, columns in parts.items()}
    return Table(index, len(index), joined)


def _coded(
    values: Sequence[Any], codes: Mapping[Any, int], absent: int | None, kind: Any
) -> Column:
    """Return the code of each value; values without one get `absent`, or fail if that is None."""
    known = codes
    if absent is not None:
        known = {value: codes.get(value, absent) for value in set(values)}
    return np.fromiter(map(known.__getitem__, values), dtype=kind, count=len(values))


def _numbers(values: Sequence[Any] | None, count: int, default: float) -> NDArray[np.float64]:
    if values is None:
        return np.full(count, default)
    numbers = np.array(values, dtype=np.float64)
    return numbers if np.isnan(default) else np.where(np.isnan(numbers), default, numbers)


def _truth(values: Sequence[Any] | None, count: int, *, default: bool) -> NDArray[np.bool_]:
    if values is None:
        return np.full(count, default)
    return np.fromiter(map(bool, values), dtype=np.bool_, count=count)
