"""How is a table with an id for each row kept as columns, shared between states, changed in place?

A `Table` never changes. A `TableDraft` writes into copies of just those columns that differ, so
that successive states share the others: `column is column` then says that nothing in it changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Column: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows with ids, never removed.

    Attributes:
        index: Row by id. A later state may share it and have added rows; those are not ours.
        size: Number of rows of this state.
        columns: Arrays of shape (size,) by name.
    """

    index: dict[str, int]
    size: int
    columns: Mapping[str, Column]

    def row(self, key: str) -> int:
        """Return the row of an id, or -1."""
        row = self.index.get(key, -1)
        return row if row < self.size else -1

    def __getitem__(self, name: str) -> Column:
        """Return a column."""
        return self.columns[name]

    def ids(self) -> list[str]:
        """Return the ids in row order."""
        return list(self.index)[: self.size]


def starts_with(table: Table, old: Table, names: Iterable[str]) -> bool:
    """Return whether these columns of a later state begin with those of an earlier one."""
    return not any(differs_from(table[name], old[name]).any() for name in names)


def differs_from(column: Column, old: Column) -> NDArray[np.bool_]:
    """Return bool, by row of the older column; one NaN is like another."""
    if column is old:
        return np.zeros(len(old), dtype=np.bool_)
    now = column[: len(old)]
    differs: NDArray[np.bool_] = now != old
    if old.dtype.kind == "f":
        differs &= ~(np.isnan(now) & np.isnan(old))
    return differs


class TableDraft:
    """A table being changed; each write costs O(1), the first one of a column copies it.

    Args:
        table: Where to start from; it stays as it is.
        blank: The values of a new row, one for each column.
        shares_index: Whether new ids may go into the index of `table`. Only one line of states
            may do so, under one lock; a side line copies the index when it needs to.
    """

    def __init__(self, table: Table, blank: Mapping[str, Any], *, shares_index: bool) -> None:
        self._table = table
        self._blank = blank
        self._index = table.index
        self._owns_index = shares_index and len(table.index) == table.size
        self._written: dict[str, Column] = {}
        self._added: dict[str, list[Any]] = {name: [] for name in table.columns}
        self._size = table.size

    @property
    def size(self) -> int:
        """Return the number of rows, new ones included."""
        return self._size

    def row(self, key: str) -> int:
        """Return the row of an id, or -1."""
        row = self._index.get(key, -1)
        return row if row < self._size else -1

    def add(self, key: str) -> int:
        """Return the row of a new id, blank so far."""
        if not self._owns_index:
            self._index = _first(self._index, self._size)
            self._owns_index = True
        row = self._index[key] = self._size
        for name, values in self._added.items():
            values.append(self._blank[name])
        self._size += 1
        return row

    def set(self, row: int, name: str, value: Any) -> None:
        """Write one value; writing what is there leaves the column untouched."""
        first_new = self._table.size
        if row >= first_new:
            self._added[name][row - first_new] = value
            return
        column = self._written.get(name)
        if column is None:
            old = self._table.columns[name]
            if _is_same(old[row], value):
                return
            column = self._written[name] = old.copy()
        column[row] = value

    def freeze(self) -> Table:
        """Return the table as it is now; the draft must not be used any more."""
        columns = {**self._table.columns, **self._written}
        if self._size > self._table.size:
            for name, values in self._added.items():
                old = columns[name]
                columns[name] = np.concatenate([old, np.array(values, dtype=old.dtype)])
        return Table(self._index, self._size, columns)


def _first(index: dict[str, int], size: int) -> dict[str, int]:
    # Copied in one step and trimmed: another line of states may be adding to the index meanwhile.
    made = index.copy()
    while len(made) > size:
        made.popitem()
    return made


def _is_same(old: Any, new: Any) -> bool:
    return bool(old == new or (old != old and new != new))
