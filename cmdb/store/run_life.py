"""Is the process alive that runs an import? It says so every few seconds while it does.

An embedded database has one process: a run of an earlier one has ended. Of a shared database each
process shows that it lives, by the clock of the database, so that nobody compares clocks.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

from cmdb.errors import CmdbError
from cmdb.model.inventory import UNDER_WAY, ImportRun
from cmdb.store.connection import Connection, Transaction

BEAT_SECONDS = 5.0
LOST_SECONDS = 30.0

BEAT = """
UNWIND $ids AS id MATCH (r:ImportRun {id: id}) WHERE r.worker = $worker
SET r.alive_at = timestamp() RETURN count(r) AS alive
"""


class RunLife:
    """The runs of one open database. Safe to share between threads.

    Attributes:
        worker: What the runs of this process are told apart by.
    """

    def __init__(self, connection: Connection) -> None:
        self.worker = uuid4().hex
        self._connection = connection
        self._changing = threading.Lock()
        self._alive: set[str] = set()
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None

    def begin(self, run: ImportRun) -> None:
        """Note a run of this process that is under way, before it is stored."""
        if run.state not in UNDER_WAY:
            return
        with self._changing:
            self._alive.add(run.id)
            if self._connection.is_shared and self._beating is None:
                self._beating = threading.Thread(
                    target=self._beat, name="cmdb-run-life", daemon=True
                )
                self._beating.start()

    def end(self, run: ImportRun) -> None:
        """Note that a run has ended, once that is stored or cannot be."""
        if run.state not in UNDER_WAY or run.continues:
            self.drop(run.id)

    def drop(self, run_id: str) -> None:
        """Say no more of a run."""
        with self._changing:
            self._alive.discard(run_id)

    def close(self) -> None:
        """Say no more of any run."""
        self._ended.set()
        if self._beating is not None:
            self._beating.join()

    def seen(self, run: ImportRun, row: Mapping[str, Any], now_ms: int) -> ImportRun:
        """Return a stored run as it is: interrupted, where its process has ended before it."""
        if run.state not in UNDER_WAY:
            return run
        alive_at = row.get("alive_at") or run.started_at
        if row.get("worker") == self.worker:
            with self._changing:
                is_alive = run.id in self._alive
            if is_alive:
                return replace(run, alive_at=now_ms)
        else:
            is_late = now_ms - alive_at > LOST_SECONDS * 1000
            is_alive = self._connection.is_shared and not is_late
        return run if is_alive else replace(run, state="interrupted", ended_at=alive_at)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            with self._changing:
                if not self._alive:
                    self._beating = None
                    return
                given = {"ids": sorted(self._alive), "worker": self.worker}
            # The next one comes long before the run counts as lost.
            with suppress(CmdbError):
                self._connection.write(partial(_run_beat, given))


def _run_beat(given: Mapping[str, Any], tx: Transaction) -> None:
    tx.run(BEAT, given)
