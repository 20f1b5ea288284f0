"""How do sorted rows of edges lose some edges and nodes, and take in others, by copying alone?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from impact.arrays import Int32, Int64, Rows, UInt8

Array = TypeVar("Array", bound=NDArray[Any])

FEW = 32
"""Places up to which copying piece by piece is faster than a mask over all values."""


@dataclass(frozen=True, slots=True, eq=False)
class Renumbering:
    """Which node of a topology is which of its successor; their order stays.

    Attributes:
        gone: Nodes that go, ascending.
        places: Indices, of those that hold afterwards, of new nodes, ascending.
        new: int32 (nodes before,), -1 for a node that goes; None if all stay as they are.
        size: Number of nodes after.
    """

    gone: Int64
    places: Int64
    new: Int32 | None
    size: int

    def of(self, nodes: Int32) -> Int32:
        """Return the new indices of nodes, -1 for those that are no more."""
        return nodes if self.new is None else self.new[nodes]

    def moved(self, values: Array, blank: float) -> Array:
        """Return values by node, `blank` for new nodes."""
        return _with(
            without(values, self.gone),
            _in_front_of(self.places),
            _blanks(values, blank, len(self.places)),
        )


def renumber(nodes: int, gone: Int64, places: Int64) -> Renumbering:
    """Return the renumbering of `nodes` nodes, of which some go while others come."""
    size = nodes - len(gone) + len(places)
    if not len(gone) and not len(places):
        return Renumbering(gone, places, None, size)
    is_old = np.ones(size, dtype=np.bool_)
    is_old[places] = False
    kept = np.flatnonzero(is_old).astype(np.int32)
    new = _with(kept, _in_front_of(gone), np.full(len(gone), -1, dtype=np.int32))
    return Renumbering(gone, places, new, size)


def _in_front_of(places: Int64) -> Int64:
    """Return, for places where values are to stand, those they must be put in front of."""
    return places - np.arange(len(places))


def _blanks(values: Array, blank: float, count: int) -> Array:
    return np.full(count, blank, dtype=values.dtype)  # type: ignore[return-value]  # numpy forgets the kind


class RowPatch:
    """Where edges leave sorted rows, and where others enter, each at the end of its row.

    Args:
        rows: The rows as they are.
        gone: Positions of edges that leave, ascending.
        nodes: What becomes of the nodes; those that go have no edges left.
        keys: The row of each edge that enters, ascending, by the new indices.
    """

    def __init__(self, rows: Rows, gone: Int64, nodes: Renumbering, keys: Int32) -> None:
        self._rows = rows
        self._gone = gone
        self._nodes = nodes
        counts = np.diff(rows.starts)
        owners = np.searchsorted(rows.starts, gone, side="right") - 1
        np.subtract.at(counts, owners, 1)
        counts = nodes.moved(counts, 0)
        self._places = np.cumsum(counts, dtype=np.int64)[keys]
        np.add.at(counts, keys, 1)
        self._starts = np.zeros(nodes.size + 1, dtype=np.int32)
        np.cumsum(counts, out=self._starts[1:])

    def rows(self, ends: Int32, codes: UInt8) -> Rows:
        """Return the patched rows."""
        own = self._rows
        kept = self._nodes.of(without(own.ends, self._gone))
        return Rows(self._starts, _with(kept, self._places, ends), self.applied(own.codes, codes))

    def applied(self, values: Array, entering: Array) -> Array:
        """Return values by edge, patched."""
        return _with(without(values, self._gone), self._places, entering)

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


def without(values: Array, places: Int64) -> Array:
    """Return values but for those at these places, which ascend."""
    if not len(places):
        return values
    if len(places) > FEW:
        return np.delete(values, places)  # type: ignore[return-value]  # numpy says Any
    pieces = np.split(values, places)
    return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])  # type: ignore[return-value]  # numpy says Any


def _with(values: Array, places: Int64, entering: Array) -> Array:
    """Return values with one more in front of each place; several at one place keep their order."""
    if not len(places):
        return values
    if len(places) > FEW:
        return np.insert(values, places, entering)  # type: ignore[return-value]  # numpy says Any
    pieces = np.split(values, places)
    joined = [pieces[0]]
    for number, piece in enumerate(pieces[1:]):
        joined += [entering[number : number + 1], piece]
    return np.concatenate(joined)  # type: ignore[return-value]  # numpy says Any
