"""How does a topology take in a few edges and nodes, without being built anew?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from impact.arrays import (
    GATE,
    INFERRED,
    KIND,
    TOLERANT,
    WEAK,
    Bool,
    Float64,
    Int32,
    Int64,
    Rows,
    UInt8,
    as_nodes,
)
from impact.compiling import edge_codes
from impact.errors import InvalidTopology

if TYPE_CHECKING:
    from impact.topology import Topology

Array = TypeVar("Array", bound=NDArray[Any])


@dataclass(frozen=True, slots=True, eq=False)
class EdgeArrays:
    """Edges to take away or to add; arrays of shape (k,), as `Topology.build` takes them.

    Attributes:
        dependents: int, node index of each dependent.
        providers: int, node index of each provider.
        strengths: uint8, codes of `Strength`; memberships (GATE) are not patched.
        tolerates_seconds: float64, NaN or 0 for none.
        inferred: bool.
        confidence: float32 in [0, 1]; 1 where nothing was given.
    """

    dependents: Int32
    providers: Int32
    strengths: UInt8
    tolerates_seconds: Float64
    inferred: Bool
    confidence: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of edges."""
        return len(self.strengths)


@dataclass(frozen=True, slots=True, eq=False)
class _Packed:
    """Edges with their codes as a topology keeps them, and the milliseconds each tolerates."""

    dependents: Int32
    providers: Int32
    codes: UInt8
    tolerates: Int64
    confidence: NDArray[np.float32]

    def take(self, chosen: NDArray[Any]) -> _Packed:
        return _Packed(*(getattr(self, name)[chosen] for name in self.__slots__))

    @property
    def is_weak(self) -> Bool:
        found: Bool = (self.codes & KIND) == WEAK
        return found


def no_edges() -> EdgeArrays:
    """Return arrays of no edges."""
    nodes = np.empty(0, dtype=np.int32)
    return EdgeArrays(
        nodes,
        nodes,
        np.empty(0, dtype=np.uint8),
        np.empty(0, dtype=np.float64),
        np.empty(0, dtype=np.bool_),
        np.empty(0, dtype=np.float32),
    )


def insert_nodes(topology: Topology, place: int, ids: Sequence[str]) -> dict[str, Any]:
    """Return the parts of a topology with plain nodes, free of edges, put in at `place`."""
    count = len(ids)

    def moved(nodes: Int32) -> Int32:
        return nodes + (nodes >= place) * np.int32(count)

    def widened(values: NDArray[Any] | None, blank: float) -> NDArray[Any] | None:
        return None if values is None else np.insert(values, place, [blank] * count)

    def spread(rows: Rows) -> Rows:
        starts = np.insert(rows.starts, place, [rows.starts[place]] * count)
        return Rows(starts, moved(rows.ends), rows.codes)

    weak = topology.weak
    return topology.parts | {
        "ids": (*topology.ids[:place], *ids, *topology.ids[place:]),
        "dependents_of": spread(topology.dependents_of),
        "providers_of": spread(topology.providers_of),
        "gates": replace(topology.gates, nodes=moved(topology.gates.nodes)),
        "flags": widened(topology.flags, 0),
        "criticality": widened(topology.criticality, 1),
        "own": (moved(topology.own[0]), topology.own[1]),
        "weak": (moved(weak[0]), moved(weak[1]), weak[2]),
        "q": widened(topology.q, 0.0),
        "mttr_hours": widened(topology.mttr_hours, np.nan),
    }


def patch_edges(parts: dict[str, Any], removed: EdgeArrays, added: EdgeArrays) -> dict[str, Any]:
    """Return the parts of a topology without `removed` and with `added`; O(n + m), copying only."""
    nodes = len(parts["ids"])
    old, new = _packed(removed, nodes), _packed(added, nodes)
    parts = _with_confidence(parts) if (new.confidence != 1).any() else parts
    parts = _patch_weak(parts, old.take(old.is_weak), new.take(new.is_weak))
    return _patch_rows(parts, old.take(~old.is_weak), new.take(~new.is_weak))


def _packed(edges: EdgeArrays, nodes: int) -> _Packed:
    arrays = {"strengths": edges.strengths, "tolerates_seconds": edges.tolerates_seconds}
    codes, tolerates = edge_codes(len(edges), arrays)
    if (codes == GATE).any():
        raise InvalidTopology("strengths", "holds a membership; gates must be built anew")
    codes |= np.where(edges.inferred, INFERRED, 0).astype(np.uint8)
    if tolerates is None:
        tolerates = np.zeros(len(edges), dtype=np.int64)
    codes |= np.where(tolerates > 0, TOLERANT, 0).astype(np.uint8)
    return _Packed(
        as_nodes("dependents", edges.dependents, nodes),
        as_nodes("providers", edges.providers, nodes),
        codes,
        tolerates,
        edges.confidence,
    )


def _with_confidence(parts: dict[str, Any]) -> dict[str, Any]:
    if parts["confidence"] is not None:
        return parts
    edges = len(parts["dependents_of"].ends) + len(parts["weak"][0])
    return parts | {"confidence": np.ones(edges, dtype=np.float32)}


def _patch_weak(parts: dict[str, Any], old: _Packed, new: _Packed) -> dict[str, Any]:
    if not len(old.codes) and not len(new.codes):
        return parts
    dependents, providers, codes = parts["weak"]
    strong = len(parts["dependents_of"].ends)
    sure = parts["confidence"]
    gone: list[int] = []
    for edge in range(len(old.codes)):
        fits = (dependents == old.dependents[edge]) & (providers == old.providers[edge])
        fits &= codes == old.codes[edge]
        if sure is not None:
            fits &= sure[strong:] == old.confidence[edge]
        gone.append(_first(fits, gone))
    cut = np.sort(np.array(gone, dtype=np.int64))
    weak = (
        np.concatenate([_without(dependents, cut), new.dependents]),
        np.concatenate([_without(providers, cut), new.providers]),
        np.concatenate([_without(codes, cut), new.codes]),
    )
    if sure is not None:
        sure = np.concatenate([_without(sure, cut + strong), new.confidence])
    return parts | {"weak": weak, "confidence": sure}


def _patch_rows(parts: dict[str, Any], old: _Packed, new: _Packed) -> dict[str, Any]:
    if not len(old.codes) and not len(new.codes):
        return parts
    rows: Rows = parts["dependents_of"]
    where = _find(rows, old.providers, old.dependents, old, parts)
    by_provider = new.take(np.argsort(new.providers, kind="stable"))
    patch = _RowPatch(rows, where, by_provider.providers)
    back = _RowPatch(
        parts["providers_of"],
        _find(parts["providers_of"], old.dependents, old.providers, old),
        np.sort(new.dependents),
    )
    by_dependent = new.take(np.argsort(new.dependents, kind="stable"))
    sure = parts["confidence"]
    if sure is not None:
        edges = len(rows.ends)
        kept = patch.applied(sure[:edges], by_provider.confidence)
        sure = np.concatenate([kept, sure[edges:]])
    return parts | {
        "dependents_of": patch.rows(by_provider.dependents, by_provider.codes),
        "providers_of": back.rows(by_dependent.providers, by_dependent.codes),
        "tolerant": patch.tolerant(parts["tolerant"], by_provider.tolerates),
        "confidence": sure,
    }


class _RowPatch:
    """Where edges leave sorted rows, and where others enter, each at the end of its row.

    Args:
        rows: The rows as they are.
        gone: Positions of edges that leave, ascending.
        keys: The row of each edge that enters, ascending.
    """

    def __init__(self, rows: Rows, gone: Int64, keys: Int32) -> None:
        self._rows = rows
        self._gone = gone
        nodes = len(rows.starts) - 1
        owners = np.searchsorted(rows.starts, gone, side="right") - 1
        fewer = np.bincount(owners, minlength=nodes)
        kept = rows.starts.astype(np.int64)
        kept[1:] -= np.cumsum(fewer)
        self._places = kept[keys + 1]
        kept[1:] += np.cumsum(np.bincount(keys, minlength=nodes))
        self._starts = kept.astype(np.int32)

    def rows(self, ends: Int32, codes: UInt8) -> Rows:
        """Return the patched rows."""
        own = self._rows
        return Rows(self._starts, self.applied(own.ends, ends), self.applied(own.codes, codes))

    def applied(self, values: Array, entering: Array) -> Array:
        """Return values by edge, patched."""
        return _with(_without(values, self._gone), self._places, entering)

    def tolerant(self, known: tuple[Int64, Int64], entering: Int64) -> tuple[Int64, Int64]:
        """Return the tolerant positions and their milliseconds, patched."""
        positions, milliseconds = known
        stays = ~np.isin(positions, self._gone)
        positions, milliseconds = positions[stays], milliseconds[stays]
        positions = positions - np.searchsorted(self._gone, positions)
        positions = positions + np.searchsorted(self._places, positions, side="right")
        fresh = np.flatnonzero(entering)
        positions = np.concatenate([positions, (self._places + np.arange(len(entering)))[fresh]])
        order = np.argsort(positions, kind="stable")
        return positions[order], np.concatenate([milliseconds, entering[fresh]])[order]


def _find(
    rows: Rows, keys: Int32, ends: Int32, edges: _Packed, parts: dict[str, Any] | None = None
) -> Int64:
    """Return the position of each edge, ascending; `parts` tell tolerance and confidence too."""
    found: list[int] = []
    for edge in range(len(keys)):
        first, last = rows.starts[keys[edge]], rows.starts[keys[edge] + 1]
        fits = (rows.ends[first:last] == ends[edge]) & (rows.codes[first:last] == edges.codes[edge])
        if parts is not None:
            fits &= _is_alike(parts, int(first), int(last), edges, edge)
        found.append(int(first) + _first(fits, [place - int(first) for place in found]))
    return np.sort(np.array(found, dtype=np.int64))


def _is_alike(parts: dict[str, Any], first: int, last: int, edges: _Packed, edge: int) -> Bool:
    positions, milliseconds = parts["tolerant"]
    tolerates = np.zeros(last - first, dtype=np.int64)
    low, high = np.searchsorted(positions, [first, last])
    tolerates[positions[low:high] - first] = milliseconds[low:high]
    alike: Bool = tolerates == edges.tolerates[edge]
    if parts["confidence"] is not None:
        alike &= parts["confidence"][first:last] == edges.confidence[edge]
    return alike


def _first(fits: Bool, taken: list[int]) -> int:
    """Return the first place that fits and is not taken."""
    for place in np.flatnonzero(fits).tolist():
        if place not in taken:
            return int(place)
    raise InvalidTopology("removed", "holds an edge that the topology has not")


def _without(values: Array, places: Int64) -> Array:
    pieces = np.split(values, places)
    return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])  # type: ignore[return-value]  # numpy says Any


def _with(values: Array, places: Int64, entering: Array) -> Array:
    """Return values with one more in front of each place; several at one place keep their order."""
    pieces = np.split(values, places)
    joined = [pieces[0]]
    for number, piece in enumerate(pieces[1:]):
        joined += [entering[number : number + 1], piece]
    return np.concatenate(joined)  # type: ignore[return-value]  # numpy says Any
