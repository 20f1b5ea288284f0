"""The store port over one connection: each method one call into the room that knows its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cmdb.errors import UnknownRevision
from cmdb.model.changes import Applied, Carrier, ChangeSet, LogChange, Pending, Stamp
from cmdb.model.inventory import (
    CI,
    DataSource,
    Found,
    GraphRows,
    Identifier,
    ImportRun,
    Relationship,
    to_epoch_ms,
)
from cmdb.model.log import LogEntry, LogHead, StoredEntry, unseal
from cmdb.model.registry import Registry
from cmdb.model.rights import Visibility
from cmdb.model.selection import Page, Selection
from cmdb.model.shipped import shipped_registry
from cmdb.model.source_records import SourceRecord
from cmdb.ports import Clock
from cmdb.store import evidence, log_rows, reading, run_rows, snapshot_rows
from cmdb.store.connection import Connection, Transaction
from cmdb.store.definitions import read_registry
from cmdb.store.schema import migrate
from cmdb.store.writing import apply_changes, prepare


class GraphStore:
    """`cmdb.ports.Store` over one connection."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.name = connection.name
        self._connection = connection
        self._clock = clock
        self._registry: Registry | None = None

    def setup(self) -> None:
        """Create or migrate the schema."""
        migrate(self._connection, shipped_registry())
        self._registry = None

    def registry(self) -> Registry:
        """Return the shipped registries with what the graph adds."""
        if self._registry is None:
            self._registry = read_registry(self._connection)
        return self._registry

    def close(self) -> None:
        """Release the database."""
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

    def count_classes(self, visibility: Visibility) -> dict[str, int]:
        """Return the number of CIs by class."""
        return reading.count_classes(self._connection, visibility)

    # Log

    def head(self) -> LogHead:
        """Return the newest entry's revision, hash and time."""
        return log_rows.read_head(self._connection)

    def entries(self, first: int, last: int) -> list[LogEntry]:
        """Return the entries of these revisions."""
        return [unseal(stored) for stored in self.stored_entries(first, last)]

    def stored_entries(self, first: int, last: int) -> list[StoredEntry]:
        """Return them as stored."""
        return log_rows.read_stored(self._connection, first, last)

    def revision_at(self, at: datetime) -> int:
        """Return the last revision recorded at or before a moment."""
        return log_rows.read_revision_at(self._connection, at)

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
        return apply_changes(
            self._connection,
            self.registry(),
            changes,
            stamp,
            now_ms=to_epoch_ms(self._clock.now()),
            answer=answer or {},
            run=run,
        )

    def save_run(self, run: ImportRun) -> None:
        """Store an import run."""
        run_rows.save_run(self._connection, run)

    def find_runs(
        self, *, source: str = "", scope: str | None = None, state: str = "", limit: int = 50
    ) -> list[ImportRun]:
        """Return runs, newest first."""
        return run_rows.find_runs(
            self._connection, source=source, scope=scope, state=state, limit=limit
        )

    def save_seen(self, run_id: str, digests: bytes) -> None:
        """Keep the digests of the records that a run saw."""
        run_rows.save_seen(self._connection, run_id, digests)

    def erase_payloads(self, revision: int, indexes: Sequence[int]) -> None:
        """Erase payloads of an entry; its hashes stay."""
        stored = self.stored_entries(revision, revision)
        if not stored:
            raise UnknownRevision(str(revision))
        self._connection.write(lambda tx: log_rows.erase_in(tx, stored[0], indexes))

    def precedence(self) -> dict[str, int]:
        """Return the precedence of data sources."""
        return run_rows.read_precedence(self._connection)

    def data_sources(self) -> list[DataSource]:
        """Return every data source on record."""
        return run_rows.find_sources(self._connection)

    def save_precedence(self, precedence: Mapping[str, int], stamp: Stamp) -> Applied:
        """Store the precedence of data sources, with a log entry if it is another."""

        def work(tx: Transaction) -> Applied:
            head = log_rows.take_head(tx, "precedence")
            before = run_rows.precedence_in(tx)
            after = {**before, **precedence}
            if after == before:
                return Applied(head.revision)
            run_rows.write_precedence(tx, precedence)
            change = LogChange("settings", "precedence", 0, before, after)
            at = log_rows.next_time(head, to_epoch_ms(self._clock.now()))
            return Applied(log_rows.append(tx, head, stamp, [change], at=at, answer={}))

        return self._connection.write(work)

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
