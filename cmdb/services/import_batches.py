"""How is a spooled input written? First every record, then every relationship, batch by batch.

While a batch is being written, the next one is decided on; that decision is made again if it was
read from something the other writes. Batches adapt their size, so that one transaction holds the
log for about a quarter of a second and a person who writes at the same time never waits long.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from cmdb.errors import StalePlan
from cmdb.model.changes import Applied, Stamp
from cmdb.model.decisions import Rules
from cmdb.model.inventory import ImportRun, to_epoch_ms
from cmdb.ports import Progress
from cmdb.services.context import Context
from cmdb.services.import_files import Results
from cmdb.services.import_rounds import Deciding, Round, finished
from cmdb.services.import_sight import hidden_from
from cmdb.services.import_tally import Tally
from cmdb.services.placeholders import settle_placeholders
from cmdb.services.spool import Line, Spool

FIRST_BATCH = 500
SMALLEST, LARGEST = 50, 5_000
HOLD_SECONDS = 0.25
ATTEMPTS = 20

Decide = Callable[[list[Line]], Round]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is settled of a run before its first batch.

    Attributes:
        run: How far it is.
        rules: What it decides by.
        reason: Why, for the log.
        is_resumed: An interrupted run is finished.
    """

    run: ImportRun
    rules: Rules
    reason: str = ""
    is_resumed: bool = False


@dataclass(frozen=True, slots=True)
class _Sent:
    made: Round
    decide: Decide
    written: Future[tuple[Applied, float]] | None


def adapted_size(size: int, count: int, seconds: float) -> int:
    """Return the size of the next batch, when one of `count` held the log for `seconds`."""
    wanted = int(count * HOLD_SECONDS / max(seconds, 0.001))
    return max(SMALLEST, min(LARGEST, 2 * size, wanted))


def new_writer() -> Executor:
    """Return the one thread that writes a run."""
    return ThreadPoolExecutor(1, thread_name_prefix="cmdb-import")


class BatchWriter:
    """Writes one run.

    Attributes:
        run: How far it is.
        spool: Its records.
    """

    def __init__(
        self,
        context: Context,
        spool: Spool,
        facts: RunFacts,
        results: Results,
        progress: Progress | None = None,
    ) -> None:
        self.run = facts.run
        self.spool = spool
        self._context = context
        self._store = context.store
        self._progress = progress
        self._rules = facts.rules
        self._stamp = Stamp(
            actor=context.caller.actor,
            source=facts.run.source,
            reason=facts.reason or f"import {facts.run.format}",
            request_id=facts.run.id,
            request_digest=spool.fingerprint,
        )
        self._deciding = Deciding(self._store, spool, facts.rules, is_resumed=facts.is_resumed)
        self._tally = Tally(results, spool.fingerprint, hidden_from(context))
        self._size = FIRST_BATCH
        self._writer: Executor
        self._sent: _Sent | None = None
        # As the last batch left it in the graph.
        self._stored: ImportRun | None = None

    def plan(self) -> dict[str, Any]:
        """Decide on everything together and write nothing."""
        lines = [*self.spool.lines(self.run.id)]
        return self._tally.plan(self._deciding.all(lines, self.run))

    def write_at_once(self) -> dict[str, Any]:
        """Decide on everything together and write it as one revision."""

        def decide(lines: list[Line]) -> Round:
            return self._deciding.all(lines, self._finished())

        return self._write(lambda: self._send([*self.spool.lines(self.run.id)], decide))

    def write(self) -> dict[str, Any]:
        """Write every batch that the run has not written yet."""
        return self._write(self._write_batches)

    def _write(self, send: Callable[[], None]) -> dict[str, Any]:
        with new_writer() as self._writer:
            try:
                send()
                self._settle()
            except KeyboardInterrupt:
                self._settle()
                raise
        self._settle_placeholders()
        if self.run.state != "finished":
            self.run = self._finished()
        if self.run != self._stored:
            self._store.save_run(self.run)
        self._store.save_seen(self.run.id, self.spool.seen)
        return self._tally.result()

    def _finished(self) -> ImportRun:
        now = to_epoch_ms(self._context.clock.now())
        return finished(self.run, self.spool.total, now)

    def _write_batches(self) -> None:
        if self.run.phase == "records":
            self._each_batch(self._deciding.records)
            self.run = replace(self.run, phase="links", done=0)
            self._store.save_run(self.run)
        self._each_batch(self._deciding.links)

    def _each_batch(self, decide: Callable[[list[Line], ImportRun], Round]) -> None:
        def decide_to_its_end(batch: list[Line]) -> Round:
            return decide(batch, replace(self.run, done=batch[-1].index + 1))

        lines = self.spool.lines(self.run.id, start=self.run.done)
        while batch := self._next(lines):
            self._send(batch, decide_to_its_end)
        self._settle()

    def _next(self, lines: Iterator[Line]) -> list[Line]:
        batch: list[Line] = []
        for line in lines:
            batch.append(line)
            if len(batch) >= self._size:
                break
        return batch

    # One batch is on its way while the next one is decided on

    def _send(self, batch: list[Line], decide: Decide) -> None:
        made, before = self._prepared(decide(batch)), self._sent
        if before is not None and not (self._settle() and made.holds_after(before.made)):
            made = decide(batch)
        self._sent = self._start(made, decide)

    def _prepared(self, made: Round) -> Round:
        if made.changes.is_empty:
            return made
        # Here, and not by the thread that writes: it has more to do than this one.
        return replace(made, changes=self._store.prepare(made.changes))

    def _settle(self) -> bool:
        """Wait for the batch on its way; return whether it was written as first decided."""
        for attempt in range(ATTEMPTS):
            sent = self._sent
            if sent is None:
                return True
            if self._has_landed(sent):
                self._sent = None
                return attempt == 0
            self._sent = self._start(sent.decide([*sent.made.lines]), sent.decide)
        raise StalePlan(["the inventory"])

    def _start(self, made: Round, decide: Decide) -> _Sent:
        self._deciding.sent(made)
        if made.changes.is_empty:
            return _Sent(made, decide, None)
        return _Sent(made, decide, self._writer.submit(self._apply, made))

    def _apply(self, made: Round) -> tuple[Applied, float]:
        stamp = replace(self._stamp, idempotency_key=f"{self.run.id}/{made.name}")
        began = time.perf_counter()
        applied = self._store.apply(made.changes, stamp, run=made.run)
        return applied, time.perf_counter() - began

    def _has_landed(self, sent: _Sent) -> bool:
        made = sent.made
        if sent.written is not None:
            try:
                applied, seconds = sent.written.result()
            except StalePlan:
                self._deciding.lost()
                return False
            self._deciding.landed()
            self._stored = made.run
            self._adapt(len(made.lines), seconds)
            if made.changes.changes_inventory:
                self._tally.add_revision(applied.revision)
        self._tally.add(made)
        self.run = made.run
        if self._progress is not None and self.run.state != "finished":
            self._progress(self.run.phase, self.run.done, self.spool.total)
        return True

    def _settle_placeholders(self) -> None:
        stamp = replace(self._stamp, reason=f"{self._stamp.reason}: placeholders that are none")
        for changes, applied in settle_placeholders(self._store, self._rules, stamp):
            self._tally.add_changes(changes)
            if changes.changes_inventory:
                self._tally.add_revision(applied.revision)

    def _adapt(self, count: int, seconds: float) -> None:
        self._size = adapted_size(self._size, count, seconds)
