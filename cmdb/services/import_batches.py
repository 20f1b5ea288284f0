"""How is a spooled input written? First every record, then every relationship, batch by batch.

Batches adapt their size, so that one transaction holds the log for about a quarter of a second and
a person who writes at the same time never waits long.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cmdb.errors import StalePlan
from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.decisions import Decision, Outcome, Rules
from cmdb.model.import_reports import PlannedChange
from cmdb.model.inventory import ImportRun, to_epoch_ms
from cmdb.model.known import Known
from cmdb.model.relate import link
from cmdb.model.source_records import SourceRecord
from cmdb.ports import Progress
from cmdb.services import evidence
from cmdb.services.context import Context
from cmdb.services.import_files import Results
from cmdb.services.placeholders import settle_placeholders
from cmdb.services.spool import Line, Placements, Spool

FIRST_BATCH = 500
SMALLEST, LARGEST = 50, 5_000
HOLD_SECONDS = 0.25
ATTEMPTS = 20
PLAN_LINES = 1_000


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
        run, is_resumed = facts.run, facts.is_resumed
        self.run = run
        self._is_resumed = is_resumed
        # Whether a relationship of a new CI may be stated by another record than its own.
        self._is_crossed = spool.has_reverse_links or is_resumed
        # Whether a record may have another CI by now than the one this run first gave it.
        self._has_moved = is_resumed
        self.spool = spool
        self._context = context
        self._store = context.store
        self._rules = facts.rules
        self._results = results
        self._progress = progress
        self._reason = facts.reason or f"import {run.format}"
        self._placements = Placements(spool.total)
        self._decided: Counter[str] = Counter()
        self._relationships: Counter[str] = Counter()
        self._revisions: list[int] = []
        self._size = FIRST_BATCH
        self._unchanged: list[Decision] = []
        # Asked for before the first batch: it may read the whole spool.
        self._placeholders = spool.placeholders
        # The sequence of the log's head if nobody else has written since this run last did.
        self._expected_sequence: int | None = None
        self._unfinished = {
            run.id
            for state in ("running", "interrupted")
            for run in self._store.find_runs(state=state, limit=1_000)
        }

    # In one piece

    def write_at_once(self, *, is_dry_run: bool) -> dict[str, Any]:
        """Decide on everything together; write it as one revision, or only print the plan."""
        lines = _newest([*self.spool.lines(self.run.id)])
        # All records are there to be counted: nothing is to be taken for a placeholder early.
        self._placeholders = frozenset()
        for _ in range(ATTEMPTS):
            known, changed = self._sift(lines)
            records = [line.record for line in changed]
            outcome = evidence.reconcile(self._store, known, self._rules, records)
            if is_dry_run:
                return self._plan(outcome, changed)
            if self._applied(outcome.changes, "all", 0, self.spool.total, self._finished()):
                break
        else:
            raise StalePlan(["the inventory"])
        self._count(outcome)
        self._settle_placeholders()
        self._store.save_seen(self.run.id, self.spool.seen)
        return self._result()

    def _plan(self, outcome: Outcome, changed: Sequence[Line]) -> dict[str, Any]:
        self._count(outcome)
        by_id = {line.id: line.record for line in changed}
        plan = [_planned(decision, by_id[decision.record]) for decision in outcome.decisions]
        fingerprint = outcome.changes.fingerprint()
        return {**self._result(), "plan": plan[:PLAN_LINES], "fingerprint": fingerprint}

    # Batch by batch

    def write(self) -> dict[str, Any]:
        """Write every batch that the run has not written yet."""
        if self.run.phase == "records":
            self._each_batch(self._write_records)
            self.run = replace(self.run, phase="links", done=0)
            self._store.save_run(self.run)
        self._each_batch(self._write_links)
        self._settle_placeholders()
        self.run = self._finished()
        self._store.save_run(self.run)
        self._store.save_seen(self.run.id, self.spool.seen)
        return self._result()

    def _finished(self) -> ImportRun:
        now = to_epoch_ms(self._context.clock.now())
        return replace(
            self.run, state="finished", phase="links", done=self.spool.total, ended_at=now
        )

    def _each_batch(self, write: Callable[[list[Line]], None]) -> None:
        lines = self.spool.lines(self.run.id, start=self.run.done)
        while batch := self._next(lines):
            write(batch)
            self.run = replace(self.run, done=batch[-1].index + 1)
            if self._progress is not None:
                self._progress(self.run.phase, self.run.done, self.spool.total)

    def _next(self, lines: Iterator[Line]) -> list[Line]:
        batch: list[Line] = []
        for line in lines:
            batch.append(line)
            if len(batch) >= self._size:
                break
        return batch

    def _write_records(self, batch: list[Line]) -> None:
        lines = _newest(batch)
        for _ in range(ATTEMPTS):
            known, changed = self._sift(lines)
            records = [line.record for line in changed]
            outcome = evidence.reconcile(self._store, known, self._rules, records, with_links=False)
            run = replace(self.run, done=batch[-1].index + 1)
            if self._applied(outcome.changes, "records", batch[0].index, run.done, run):
                break
        else:
            raise StalePlan(["the inventory"])
        self._count(outcome)
        self._place(outcome, changed, known)

    def _write_links(self, batch: list[Line]) -> None:
        if not self._has_moved and all(self._placements.at(line.index) is None for line in batch):
            return
        for _ in range(ATTEMPTS):
            known = self._begin()
            records = self._placed(batch, known)
            run = replace(self.run, done=batch[-1].index + 1)
            if not records:
                return
            changes = evidence.decide(
                self._store,
                known,
                # Asked only within this round, while both names still mean what they mean here.
                lambda: link(records, known, self._rules),  # noqa: B023
            )
            if self._applied(changes, "links", batch[0].index, run.done, run):
                self._count_relationships(changes)
                return
        raise StalePlan(["the inventory"])

    def _placed(self, batch: Sequence[Line], known: Known) -> list[SourceRecord]:
        """Return the records of a batch whose relationships are to be looked at, on their CIs."""
        placed = self._placed_by_store(batch) if self._has_moved else self._placed_by_run(batch)
        for index, record in placed:
            if self._placements.was_made(index) and not self._is_crossed:
                known.outgoing.add(record.ci_id or "")
            elif self._placements.was_known(index) or self._is_resumed:
                known.replaced.add(record.id)
        known.records.update({record.id: record for _, record in placed})
        return [record for _, record in placed]

    def _placed_by_run(self, batch: Sequence[Line]) -> list[tuple[int, SourceRecord]]:
        return [
            (line.index, line.record.on(ci_id))
            for line in batch
            if (ci_id := self._placements.at(line.index)) is not None
            and (line.record.links or self._placements.was_known(line.index))
        ]

    def _placed_by_store(self, batch: Sequence[Line]) -> list[tuple[int, SourceRecord]]:
        states = self._store.record_states([line.id for line in batch])
        placed = []
        for line in batch:
            # Not by its time: resumed, a run may declare another one than when it began.
            digest, _, ci_id, run = states.get(line.id, ("", 0, None, ""))
            if (digest, run) == (line.digest, self.run.id) and ci_id:
                placed.append((line.index, line.record.on(ci_id)))
        return placed

    def _settle_placeholders(self) -> None:
        stamp = replace(self._stamp(""), reason=f"{self._reason}: placeholders that are none")
        for changes, applied in settle_placeholders(self._store, self._rules, stamp):
            self._count_relationships(changes)
            if changes.changes_inventory:
                self._revisions.append(applied.revision)

    # Shared

    def _begin(self) -> Known:
        known = evidence.begin(self._store)
        known.cached = self._placements.owner
        known.placeholders = self._placeholders
        if self._expected_sequence not in (None, known.sequence):
            # Somebody else wrote: what this run remembers of CIs and keys may no longer hold.
            self._placements.forget_keys()
            self._has_moved = self._is_crossed = True
        return known

    def _sift(self, lines: Sequence[Line]) -> tuple[Known, list[Line]]:
        """Leave out what is known as it stands."""
        known = self._begin()
        states = self._store.record_states([line.id for line in lines])
        changed = []
        self._unchanged = []
        for line in lines:
            state = states.get(line.id)
            if state is None:
                known.records[line.id] = None
            elif state[3] in self._unfinished:
                known.unsettled.add(line.id)
            elif state[0] == line.digest and state[1] >= line.observed_ms:
                self._unchanged.append(Decision(line.id, line.key, state[2] or "", "unchanged"))
                continue
            changed.append(line)
        return known, changed

    def _applied(
        self, changes: ChangeSet, phase: str, start: int, end: int, run: ImportRun
    ) -> Applied | None:
        stamp = self._stamp("" if changes.is_empty else f"{run.id}/{phase}/{start}-{end}")
        if changes.is_empty:
            if run.state == "finished":
                self._store.save_run(run)
            return Applied(0)
        began = time.perf_counter()
        try:
            applied = self._store.apply(changes, stamp, run=run)
        except StalePlan:
            self._expected_sequence = -1
            return None
        self._expected_sequence = changes.read_set.sequence + 1
        self._adapt(end - start, time.perf_counter() - began)
        if changes.changes_inventory:
            self._revisions.append(applied.revision)
        return applied

    def _stamp(self, idempotency_key: str) -> Stamp:
        return Stamp(
            actor=self._context.caller.actor,
            source=self.run.source,
            reason=self._reason,
            request_id=self.run.id,
            idempotency_key=idempotency_key,
            request_digest=self.spool.fingerprint,
        )

    def _adapt(self, count: int, seconds: float) -> None:
        wanted = int(count * HOLD_SECONDS / max(seconds, 0.001))
        self._size = max(SMALLEST, min(LARGEST, 2 * self._size, wanted))

    def _place(self, outcome: Outcome, changed: Sequence[Line], known: Known) -> None:
        index_of = {}
        alone = Counter(outcome.placed.values())
        made = {c.id for c in outcome.changes.cis if c.is_new and alone[c.id] == 1}
        mine = {line.id for line in changed}
        self._is_crossed = self._is_crossed or bool(outcome.changes.relationships)
        self._has_moved = self._has_moved or any(
            record.id not in mine or _was_written_by(known, record)
            for record in outcome.changes.records
        )
        written = {record.id: record for record in outcome.changes.records}
        for line in changed:
            kept = written.get(line.id)
            if kept is not None and kept.digest == line.digest and kept.ci_id is not None:
                ci_id = kept.ci_id
                was_known = known.records.get(line.id) is not None
                self._placements.place(line.index, ci_id, made=ci_id in made, known=was_known)
                index_of[ci_id] = line.index
        for identifier in outcome.changes.identifiers:
            self._placements.disown(identifier.key)
        for key, ci_id in outcome.keys.items():
            if (place := index_of.get(ci_id)) is not None:
                self._placements.own(key, place)

    def _count(self, outcome: Outcome) -> None:
        for decision in (*self._unchanged, *outcome.decisions):
            self._decided[decision.verdict] += 1
            self._decided["conflict"] += bool(decision.conflicts)
            self._results.add(decision)
        self._count_relationships(outcome.changes)

    def _count_relationships(self, changes: ChangeSet) -> None:
        self._decided["pending"] += len(changes.pending_added)
        self._decided["attached"] += len(changes.pending_removed)
        for change in changes.relationships:
            verdict = "create" if not change.before else "update"
            self._relationships[verdict if change.after["live"] else "end"] += 1

    def _result(self) -> dict[str, Any]:
        return {
            "decided": {name: count for name, count in sorted(self._decided.items()) if count},
            "relationships": dict(sorted(self._relationships.items())),
            "first_revision": self._revisions[0] if self._revisions else 0,
            "last_revision": self._revisions[-1] if self._revisions else 0,
            "fingerprint": self.spool.fingerprint,
        }


def _was_written_by(known: Known, record: SourceRecord) -> bool:
    stored = known.records.get(record.id)
    return stored is not None and stored.run == record.run


def _newest(lines: Sequence[Line]) -> list[Line]:
    """Return one line for each record: the latest observation, then the larger digest."""
    best: dict[str, Line] = {}
    for line in lines:
        held = best.get(line.id)
        if held is None or (held.observed_ms, held.digest) < (line.observed_ms, line.digest):
            best[line.id] = line
    return list(best.values())


def _planned(decision: Decision, record: SourceRecord) -> PlannedChange:
    return PlannedChange(
        decision.key,
        record.class_name,
        record.name or "",
        decision.verdict,
        decision.ci_id,
        decision.rule,
        [f"{key} belongs to {ci_id}" for key, ci_id in decision.conflicts],
    )
