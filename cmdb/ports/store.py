"""What does the domain need of the graph database and the clock?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.inventory import DataSource, ImportRun
from cmdb.ports.keeping import Registries, Retention
from cmdb.ports.reading import Log, Nodes, Readers, SnapshotRows
from cmdb.ports.reconciling import Evidence


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """Return the present, aware UTC."""
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

    def claim_run(self, run: ImportRun) -> ImportRun | None:
        """Store a run as one of this process, or return the one of its id that is there.

        That is one under way, in whichever process, or a finished one. Of two processes that claim
        a run at once one gets it.
        """
        ...

    def withdraw_run(self, run_id: str) -> None:
        """Note that the input of an announced run never came.

        Forgotten, unless it was begun before: then it is `interrupted`, to be taken up again.
        """
        ...

    def find_runs(
        self, *, source: str = "", scope: str | None = None, state: str = "", limit: int = 50
    ) -> list[ImportRun]:
        """Return runs, newest first, without those that are another one taken up.

        One whose process has ended before it is `interrupted`; `state` is that stored last.
        """
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

    def save_precedence(
        self,
        precedence: Mapping[str, int],
        stamp: Stamp,
        answer: Mapping[str, Any] | None = None,
    ) -> Applied:
        """Store the precedence of these data sources, with a log entry if it is another.

        `answer` is kept for a retry with the same key.

        Winners stay as they are: see `cmdb.services.rank_sources`.
        """
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
