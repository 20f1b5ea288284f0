"""Imports over the store of dictionaries: from a list, in small batches, stopped or disturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cmdb.model.import_reports import ImportReport, ImportRequest
from cmdb.model.inventory import ImportRun
from cmdb.model.records import ImportInput, ImportOptions, Item
from cmdb.model.rights import Caller
from cmdb.services import import_batches, import_inventory
from cmdb.services.context import Context
from tests.fakes.memory_store import MemoryStore

AT = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Ticking:
    """A clock that is a second later each time it is asked."""

    at: datetime = AT + timedelta(days=1_000)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


class NoSnapshots:
    def checkpoint_if_due(self) -> None:
        """There is no engine here."""


@dataclass
class Listed:
    """An importer that yields what it was given."""

    items: Sequence[Item]
    name: str = "listed"
    summary: str = ""
    table: Sequence[Any] = field(default_factory=list)

    def read(self, source: ImportInput, options: ImportOptions) -> Iterator[Item]:
        assert (source.name, options.mapping) == ("x", None)
        yield from self.items


@dataclass
class DisturbedStore(MemoryStore):
    """Stops a run before a certain write, as Ctrl-C does, or lets another writer in.

    Attributes:
        writes_left: Writes until the run is stopped.
        before_links: Called once, when the second pass begins.
        before_write: Called once, when a write is about to happen.
        clock: Goes on from run to run.
        seen: What each run has said it saw.
    """

    writes_left: int = 1_000_000
    before_links: Callable[[], object] | None = None
    before_write: Callable[[], object] | None = None
    clock: Ticking = field(default_factory=Ticking)
    seen: dict[str, bytes] = field(default_factory=dict)

    def apply(self, *args: Any, **kwargs: Any) -> Any:
        if self.before_write is not None:
            disturb, self.before_write = self.before_write, None
            disturb()
        self.writes_left -= 1
        if self.writes_left < 0:
            raise KeyboardInterrupt
        return super().apply(*args, **kwargs)

    def save_run(self, run: ImportRun) -> None:
        super().save_run(run)
        if (run.phase, run.done) == ("links", 0) and self.before_links is not None:
            disturb, self.before_links = self.before_links, None
            disturb()

    def save_seen(self, run_id: str, digests: bytes) -> None:
        super().save_seen(run_id, digests)
        self.seen[run_id] = digests


def before_write_number(store: DisturbedStore, number: int, then: Callable[[], object]) -> None:
    """Call something once, before a write; the next one has the number 0."""

    def wait(left: int) -> None:
        if left:
            store.before_write = lambda: wait(left - 1)
        else:
            then()

    store.before_write = lambda: wait(number)


def run(
    store: DisturbedStore,
    items: Sequence[Item],
    *,
    source: str = "s",
    given: ImportInput | None = None,
    **options: Any,
) -> ImportReport:
    """Import these items; `given` is what the importer is said to read."""
    caller = Caller("tester", frozenset({"administrator"}))
    context = Context(store, NoSnapshots(), store.clock, caller)  # type: ignore[arg-type]  # the part that is used
    request = ImportRequest(source, "listed", confirm_deletions=True, **options)
    return import_inventory.import_inventory(
        context, Listed(items), given or ImportInput(name="x"), request
    )


class EarlyWriter(Executor):
    """Has written before the next batch is decided on."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # whoever waits gets it, as with a thread
            future.set_exception(error)
        return future


class LateWriter(EarlyWriter):
    """Writes only when it is waited for: the next batch never sees any of it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return _Late(lambda: super(LateWriter, self).submit(fn, *args, **kwargs))


class _Late(Future[Any]):
    def __init__(self, start: Callable[[], Future[Any]]) -> None:
        super().__init__()
        self._start = start
        self._started: Future[Any] | None = None

    def result(self, timeout: float | None = None) -> Any:
        if self._started is None:
            self._started = self._start()
        return self._started.result(timeout)


def use_batches_of(
    patch: pytest.MonkeyPatch, size: int, *, writer: type[Executor] = LateWriter
) -> None:
    """Write batch by batch, whatever the size of the input."""
    patch.setattr(import_inventory, "SMALL", 0)
    patch.setattr(import_batches, "new_writer", writer)
    for name in ("FIRST_BATCH", "SMALLEST", "LARGEST"):
        patch.setattr(import_batches, name, size)
