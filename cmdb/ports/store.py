"""What does the domain need of the graph database and the clock?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from cmdb.model.changes import Applied, Carrier, ChangeSet, Pending, Stamp
from cmdb.model.inventory import (
    CI,
    DataSource,
    Found,
    GraphRows,
    Identifier,
    ImportRun,
    Relationship,
)
from cmdb.model.log import LogEntry, LogHead, StoredEntry
from cmdb.model.nodes import Node, NodeKind, NodeListing, NodePage
from cmdb.model.rights import Visibility
from cmdb.model.selection import Direction, Page, Selection
from cmdb.model.source_records import SourceRecord
from cmdb.ports.keeping import Registries, Retention


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """Return the present, aware UTC."""
        ...


class Readers(Protocol):
    """What people read: every method takes the caller's visibility."""

    def select(self, selection: Selection, visibility: Visibility) -> Page:
        """Return a page of CIs with their nested relationships."""
        ...

    def get_cis(self, ids: Sequence[str], visibility: Visibility) -> dict[str, CI]:
        """Return the visible CIs of these ids; others are absent."""
        ...

    def find_by_name(
        self, name: str, class_name: str, visibility: Visibility, limit: int = 20
    ) -> list[CI]:
        """Return CIs of exactly that name (caseless), of a class or of any if it is empty."""
        ...

    def search(self, text: str, visibility: Visibility, limit: int = 20) -> list[Found]:
        """Return CIs whose name or identifiers match the words, best first."""
        ...

    def find_relationships(
        self, ci_ids: Sequence[str], visibility: Visibility, *, live_only: bool = True
    ) -> list[Relationship]:
        """Return relationships with at least one of these ends (and the other visible)."""
        ...

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
        """Return, for each of these CIs, live relationships in one direction with the other end.

        Ordered by the id of the other end; `after` is `other:relationship` of the last one told.
        """
        ...

    def count_classes(self, visibility: Visibility) -> dict[str, int]:
        """Return the number of CIs by class, retired and merged ones left out."""
        ...


class Log(Protocol):
    """The log of changes."""

    def head(self) -> LogHead:
        """Return the newest entry's revision, hash and time."""
        ...

    def entries(self, first: int, last: int) -> list[LogEntry]:
        """Return the entries of these revisions, both ends included, in order."""
        ...

    def entries_of(self, revisions: Sequence[int]) -> list[LogEntry]:
        """Return the entries of these revisions, wherever they stand, in order."""
        ...

    def stored_entries(self, first: int, last: int) -> list[StoredEntry]:
        """Return them as stored, for verification and copying."""
        ...

    def count_changes(self, first: int, last: int) -> int:
        """Return how many changes the entries of these revisions have, erased ones included."""
        ...

    def revision_at(self, at: datetime) -> int:
        """Return the last revision recorded at or before a moment; 0 if none."""
        ...


class Nodes(Protocol):
    """What is kept beside the inventory: unrestricted, for services that reduce it themselves."""

    def get_nodes(self, kind: NodeKind, ids: Sequence[str]) -> dict[str, Node]:
        """Return the known ones of these nodes by id."""
        ...

    def find_node(self, kind: NodeKind, lookup: str) -> Node | None:
        """Return the node that is found by this exact text, or None."""
        ...

    def list_nodes(self, listing: NodeListing) -> NodePage:
        """Return a page of nodes, newest first."""
        ...

    def nodes_between(
        self,
        states: Mapping[NodeKind, Sequence[str]],
        from_at: int,
        to_at: int,
        limit: int,
        lasting: Sequence[str] = (),
    ) -> list[Node]:
        """Return nodes of several kinds in these states and this stretch of time, in one read.

        Args:
            states: The states wanted, by kind.
            from_at: Only those that have not ended before this (epoch ms).
            to_at: Only those that begin before this (epoch ms).
            limit: Most nodes of a kind.
            lasting: In these states the end does not count: they last until they are left.
        """
        ...


class Evidence(Protocol):
    """What reconciliation reads: unrestricted, for services that decide, not for people."""

    def identifiers(self, keys: Sequence[str]) -> dict[str, Identifier]:
        """Return the known ones of these keys."""
        ...

    def identifiers_within(self, ci_ids: Sequence[str]) -> dict[str, Identifier]:
        """Return identifiers of things that are identified within these CIs."""
        ...

    def record_states(self, ids: Sequence[str]) -> dict[str, tuple[str, int, str | None, str]]:
        """Return (digest, observed_ms, ci_id, run) of the known ones of these source records."""
        ...

    def source_records(self, ids: Sequence[str]) -> list[SourceRecord]:
        """Return the known ones of these source records."""
        ...

    def source_records_of(self, ci_ids: Sequence[str]) -> list[SourceRecord]:
        """Return all source records of these CIs."""
        ...

    def record_ids_of(self, source: str, after: str = "", limit: int = 1_000) -> list[str]:
        """Return a page of the ids of a source's records in order, those after one id."""
        ...

    def ci_properties(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the stored properties of these CIs, merged and retired ones included."""
        ...

    def merged_into(self, ids: Sequence[str]) -> dict[str, str]:
        """Return which of these CIs took over each one that was merged away, through chains too."""
        ...

    def relationship_rows(
        self, ci_ids: Sequence[str], *, outgoing_only: bool = False
    ) -> list[dict[str, Any]]:
        """Return stored properties of relationships at these CIs, ended ones included.

        Each carries `type`, `dependent` and `provider` beside its properties.
        """
        ...

    def pending(self, keys: Sequence[str]) -> list[Pending]:
        """Return what waits for these keys."""
        ...

    def pending_of(self, record_ids: Sequence[str]) -> list[Pending]:
        """Return what these source records wait for."""
        ...

    def pending_within(self, ci_ids: Sequence[str]) -> list[Pending]:
        """Return what waits for things identified within these CIs."""
        ...

    def has_pending(self) -> bool:
        """Return whether anything waits at all."""
        ...

    def carriers(self, keys: Sequence[str]) -> list[Carrier]:
        """Return the source records that carry these placeholders."""
        ...

    def uncertain_placeholders(self) -> list[str]:
        """Return placeholders that have too few witnesses to be certain, sorted."""
        ...


class Writers(Protocol):
    """What changes the graph: one transaction each."""

    def prepare(self, changes: ChangeSet) -> ChangeSet:
        """Return the same change set with all done that needs no transaction.

        `apply` does what was not done. Ahead of it, another thread can, while one writes.
        """
        ...

    def apply(
        self,
        changes: ChangeSet,
        stamp: Stamp,
        *,
        answer: Mapping[str, Any] | None = None,
        run: ImportRun | None = None,
    ) -> Applied:
        """Write a change set and append one log entry, or refuse.

        Args:
            changes: What to write.
            stamp: Who and why; its idempotency key makes a retry return the first answer.
            answer: What to keep with the entry for a retry.
            run: The import run to store in the same transaction (its progress).

        Raises:
            StalePlan: What the change set was decided on has moved.
            KeyReused: The idempotency key belongs to another request.
        """
        ...

    def find_answer(self, stamp: Stamp) -> Applied | None:
        """Return the answer that an idempotency key got before, or None.

        Raises:
            KeyReused: The key belongs to another request.
        """
        ...

    def save_run(self, run: ImportRun) -> None:
        """Store an import run (bookkeeping, outside the log)."""
        ...

    def find_runs(
        self, *, source: str = "", scope: str | None = None, state: str = "", limit: int = 50
    ) -> list[ImportRun]:
        """Return runs, newest first."""
        ...

    def find_run(self, run_id: str) -> ImportRun | None:
        """Return the run of that id, or None."""
        ...

    def save_seen(self, run_id: str, digests: bytes) -> None:
        """Keep the digests of the records that a run saw (8 bytes each, sorted)."""
        ...

    def erase_payloads(self, revision: int, indexes: Sequence[int]) -> None:
        """Erase payloads of an entry; its hashes stay."""
        ...

    def save_precedence(self, precedence: Mapping[str, int], stamp: Stamp) -> Applied:
        """Store the precedence of these data sources, with a log entry if it is another.

        Winners stay as they are: see `cmdb.services.rank_sources`.
        """
        ...


class SnapshotRows(Protocol):
    """What the snapshot reads: unrestricted; answers are reduced after computing."""

    def graph_rows(self) -> GraphRows:
        """Return everything the engine needs, in bulk."""
        ...

    def checkpoint_before(self, revision: int) -> tuple[int, bytes] | None:
        """Return the newest checkpoint at or before a revision."""
        ...

    def save_checkpoint(self, revision: int, content: bytes) -> None:
        """Keep a checkpoint; one of the same revision is replaced."""
        ...


class Store(Readers, Log, Nodes, Evidence, Writers, SnapshotRows, Registries, Retention, Protocol):
    """The graph database."""

    name: str

    def setup(self) -> None:
        """Create or migrate the schema; idempotent.

        Raises:
            DatabaseTooNew: A newer program wrote the database.
        """
        ...

    def precedence(self) -> dict[str, int]:
        """Return the precedence of data sources, higher wins; absent ones count 0."""
        ...

    def data_sources(self) -> list[DataSource]:
        """Return every data source that records, runs or a stored precedence name, by name."""
        ...

    def close(self) -> None:
        """Release the database."""
        ...


Progress = Callable[[str, int, int], None]
"""Told (phase, done, total) as long work goes on."""


def chunks(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    """Yield slices of at most `size` items."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
