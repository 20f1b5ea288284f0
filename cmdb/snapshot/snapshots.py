"""Which snapshot holds now, at a revision, or at a moment?

`Snapshots` keeps the newest one and brings it up to date from the log: a check of the log's head
at each call, and then only the entries that are new. States of the past are replayed from the
nearest checkpoint or snapshot at hand.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from cmdb.errors import UnknownRevision
from cmdb.model.log import LogEntry
from cmdb.model.registry import Registry
from cmdb.ports import Log, SnapshotRows
from cmdb.snapshot.checkpoint import pack, unpack
from cmdb.snapshot.estate import Estate, EstateDraft, carried_types, empty_estate
from cmdb.snapshot.rows import estate_of
from cmdb.snapshot.snapshot import Snapshot, compile_snapshot

KEPT = 4
ENTRIES_A_READ = 100
COUNTED_A_READ = 10_000
LEAST_CHANGES = 20_000
LARGEST_SHARE = 0.5
_ATTEMPTS = 3


class SnapshotStore(Log, SnapshotRows, Protocol):
    """What snapshots need of the store."""


class Snapshots:
    """Compiled states of one store. Safe to share between threads.

    Args:
        store: Where rows, log and checkpoints are.
        registry: Returns the registry as it stands; asked when the head has moved.
        kept: Past snapshots to keep.
        least_changes: Fewest changes between two checkpoints.
    """

    def __init__(
        self,
        store: SnapshotStore,
        registry: Callable[[], Registry],
        *,
        kept: int = KEPT,
        least_changes: int = LEAST_CHANGES,
    ) -> None:
        self._store = store
        self._registry = registry
        self._kept = kept
        self._least_changes = least_changes
        self._newest: Snapshot | None = None
        self._past: OrderedDict[int, Snapshot] = OrderedDict()
        self._updating = threading.Lock()
        self._replaying = threading.Lock()
        self._checkpointing = threading.Lock()
        self._counted: tuple[int, int] | None = None

    @property
    def newest_revision(self) -> int:
        """Revision of the newest snapshot at hand, -1 where nothing was asked yet."""
        newest = self._newest
        return -1 if newest is None else newest.revision

    def latest(self) -> Snapshot:
        """Return the snapshot of the log's head.

        A head behind the newest snapshot (a replica that lags) leaves it as it is.
        """
        newest = self._newest
        head = self._store.head().revision
        if newest is not None and newest.revision >= head:
            return newest
        with self._updating:
            newest = self._newest
            if newest is None or newest.revision < head:
                newest = self._newest = self._brought_to(newest, head)
            return newest

    def at(self, moment: datetime) -> Snapshot:
        """Return the snapshot as recorded at a moment.

        Raises:
            UnknownRevision: See `at_revision`.
        """
        return self.at_revision(self._store.revision_at(moment))

    def at_revision(self, revision: int) -> Snapshot:
        """Return the snapshot as recorded at a revision; 0 is the empty inventory.

        It is compiled with the registry as it stands today.

        Raises:
            UnknownRevision: It is not in the log, or the way to it was erased.
        """
        newest = self.latest()
        if newest.revision == revision:
            return newest
        if not 0 <= revision < newest.revision:
            raise UnknownRevision(str(revision), reason=f"the log ends at {newest.revision}")
        with self._replaying:
            found = self._past.get(revision)
            if found is None or found.registry is not newest.registry:
                found = self._replayed(revision, newest)
            self._past[revision] = found
            self._past.move_to_end(revision)
            while len(self._past) > self._kept:
                self._past.popitem(last=False)
            return found

    def checkpoint_if_due(self) -> int | None:
        """Keep a checkpoint of the newest state where one is due, and return its revision.

        It is due when more changes than `least_changes` and than half of the estate were logged
        since the last one. Called by whoever has just written much.
        """
        with self._checkpointing:
            # Counting is cheap; compiling an estate only to see that nothing is due is not.
            if self._changes_since_checkpoint(self._store.head().revision) < self._least_changes:
                return None
        # A process that has answered nothing yet needs the rows alone, nothing compiled of them.
        is_fresh = self._newest is None
        estate = self._read(carried_types(self._registry())) if is_fresh else self.latest().estate
        with self._checkpointing:
            limit = max(self._least_changes, int(estate.size * LARGEST_SHARE))
            if self._changes_since_checkpoint(estate.revision) < limit:
                return None
            self._store.save_checkpoint(estate.revision, pack(estate))
            self._counted = (estate.revision, 0)
            return estate.revision

    def keep_checkpoint(self, revision: int) -> bool:
        """Keep a checkpoint of a state, and return whether that state can still be told."""
        try:
            estate = self.at_revision(revision).estate
        except UnknownRevision:
            return False
        with self._checkpointing:
            self._store.save_checkpoint(revision, pack(estate))
        return True

    def _brought_to(self, newest: Snapshot | None, head: int) -> Snapshot:
        registry = self._registry()
        types = carried_types(registry)
        if newest is not None and newest.estate.types == types:
            try:
                estate = self._advanced(newest.estate, head, shares_index=True)
            except UnknownRevision:
                estate = self._read(types)
        else:
            estate = self._read(types)
        return compile_snapshot(estate, registry, previous=newest)

    def _read(self, types: tuple[str, ...]) -> Estate:
        """Return the state of the store at a head that was current after its rows were read.

        The rows come from several reads and may hold parts of entries after their revision. Those
        entries are applied again, up to a head read last: each writes absolute values, so the
        result is the state at that head, however much of them the rows held.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            estate = estate_of(self._store.graph_rows(), types)
            try:
                return self._advanced(estate, self._store.head().revision, shares_index=True)
            except UnknownRevision:
                # A payload was erased while the rows were read; the next rows are past it.
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _replayed(self, revision: int, newest: Snapshot) -> Snapshot:
        """Return a past state, from the nearest one at hand."""
        types = newest.estate.types
        known = [s.estate for s in self._past.values() if s.estate.types == types]
        bases = [empty_estate(types), *(e for e in known if e.revision <= revision)]
        stored = self._store.checkpoint_before(revision)
        kept = unpack(stored[1]) if stored is not None else None
        if kept is not None and kept.types == types:
            bases.append(kept)
        nearest = max(bases, key=lambda estate: estate.revision)
        estate = self._advanced(nearest, revision, shares_index=False)
        return compile_snapshot(estate, newest.registry)

    def _advanced(self, estate: Estate, revision: int, *, shares_index: bool) -> Estate:
        """Return a later state.

        Raises:
            UnknownRevision: An entry on the way is missing or was erased.
        """
        if estate.revision >= revision:
            return estate
        draft = EstateDraft(estate, shares_index=shares_index)
        for entry in self._entries(estate.revision + 1, revision):
            draft.apply(entry)
        return draft.freeze(revision)

    def _entries(self, first: int, last: int) -> Iterator[LogEntry]:
        for start in range(first, last + 1, ENTRIES_A_READ):
            end = min(start + ENTRIES_A_READ - 1, last)
            entries = self._store.entries(start, end)
            if len(entries) != end - start + 1:
                raise UnknownRevision(str(last), reason="entries before it are missing in the log")
            yield from entries

    def _changes_since_checkpoint(self, revision: int) -> int:
        if self._counted is None:
            stored = self._store.checkpoint_before(revision)
            self._counted = (stored[0] if stored else 0, 0)
        counted_to, changes = self._counted
        for first in range(counted_to + 1, revision + 1, COUNTED_A_READ):
            last = min(first + COUNTED_A_READ - 1, revision)
            changes += self._store.count_changes(first, last)
        self._counted = (max(counted_to, revision), changes)
        return changes
