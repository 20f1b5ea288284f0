"""The part of the store port about what keeps the service itself in order.

Import runs, data sources, registries, retention: each method one call into the room that knows its
texts.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from cmdb.model.changes import Applied, LogChange, Stamp
from cmdb.model.definition_changes import Definition, DefinitionKind
from cmdb.model.inventory import DataSource, ImportRun, to_epoch_ms
from cmdb.model.log import LogHead
from cmdb.model.registry import Registry
from cmdb.ports import Clock
from cmdb.store import definitions, log_rows, retention_rows, run_rows
from cmdb.store.connection import Connection
from cmdb.store.run_life import RunLife


@dataclass(slots=True)
class _KnownRegistry:
    """The registry that was read last, and the newest that a head has told of."""

    registry: Registry | None = None
    seen: int = 0


class KeepingStore:
    """The methods of `cmdb.ports.Store` about runs, sources, registries and retention."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._life = RunLife(connection)
        self._known = _KnownRegistry()
        self._origin: Self | None = None
        self._has_asked = False

    @property
    def origin(self) -> Self:
        """The store that `for_request` was asked of, or this one."""
        return self if self._origin is None else self._origin

    def for_request(self) -> Self:
        """Return this store for one piece of work, which asks once for the head of the log."""
        made = copy.copy(self)
        made._origin, made._has_asked = self.origin, False  # noqa: SLF001 - it is our own
        return made

    def head(self) -> LogHead:
        """Return the newest entry's revision, hash and time."""
        head = log_rows.read_head(self._connection)
        self._known.seen = max(self._known.seen, head.registry)
        self._has_asked = True
        return head

    # Import runs and data sources

    def save_run(self, run: ImportRun) -> None:
        """Store an import run."""
        run_rows.save_run(self._connection, run, self._life)

    def claim_run(self, run: ImportRun) -> ImportRun | None:
        """Store a run as one of this process, or return the one that is under way or finished."""
        return run_rows.claim_run(self._connection, run, self._life)

    def find_runs(
        self, *, source: str = "", scope: str | None = None, state: str = "", limit: int = 50
    ) -> list[ImportRun]:
        """Return runs, newest first."""
        return run_rows.find_runs(
            self._connection, self._life, source=source, scope=scope, state=state, limit=limit
        )

    def find_run(self, run_id: str) -> ImportRun | None:
        """Return the run of that id, or None."""
        return run_rows.find_run(self._connection, self._life, run_id)

    def withdraw_run(self, run_id: str) -> None:
        """Note that the input of an announced run never came."""
        run_rows.withdraw_run(self._connection, run_id, self._life)

    def stop_beating(self) -> None:
        """Say no more that runs of this process are under way."""
        self._life.close()

    def save_seen(self, run_id: str, digests: bytes) -> None:
        """Keep the digests of the records that a run saw."""
        run_rows.save_seen(self._connection, run_id, digests)

    def precedence(self) -> dict[str, int]:
        """Return the precedence of data sources."""
        return run_rows.read_precedence(self._connection)

    def data_sources(self) -> list[DataSource]:
        """Return every data source on record."""
        return run_rows.find_sources(self._connection)

    def save_precedence(
        self,
        precedence: Mapping[str, int],
        stamp: Stamp,
        answer: Mapping[str, Any] | None = None,
    ) -> Applied:
        """Store the precedence of data sources, with a log entry if it is another."""
        now_ms = self._now_ms()
        return run_rows.save_precedence(self._connection, precedence, stamp, now_ms, answer)

    # Registries

    def registry(self) -> Registry:
        """Return the shipped registries with what the graph adds, as the log's head has them.

        The head tells whether another process changed them; it is asked each time, and in a store
        `for_request` unless it was asked before. Only what has changed is read again.
        """
        if self._origin is None or not self._has_asked:
            self.head()
        found = self._known.registry
        if found is None or found.revision < self._known.seen:
            found = self._known.registry = definitions.read_registry(self._connection)
        return found

    def definition_version(self, kind: DefinitionKind, name: str) -> int:
        """Return the revision that last changed a definition."""
        return definitions.read_version(self._connection, kind, name)

    def save_definition(self, definition: Definition, stamp: Stamp) -> Applied:
        """Write a class or relationship type with its log entry."""
        try:
            return definitions.save_definition(self._connection, definition, stamp, self._now_ms())
        finally:
            self.head()

    def ends_in_use(self, type_name: str) -> list[tuple[str, str, int]]:
        """Return (class of dependent, class of provider, how many) of live relationships."""
        return definitions.ends_in_use(self._connection, type_name)

    def most_providers(self, type_name: str) -> int:
        """Return the most providers that any dependent has by a type."""
        return definitions.most_providers(self._connection, type_name)

    # Retention

    def retention_days(self) -> int:
        """Return for how many days payloads are kept, 0 for ever."""
        return retention_rows.read_days(self._connection)

    def save_retention(self, days: int, stamp: Stamp) -> Applied:
        """Store for how many days payloads are kept."""
        return retention_rows.save_days(self._connection, days, stamp, self._now_ms())

    def erase_logged(
        self, erasures: Mapping[int, Sequence[int]], change: LogChange, stamp: Stamp
    ) -> Applied:
        """Erase payloads and append an entry that tells of it."""
        now_ms = self._now_ms()
        return retention_rows.erase_logged(self._connection, erasures, change, stamp, now_ms)

    def erase_more(self, erasures: Mapping[int, Sequence[int]]) -> None:
        """Erase payloads that an entry tells of already."""
        retention_rows.erase_more(self._connection, erasures)

    def log_size(self) -> tuple[int, int, int, int]:
        """Return entries, bytes, checkpoints and the newest checkpoint's revision."""
        return retention_rows.read_size(self._connection)

    def forget_checkpoints(self, before: int) -> None:
        """Delete the checkpoints of states before a revision."""
        retention_rows.forget_checkpoints(self._connection, before)

    def _now_ms(self) -> int:
        return to_epoch_ms(self._clock.now())
