"""How are edges turned into compact sorted rows, without a loop over nodes or edges?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from impact.errors import InvalidTopology
from impact.model import Strength

Int32: TypeAlias = NDArray[np.int32]
Int64: TypeAlias = NDArray[np.int64]
UInt8: TypeAlias = NDArray[np.uint8]
Float64: TypeAlias = NDArray[np.float64]
Bool: TypeAlias = NDArray[np.bool_]
Numbers = TypeVar("Numbers", np.int32, np.int64)

# One byte per edge: two bits of strength, then flags.
STRENGTH = 0b0000_0011
KIND = 0b0000_0111
REPEATED = 0b0000_0100
INFERRED = 0b0000_1000
TOLERANT = 0b0001_0000

HARD = int(Strength.HARD)
SOFT = int(Strength.SOFT)
GATE = int(Strength.GATE)
WEAK = int(Strength.WEAK)

FOR_EVER = np.iinfo(np.int64).max // 4
LONGEST_TOLERANCE = 10_000 * 366 * 86_400_000
"""Milliseconds; whatever tolerates more than the calendar is long tolerates for ever."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Edges sorted by one end: `ends[starts[i]:starts[i + 1]]` are the other ends of node i.

    Shapes: starts int32 (n + 1,), ends int32 (m,), codes uint8 (m,).
    """

    starts: Int32
    ends: Int32
    codes: UInt8

    @property
    def nbytes(self) -> int:
        """Return the size of the three arrays in bytes."""
        return self.starts.nbytes + self.ends.nbytes + self.codes.nbytes


def build_rows(nodes: int, keys: Int32, ends: Int32, codes: UInt8) -> tuple[Rows, Int64]:
    """Return the rows of `keys` and the order that sorted the edges; O(m log m), vectorised.

    Parallel edges stay apart and keep their given order.
    """
    edges = len(keys)
    shift = max(1, int(edges).bit_length())
    packed = (keys.astype(np.int64) << shift) | np.arange(edges, dtype=np.int64)
    packed.sort()
    order = packed & ((1 << shift) - 1)
    starts = np.zeros(nodes + 1, dtype=np.int32)
    np.cumsum(np.bincount(keys, minlength=nodes), out=starts[1:])
    return Rows(starts, ends[order], codes[order]), order


def row_positions(rows: Rows, nodes: Int32) -> tuple[Int64, Int32]:
    """Return the edge positions of all rows of `nodes`, in order, and the length of each row."""
    wide = nodes.astype(np.intp)
    starts = rows.starts.take(wide)
    counts = rows.starts[1:].take(wide) - starts
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    positions = np.arange(total, dtype=np.int64)
    positions += np.repeat(starts - ends + counts, counts)
    return positions, counts


def distinct(values: NDArray[Numbers]) -> NDArray[Numbers]:
    """Return each value once, in ascending order; sorting beats the hashing of `numpy.unique`."""
    if len(values) < 2:
        return values
    ordered = np.sort(values)
    return ordered.compress(_is_first(ordered))


def distinct_packed(values: Int32) -> Int32:
    """Return what `distinct` does, without sorting where values are many for the range they span.

    In a layered estate most of a wide frontier lies in the ids of one layer.
    """
    if not len(values):
        return values
    low = values.min()
    span = int(values.max()) - int(low) + 1
    if span > len(values):
        return distinct(values)
    is_there = np.zeros(span, dtype=np.bool_)
    is_there[(values - low).astype(np.intp)] = True
    found: Int32 = (is_there.nonzero()[0] + low).astype(np.int32)
    return found


def _is_first(ordered: NDArray[Any]) -> Bool:
    first = np.empty(len(ordered), dtype=np.bool_)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def as_nodes(name: str, values: Any, nodes: int) -> Int32:
    """Return node indices as int32, refusing anything outside [0, nodes)."""
    array = np.asarray(values)
    if array.size == 0:
        return np.empty(0, dtype=np.int32)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InvalidTopology(name, "must be a flat array of integers")
    if int(array.min()) < 0 or int(array.max()) >= nodes:
        raise InvalidTopology(name, f"holds an index outside 0 to {nodes - 1}")
    return array.astype(np.int32, copy=False)


def as_optional(name: str, values: Any, size: int, kind: type) -> NDArray[Any] | None:
    """Return a flat array of `size` values converted to `kind`, or None if none was given."""
    if values is None:
        return None
    array = np.asarray(values)
    if array.shape != (size,):
        raise InvalidTopology(name, f"has shape {array.shape} where ({size},) is needed")
    return array.astype(kind, copy=False)


def check_range(name: str, values: NDArray[Any] | None, low: float, high: float) -> None:
    """Refuse values outside [low, high]; NaN counts as outside."""
    if values is None or values.size == 0:
        return
    if not (float(values.min()) >= low and float(values.max()) <= high):
        raise InvalidTopology(name, f"must lie within {low:g} and {high:g}")
