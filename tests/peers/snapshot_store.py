"""What do snapshots read, kept in plain dictionaries? A store of the log, rows and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cmdb.model.changes import LogChange
from cmdb.model.inventory import GraphRows, to_epoch_ms
from cmdb.model.log import LogEntry, LogHead, StoredEntry

Properties = dict[str, Any]
SECOND_MS = 1000


class State:
    """The inventory as dictionaries of stored properties."""

    def __init__(self) -> None:
        self.cis: dict[str, Properties] = {}
        self.relationships: dict[str, Properties] = {}

    def write(self, change: LogChange) -> None:
        """Put the values of a change in place."""
        kept = self.cis if change.kind == "ci" else self.relationships
        found = kept.setdefault(change.id, {"id": change.id, **change.ends})
        found.update(change.after)
        if "a_restricted_to" in change.after:
            found["restricted_to"] = change.after["a_restricted_to"]


class SnapshotStore:
    """`cmdb.snapshot.snapshots.SnapshotStore` in memory; entry n was recorded at second n.

    Attributes:
        entries_read: How many entries were handed out.
        rows_read: How many times the rows were read in bulk.
        rows_lag: How far behind the rows the revision is that they are handed out with.
    """

    def __init__(self) -> None:
        self.log: list[LogEntry] = []
        self.state = State()
        self.checkpoints: dict[int, bytes] = {}
        self.entries_read = 0
        self.rows_read = 0
        self.rows_lag = 0

    def append(self, *changes: LogChange) -> int:
        """Write changes as one entry and return its revision."""
        revision = len(self.log) + 1
        self.log.append(LogEntry(revision, revision * SECOND_MS, {}, changes, "", ""))
        for change in changes:
            self.state.write(change)
        return revision

    def erase(self, revision: int) -> None:
        """Erase the payloads of an entry."""
        old = self.log[revision - 1]
        gone = [None] * len(old.changes)
        self.log[revision - 1] = LogEntry(old.revision, old.at, old.header, gone, "", "")

    def state_at(self, revision: int) -> State:
        """Return the state that the first entries make."""
        state = State()
        for entry in self.log[:revision]:
            for change in entry.changes:
                assert change is not None
                state.write(change)
        return state

    def head(self) -> LogHead:
        """Return the newest entry's revision."""
        return LogHead(len(self.log), "", len(self.log) * SECOND_MS)

    def entries(self, first: int, last: int) -> list[LogEntry]:
        """Return the entries of these revisions."""
        found = self.log[first - 1 : last]
        self.entries_read += len(found)
        return found

    def entries_of(self, revisions: Sequence[int]) -> list[LogEntry]:
        """Return the entries of these revisions."""
        return [self.log[each - 1] for each in sorted(revisions) if each <= len(self.log)]

    def stored_entries(self, first: int, last: int) -> list[StoredEntry]:
        """Refuse: snapshots never ask."""
        raise AssertionError((first, last))

    def count_changes(self, first: int, last: int) -> int:
        """Return how many changes these entries have."""
        return sum(len(entry.changes) for entry in self.log[first - 1 : last])

    def revision_at(self, at: datetime) -> int:
        """Return the last revision recorded at or before a moment."""
        return max(0, min(len(self.log), to_epoch_ms(at) // SECOND_MS))

    def graph_rows(self) -> GraphRows:
        """Return the rows as the port describes them."""
        self.rows_read += 1
        cis = list(self.state.cis.values())
        by_type: dict[str, list[Properties]] = {}
        for relationship in self.state.relationships.values():
            if relationship["live"] or _has_own_values(relationship):
                by_type.setdefault(relationship["type"], []).append(relationship)
        return GraphRows(
            max(0, len(self.log) - self.rows_lag),
            _columns(cis, CI_COLUMNS),
            {name: _columns(rows, RELATIONSHIP_COLUMNS) for name, rows in by_type.items()},
        )

    def checkpoint_before(self, revision: int) -> tuple[int, bytes] | None:
        """Return the newest checkpoint at or before a revision."""
        found = [known for known in self.checkpoints if known <= revision]
        return (max(found), self.checkpoints[max(found)]) if found else None

    def save_checkpoint(self, revision: int, content: bytes) -> None:
        """Keep a checkpoint."""
        self.checkpoints[revision] = content


CI_COLUMNS = (
    "id", "class", "name", "lifecycle", "merged_into", "restricted_to", "a_criticality",
    "a_k_min", "a_k_full", "a_availability", "a_mttf_hours", "a_mtbf_hours", "a_mttr_hours",
)  # fmt: skip
RELATIONSHIP_COLUMNS = (
    "id", "dependent", "provider", "live", "strength", "tolerates_seconds", "confidence",
    "inferred_by",
)  # fmt: skip


def _has_own_values(relationship: Mapping[str, Any]) -> bool:
    confidence = relationship.get("confidence")
    return any(
        relationship.get(name) for name in ("strength", "tolerates_seconds", "inferred_by")
    ) or (confidence is not None and 0 < confidence < 1)


def _columns(rows: Sequence[Properties], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in names}


def ci_change(ci_id: str, class_name: str = "Host", **values: Any) -> LogChange:
    """Return the change that makes a CI in use."""
    made = {"class": class_name, "name": ci_id.upper(), "lifecycle": "in_use", **values}
    return LogChange("ci", ci_id, 0, {}, made)


def ci_edit(ci_id: str, **values: Any) -> LogChange:
    """Return a change of values of a CI."""
    return LogChange("ci", ci_id, 1, dict.fromkeys(values), values)


def link(dependent: str, type_name: str, provider: str, **values: Any) -> LogChange:
    """Return the change that makes a relationship, its id made of its ends."""
    ends = {"type": type_name, "dependent": dependent, "provider": provider, "discriminator": ""}
    link_id = f"{dependent} {type_name} {provider}"
    return LogChange(
        "relationship", link_id, 0, {}, {"live": True, "confidence": 1.0} | values, ends
    )


def link_edit(dependent: str, type_name: str, provider: str, **values: Any) -> LogChange:
    """Return a change of values of a relationship."""
    made = link(dependent, type_name, provider)
    return LogChange("relationship", made.id, 1, dict.fromkeys(values), values, made.ends)
