"""What is the state of the inventory at one revision, as far as the engine is concerned?

An `Estate` holds it as columns; an `EstateDraft` applies log entries to it. Values in the log are
absolute, so applying an entry that a state already holds, wholly or in part, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cmdb.errors import UnknownRevision
from cmdb.model.changes import LogChange
from cmdb.model.definitions import LIFECYCLE, TAKES_PART
from cmdb.model.log import LogEntry
from cmdb.model.registry import Registry
from cmdb.snapshot.columns import Table, TableDraft
from impact import Strength

FIGURES = (
    "a_criticality",
    "a_k_min",
    "a_k_full",
    "a_availability",
    "a_mttf_hours",
    "a_mtbf_hours",
    "a_mttr_hours",
)
"""The numeric properties of a CI that the engine uses, as stored."""

ABSENT = 255
"""Code of a life-cycle stage or strength that is not given."""

LIFECYCLE_CODES = {stage: code for code, stage in enumerate(LIFECYCLE)}
STRENGTH_CODES = {strength.name.lower(): int(strength) for strength in Strength}
TAKES_PART_CODES = frozenset(LIFECYCLE_CODES[stage] for stage in TAKES_PART)

CI_BLANK: Mapping[str, Any] = {
    "id": "",
    "name": "",
    "class": 0,
    "lifecycle": ABSENT,
    "is_merged": False,
    **dict.fromkeys(FIGURES, np.nan),
}
CI_KINDS: Mapping[str, Any] = {
    "id": object,
    "name": object,
    "class": np.uint16,
    "lifecycle": np.uint8,
    "is_merged": np.bool_,
    **dict.fromkeys(FIGURES, np.float64),
}
RELATIONSHIP_BLANK: Mapping[str, Any] = {
    "dependent": 0,
    "provider": 0,
    "type": 0,
    "strength": ABSENT,
    "tolerates_seconds": np.nan,
    "confidence": 1.0,
    "is_inferred": False,
    "live": False,
}
RELATIONSHIP_KINDS: Mapping[str, Any] = {
    "dependent": np.int32,
    "provider": np.int32,
    "type": np.uint16,
    "strength": np.uint8,
    "tolerates_seconds": np.float64,
    "confidence": np.float32,
    "is_inferred": np.bool_,
    "live": np.bool_,
}


@dataclass(frozen=True, slots=True, eq=False)
class Estate:
    """The inventory at one revision.

    Attributes:
        revision: The log entry it stands at.
        types: Relationship types that are carried; a relationship holds a place in it.
        classes: Names of classes met so far; a CI holds a place in it. The first is empty.
        cis: Columns `CI_KINDS`, one row a CI, retired and merged ones included.
        relationships: Columns `RELATIONSHIP_KINDS`; the ends are rows of `cis`. Ended ones
            stay where their own values would matter if they came back.
        restricted_to: Team ids by row of `cis`; most rows are absent.
    """

    revision: int
    types: tuple[str, ...]
    classes: tuple[str, ...]
    cis: Table
    relationships: Table
    restricted_to: Mapping[int, tuple[str, ...]]

    @property
    def size(self) -> int:
        """Return the number of CIs and relationships."""
        return self.cis.size + self.relationships.size


def carried_types(registry: Registry) -> tuple[str, ...]:
    """Return the relationship types that reach the engine, sorted."""
    return tuple(sorted(name for name, known in registry.types.items() if known.strength))


def empty_estate(types: Sequence[str]) -> Estate:
    """Return the state before the first entry of the log."""
    return Estate(0, tuple(types), ("",), _empty(CI_KINDS), _empty(RELATIONSHIP_KINDS), {})


def _empty(kinds: Mapping[str, Any]) -> Table:
    return Table({}, 0, {name: np.empty(0, dtype=kind) for name, kind in kinds.items()})


class EstateDraft:
    """An estate to which log entries are applied.

    Args:
        estate: Where to start from; it stays as it is.
        shares_index: See `TableDraft`.
    """

    def __init__(self, estate: Estate, *, shares_index: bool = False) -> None:
        self._estate = estate
        self._cis = TableDraft(estate.cis, CI_BLANK, shares_index=shares_index)
        self._relationships = TableDraft(
            estate.relationships, RELATIONSHIP_BLANK, shares_index=shares_index
        )
        self._types = {name: code for code, name in enumerate(estate.types)}
        self._classes = {name: code for code, name in enumerate(estate.classes)}
        self._restricted_to: dict[int, tuple[str, ...]] | None = None

    def apply(self, entry: LogEntry) -> None:
        """Apply the changes of one entry.

        Raises:
            UnknownRevision: A payload of the entry was erased.
        """
        for change in entry.changes:
            if change is None:
                raise UnknownRevision(
                    str(entry.revision), reason="payloads of that entry were erased from the log"
                )
            if change.kind == "ci":
                self._apply_ci(change)
            elif change.kind == "relationship":
                self._apply_relationship(change)

    def freeze(self, revision: int) -> Estate:
        """Return the estate as it is now; the draft must not be used any more."""
        restricted_to = self._restricted_to
        return Estate(
            revision,
            self._estate.types,
            tuple(self._classes),
            self._cis.freeze(),
            self._relationships.freeze(),
            self._estate.restricted_to if restricted_to is None else restricted_to,
        )

    def _ci(self, ci_id: str) -> int:
        row = self._cis.row(ci_id)
        if row < 0:
            row = self._cis.add(ci_id)
            self._cis.set(row, "id", ci_id)
        return row

    def _apply_ci(self, change: LogChange) -> None:
        row = self._ci(change.id)
        for name, value in change.after.items():
            match name:
                case "name":
                    self._cis.set(row, name, value or "")
                case "class":
                    code = self._classes.setdefault(value or "", len(self._classes))
                    self._cis.set(row, name, code)
                case "lifecycle":
                    self._cis.set(row, name, LIFECYCLE_CODES.get(value, ABSENT))
                case "merged_into":
                    self._cis.set(row, "is_merged", bool(value))
                case "restricted_to" | "a_restricted_to":
                    self._restrict(row, value)
                case _ if name in FIGURES:
                    self._cis.set(row, name, np.nan if value is None else float(value))

    def _restrict(self, row: int, teams: Sequence[str] | None) -> None:
        if self._restricted_to is None:
            self._restricted_to = dict(self._estate.restricted_to)
        if teams:
            self._restricted_to[row] = tuple(teams)
        else:
            self._restricted_to.pop(row, None)

    def _apply_relationship(self, change: LogChange) -> None:
        code = self._types.get(change.ends.get("type", ""))
        if code is None:
            return
        table = self._relationships
        row = table.row(change.id)
        if row < 0:
            row = table.add(change.id)
            table.set(row, "type", code)
            table.set(row, "dependent", self._ci(change.ends["dependent"]))
            table.set(row, "provider", self._ci(change.ends["provider"]))
            table.set(row, "live", not change.before)
        for name, value in change.after.items():
            match name:
                case "live":
                    table.set(row, name, bool(value))
                case "strength":
                    table.set(row, name, STRENGTH_CODES.get(value, ABSENT))
                case "tolerates_seconds":
                    table.set(row, name, np.nan if value is None else float(value))
                case "confidence":
                    table.set(row, name, 1.0 if value is None else np.float32(value))
                case "inferred_by":
                    table.set(row, "is_inferred", bool(value))
