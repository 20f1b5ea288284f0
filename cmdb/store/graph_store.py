"""The store port over one connection: each method one call into the room that knows its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cmdb.errors import StalePlan, UnknownRevision
from cmdb.model.changes import Applied, Carrier, ChangeSet, Pending, Stamp
from cmdb.model.inventory import (
    CI,
    Found,
    GraphRows,
    Identifier,
    ImportRun,
    Relationship,
)
from cmdb.model.log import LogEntry, StoredEntry, unseal
from cmdb.model.nodes import Node, NodeKind, NodeListing, NodePage
from cmdb.model.rights import Visibility
from cmdb.model.selection import Direction, Page, Selection
from cmdb.model.shipped import shipped_registry
from cmdb.model.source_records import SourceRecord
from cmdb.ports import Clock
from cmdb.store import evidence, log_rows, merges, named, node_rows, reading, snapshot_rows
from cmdb.store.adjacency import find_adjacent
from cmdb.store.connection import Connection
from cmdb.store.keeping_store import KeepingStore
from cmdb.store.run_rows import write_run
from cmdb.store.schema import migrate
from cmdb.store.writing import apply_changes, prepare


class GraphStore(KeepingStore):
    """`cmdb.ports.Store` over one connection."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        super().__init__(connection, clock)
        self.name = connection.name

    def setup(self) -> None:
        """Create or migrate the schema."""
        migrate(self._connection, shipped_registry())
        self._known.registry = None

    def close(self) -> None:
        """Release the database."""
        self.stop_beating()
        self._connection.close()

    # Readers

    def select(self, selection: Selection, visibility: Visibility) -> Page:
        """Return a page of CIs."""
        return reading.select(self._connection, self.registry(), selection, visibility)

    def get_cis(self, ids: Sequence[str], visibility: Visibility) -> dict[str, CI]:
        """Return the visible CIs of these ids."""
        return reading.get_cis(self._connection, ids, visibility)

    def find_by_name(
        self, name: str, class_name: str, visibility: Visibility, limit: int = 20
    ) -> list[CI]:
        """Return CIs of exactly that name."""
        return reading.find_by_name(
            self._connection, self.registry(), name, class_name, visibility, limit
        )

    def find_named(self, names: Sequence[str], visibility: Visibility, most: int) -> list[CI]:
        """Return CIs of these names, read at once."""
        return named.find_named(self._connection, names, visibility, most)

    def search(self, text: str, visibility: Visibility, limit: int = 20) -> list[Found]:
        """Return CIs whose name or identifiers match the words."""
        return reading.search(self._connection, text, visibility, limit)

    def find_relationships(
        self, ci_ids: Sequence[str], visibility: Visibility, *, live_only: bool = True
    ) -> list[Relationship]:
        """Return relationships at these CIs."""
        return reading.find_relationships(
            self._connection, self.registry(), ci_ids, visibility, live_only=live_only
        )

    def find_adjacent(
        self,
        ids: Sequence[str],
        visibility: Visibility,
        *,
        direction: Direction,
        types: Sequence[str] | None,
        limit: int,
        after: str = "",
    ) -> dict[str, list[tuple[Relationship, CI]]]:
        """Return, for each of these CIs, relationships in one direction with the other end."""
        return find_adjacent(
            self._connection,
            self.registry(),
            ids,
            visibility,
            direction=direction,
            types=types,
            limit=limit,
            after=after,
        )

    def count_classes(self, visibility: Visibility) -> dict[str, int]:
        """Return the number of CIs by class."""
        return reading.count_classes(self._connection, visibility)

    # Log

    def entries(self, first: int, last: int) -> list[LogEntry]:
        """Return the entries of these revisions."""
        return [unseal(stored) for stored in self.stored_entries(first, last)]

    def entries_of(self, revisions: Sequence[int]) -> list[LogEntry]:
        """Return the entries of these revisions."""
        return [unseal(stored) for stored in log_rows.read_some(self._connection, revisions)]

    def stored_entries(self, first: int, last: int) -> list[StoredEntry]:
        """Return them as stored."""
        return log_rows.read_stored(self._connection, first, last)

    def count_changes(self, first: int, last: int) -> int:
        """Return how many changes these entries have."""
        return log_rows.count_changes(self._connection, first, last)

    def revision_at(self, at: datetime) -> int:
        """Return the last revision recorded at or before a moment."""
        return log_rows.read_revision_at(self._connection, at)

    # Nodes beside the inventory

    def get_nodes(self, kind: NodeKind, ids: Sequence[str]) -> dict[str, Node]:
        """Return the known ones of these nodes by id."""
        return node_rows.get_nodes(self._connection, kind, ids)

    def find_node(self, kind: NodeKind, lookup: str) -> Node | None:
        """Return the node that is found by this exact text."""
        return node_rows.find_node(self._connection, kind, lookup)

    def list_nodes(self, listing: NodeListing) -> NodePage:
        """Return a page of nodes, newest first."""
        return node_rows.list_nodes(self._connection, listing)

    def nodes_between(
        self,
        states: Mapping[NodeKind, Sequence[str]],
        from_at: int,
        to_at: int,
        limit: int,
        lasting: Sequence[str] = (),
    ) -> list[Node]:
        """Return nodes of several kinds in these states and this stretch of time."""
        return node_rows.nodes_between(self._connection, states, from_at, to_at, limit, lasting)

    # Evidence

    def identifiers(self, keys: Sequence[str]) -> dict[str, Identifier]:
        """Return the known ones of these keys."""
        return evidence.find_identifiers(self._connection, keys)

    def identifiers_within(self, ci_ids: Sequence[str]) -> dict[str, Identifier]:
        """Return identifiers of things identified within these CIs."""
        return evidence.find_identifiers_within(self._connection, ci_ids)

    def record_states(self, ids: Sequence[str]) -> dict[str, tuple[str, int, str | None, str]]:
        """Return (digest, observed_ms, ci_id, run) of the known ones."""
        return evidence.find_record_states(self._connection, ids)

    def source_records(self, ids: Sequence[str]) -> list[SourceRecord]:
        """Return the known ones of these source records."""
        return evidence.find_source_records(self._connection, ids)

    def source_records_of(self, ci_ids: Sequence[str]) -> list[SourceRecord]:
        """Return all source records of these CIs."""
        return evidence.find_source_records_of(self._connection, ci_ids)

    def record_ids_of(self, source: str, after: str = "", limit: int = 1_000) -> list[str]:
        """Return a page of the ids of a source's records."""
        return evidence.find_record_ids(self._connection, source, after, limit)

    def ci_properties(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the stored properties of these CIs."""
        return evidence.find_ci_properties(self._connection, ids)

    def merged_into(self, ids: Sequence[str]) -> dict[str, str]:
        """Return which of these CIs took over each one that was merged away."""
        return merges.find_merged_into(self._connection, ids)

    def relationship_rows(
        self, ci_ids: Sequence[str], *, outgoing_only: bool = False
    ) -> list[dict[str, Any]]:
        """Return stored relationships at these CIs."""
        return evidence.find_relationship_rows(
            self._connection, self.registry(), ci_ids, outgoing_only=outgoing_only
        )

    def pending(self, keys: Sequence[str]) -> list[Pending]:
        """Return what waits for these keys."""
        return evidence.find_pending(self._connection, keys)

    def pending_of(self, record_ids: Sequence[str]) -> list[Pending]:
        """Return what these source records wait for."""
        return evidence.find_pending_of(self._connection, record_ids)

    def pending_within(self, ci_ids: Sequence[str]) -> list[Pending]:
        """Return what waits for things identified within these CIs."""
        return evidence.find_pending_within(self._connection, ci_ids)

    def has_pending(self) -> bool:
        """Return whether anything waits at all."""
        return evidence.has_pending(self._connection)

    def carriers(self, keys: Sequence[str]) -> list[Carrier]:
        """Return the source records that carry these placeholders."""
        return evidence.find_carriers(self._connection, keys)

    def uncertain_placeholders(self) -> list[str]:
        """Return placeholders that have too few witnesses."""
        return evidence.find_uncertain_placeholders(self._connection)

    # Writers

    def prepare(self, changes: ChangeSet) -> ChangeSet:
        """Return the same change set with its rows and its log entry made."""
        return replace(changes, prepared=prepare(self.registry(), changes))

    def apply(
        self,
        changes: ChangeSet,
        stamp: Stamp,
        *,
        answer: Mapping[str, Any] | None = None,
        run: ImportRun | None = None,
    ) -> Applied:
        """Write a change set and append one log entry, or refuse."""
        if run is not None:
            self._life.begin(run)
        try:
            applied = apply_changes(
                self._connection,
                self.registry(),
                changes,
                stamp,
                now_ms=self._now_ms(),
                answer=answer or {},
                also=None if run is None else lambda tx: write_run(tx, run, self._life.worker),
            )
        except StalePlan:
            # It may be the registry that has moved: see what the head says of it.
            self.head()
            raise
        if run is not None:
            self._life.end(run)
        return applied

    def find_answer(self, stamp: Stamp) -> Applied | None:
        """Return the answer that an idempotency key got before, or None."""
        return log_rows.find_answer(self._connection, stamp)

    def erase_payloads(self, revision: int, indexes: Sequence[int]) -> None:
        """Erase payloads of an entry; its hashes stay."""
        stored = self.stored_entries(revision, revision)
        if not stored:
            raise UnknownRevision(str(revision))
        self._connection.write(lambda tx: log_rows.erase_in(tx, stored[0], indexes))

    # Snapshot rows

    def graph_rows(self) -> GraphRows:
        """Return everything the engine needs, in bulk."""
        return snapshot_rows.graph_rows(self._connection, self.registry())

    def checkpoint_before(self, revision: int) -> tuple[int, bytes] | None:
        """Return the newest checkpoint at or before a revision."""
        return snapshot_rows.checkpoint_before(self._connection, revision)

    def save_checkpoint(self, revision: int, content: bytes) -> None:
        """Keep a checkpoint."""
        snapshot_rows.save_checkpoint(self._connection, revision, content)
