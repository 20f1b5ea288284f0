"""How does a file become inventory? Read all of it, decide batch by batch, write each as one.

A run survives: each batch is one transaction that also notes how far the run is, so a run that was
stopped or killed is taken up where it ended when the same input comes again.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from uuid_utils import uuid7

from cmdb.errors import BadInput, Interrupted
from cmdb.model.check import check_record
from cmdb.model.decisions import Rules
from cmdb.model.import_reports import SAMPLE, ImportReport, ImportRequest
from cmdb.model.records import ImportInput, ImportOptions, Problem, Record, Skipped
from cmdb.ports import Importer, Progress
from cmdb.services.begin_run import begin_run
from cmdb.services.context import Context
from cmdb.services.import_batches import BatchWriter, RunFacts
from cmdb.services.import_checks import check_request
from cmdb.services.import_failures import KeptRun, scope_text
from cmdb.services.import_files import Rejects, Results
from cmdb.services.import_runs import REPORT
from cmdb.services.observation_times import observed_ms, timely
from cmdb.services.permit import permit
from cmdb.services.spool import Spool

MOST_DELETED = 0.2
SMALL = 1_000
COLLECT_AFTER = 100_000
SWITCH_SECONDS = 0.0005


def import_inventory(
    context: Context,
    importer: Importer,
    source: ImportInput,
    request: ImportRequest,
    progress: Progress | None = None,
) -> ImportReport:
    """Read an input, reconcile it with what is known and write what differs.

    Args:
        context: Store, clock and caller.
        importer: Reads the format.
        source: The input.
        request: Source, scope and options of the run.
        progress: Told how far the run is.

    Raises:
        BadFile: The input cannot be taken; nothing was written.
        BadValue: Something of the request is wrong by itself; see `check_request`.
        BadInput: More tombstones than the guard allows.
        Interrupted: Stopped by the user; whole batches remain, the same call resumes.
    """
    check_request(context, importer, request)
    # The head tells whether another process changed the registries; later each write does.
    context = replace(context, store=context.store.for_request())
    with KeptRun(context, request) as kept:
        return _import(context, importer, source, request, progress, kept)


def _import(
    context: Context,
    importer: Importer,
    source: ImportInput,
    request: ImportRequest,
    progress: Progress | None,
    kept: KeptRun,
) -> ImportReport:
    registry = context.store.registry()
    spool = Spool(registry)
    with (
        Rejects(request.rejects) as rejects,
        Results(request.results) as results,
        _fewer_collections(),
        _faster_switches(),
    ):
        try:
            reading = _Reading(context, request, source, spool, rejects)
            reading.read(importer, progress)
            _guard(reading.deleted, spool.total, request)
            rules = Rules(registry, context.store.precedence(), lambda: str(uuid7()))
            run, is_resumed = begin_run(context, request, spool.fingerprint, progress)
            facts = RunFacts(run, rules, request.reason, is_resumed)
            writer = BatchWriter(context, spool, facts, results, progress)
            kept.now = lambda: None if request.is_dry_run else writer.run
            outcome = _write(writer, request, is_resumed=is_resumed)
        finally:
            spool.close()
    report = reading.report(
        outcome, run_id="" if request.is_dry_run else run.id, is_resumed=is_resumed
    )
    if not request.is_dry_run:
        context.store.save_run(replace(writer.run, counts={REPORT: report.to_json()}))
        context.snapshots.checkpoint_if_due()
    return report


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Let the cycle collector rest: a run makes millions of values and hardly a cycle."""
    before = gc.get_threshold()
    # Another import that runs already has seen to it, and to its end.
    if before[0] >= COLLECT_AFTER:
        yield
        return
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _faster_switches() -> Iterator[None]:
    """Let the writing thread have the interpreter soon after each of its calls to the engine.

    Each call gives the interpreter away, and the thread that decides on the next batch would keep
    it for 5 ms each time.
    """
    before = sys.getswitchinterval()
    # Another import that runs already has seen to it, and to its end.
    if before <= SWITCH_SECONDS:
        yield
        return
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _write(writer: BatchWriter, request: ImportRequest, *, is_resumed: bool) -> dict[str, Any]:
    if request.is_dry_run:
        return writer.plan()
    try:
        if writer.spool.total <= SMALL and not is_resumed:
            return writer.write_at_once()
        return writer.write()
    except KeyboardInterrupt:
        raise Interrupted(
            f"Stopped after {writer.run.done} of {writer.spool.total} ({writer.run.phase}). "
            "Whatever was written is whole. The same command takes the run up again.",
            run=writer.run.id,
        ) from None


def _guard(deleted: int, total: int, request: ImportRequest) -> None:
    if deleted > MOST_DELETED * total and not request.confirm_deletions:
        raise BadInput(
            f"{deleted} of {total} records say that their thing is gone, more than "
            f"{MOST_DELETED:.0%}. If that is meant, confirm it (--confirm-deletions).",
            deleted=deleted,
            total=total,
        )


class _Reading:
    """Reads the input into the spool and counts what it saw."""

    def __init__(
        self,
        context: Context,
        request: ImportRequest,
        source: ImportInput,
        spool: Spool,
        rejects: Rejects,
    ) -> None:
        self._registry = context.store.registry()
        self._caller = context.caller
        self._request = request
        self._source = source
        self._spool = spool
        self._rejects = rejects
        self._now = context.clock.now()
        self._observed_ms = observed_ms(request, source, self._now)
        self._classes: Counter[str] = Counter()
        self._types: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()
        self._inferred = 0
        self._problems: list[Problem] = []
        self._problems_total = 0
        self.deleted = 0

    def read(self, importer: Importer, progress: Progress | None) -> None:
        """Read everything; a bad file is refused here."""
        request = self._request
        options = ImportOptions(request.source, request.scope, request.mapping, request.extra)
        for item in importer.read(self._source, options):
            if isinstance(item, Record):
                self._take(item)
                if progress is not None and self._spool.total % 500 == 0:
                    progress("read", self._spool.total, 0)
            elif isinstance(item, Problem):
                self._note(item)
            elif isinstance(item, Skipped):
                self._skipped[item.reason] += 1

    def _take(self, given: Record) -> None:
        record, problem = timely(given, self._now)
        if problem is not None:
            self._note(problem)
        kept, problems = check_record(
            self._registry,
            record,
            source=self._request.source,
            scope=scope_text(self._request),
            observed_ms=self._observed_ms,
            run="",
        )
        for problem in problems:
            self._note(problem)
        if kept is not None:
            if kept.source != self._request.source:
                permit(self._caller, "administer", f"records of {kept.source}")
            self._classes[kept.class_name] += 1
            self.deleted += kept.deleted
            for link in kept.links:
                self._types[link.type] += 1
                self._inferred += bool(link.inferred_by)
            self._spool.add(kept, record.place, own_time=record.observed_at is not None)

    def _note(self, problem: Problem) -> None:
        self._problems_total += 1
        if len(self._problems) < SAMPLE:
            self._problems.append(problem)
        self._rejects.add(problem)

    def report(self, outcome: dict[str, Any], *, run_id: str, is_resumed: bool) -> ImportReport:
        """Return the report of the run."""
        request = self._request
        return ImportReport(
            run_id=run_id,
            source=request.source,
            scope=scope_text(request),
            format=request.format,
            is_dry_run=request.is_dry_run,
            is_resumed=is_resumed,
            records_by_class=dict(sorted(self._classes.items())),
            links_by_type=dict(sorted(self._types.items())),
            inferred_links=self._inferred,
            skipped=dict(sorted(self._skipped.items())),
            problems_total=self._problems_total,
            problems=self._problems,
            **outcome,
        )
