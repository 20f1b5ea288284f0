"""What does one batch of an import change, while the batch before it may still be on its way?

A run remembers which CI each of its records got and whose each key is, so that most of a batch is
decided without a look-up. That memory counts a batch as written once it was sent: if it was not
written after all, or somebody else wrote in between, the memory is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cmdb.errors import StalePlan
from cmdb.model.changes import ChangeSet
from cmdb.model.decisions import Decision, Outcome, Rules
from cmdb.model.inventory import ImportRun
from cmdb.model.known import Known
from cmdb.model.overlap import overlaps
from cmdb.model.relate import link
from cmdb.model.source_records import SourceRecord
from cmdb.ports import Store
from cmdb.services import evidence
from cmdb.services.spool import Line, Placements, Spool


@dataclass(frozen=True, slots=True)
class Round:
    """A batch that was decided on.

    Attributes:
        lines: The batch.
        run: How far the run is once this is written.
        known: What the decision was read from.
        changes: What it writes.
        changed: Lines that are not known as they stand; of the first pass alone.
        unchanged: What is said of the others.
        outcome: The decision on records; None for one on relationships alone.
    """

    lines: Sequence[Line]
    run: ImportRun
    known: Known
    changes: ChangeSet
    changed: Sequence[Line] = ()
    unchanged: Sequence[Decision] = ()
    outcome: Outcome | None = None

    @property
    def name(self) -> str:
        """What tells this write of the run from its others."""
        phase = "all" if self.run.state == "finished" else self.run.phase
        return f"{phase}/{self.lines[0].index}-{self.run.done}" if self.lines else phase

    def holds_after(self, other: Round) -> bool:
        """Return whether this was decided on nothing that the other one writes."""
        return not overlaps(self.known, {line.id for line in self.lines}, other.changes)


class Deciding:
    """Decides on the batches of one run, in their order.

    Args:
        store: Where the inventory is.
        spool: The records of the run.
        rules: What is decided by.
        is_resumed: An interrupted run is finished.
    """

    def __init__(self, store: Store, spool: Spool, rules: Rules, *, is_resumed: bool) -> None:
        self._store = store
        self._rules = rules
        self._is_resumed = is_resumed
        # Whether a relationship of a new CI may be stated by another record than its own.
        self._is_crossed = spool.has_reverse_links or is_resumed
        # Whether a record may have another CI by now than the one this run first gave it.
        self._has_moved = is_resumed
        self._placements = Placements(spool.total)
        self._spool = spool
        # The sequence of the log's head once everything sent is written, if nobody else writes.
        self._sequence: int | None = None
        self._is_writing = False
        self._unfinished = {
            run.id
            for state in ("reading", "running", "interrupted", "failed")
            for run in store.find_runs(state=state, limit=1_000)
        }

    def all(self, lines: Sequence[Line], run: ImportRun) -> Round:
        """Decide on records and relationships together."""
        # All records are there to be counted: nothing is to be taken for a placeholder early.
        return self._decide(lines, run, self._begin(), with_links=True)

    def records(self, lines: Sequence[Line], run: ImportRun) -> Round:
        """Decide which CIs these records are."""
        known = self._begin()
        known.placeholders = self._spool.placeholders
        return self._decide(lines, run, known, with_links=False)

    def _decide(
        self, lines: Sequence[Line], run: ImportRun, known: Known, *, with_links: bool
    ) -> Round:
        changed, unchanged = self._sift(newest(lines), known)
        records = [line.record for line in changed]
        outcome = evidence.reconcile(
            self._store, known, self._rules, records, with_links=with_links
        )
        return Round(lines, run, known, outcome.changes, changed, unchanged, outcome)

    def links(self, lines: Sequence[Line], run: ImportRun) -> Round:
        """Decide on the relationships of records that have their CIs."""
        known = self._begin()
        known.placeholders = self._spool.placeholders
        records = self._placed(lines, known, run)
        changes = ChangeSet()
        if records:
            changes = evidence.decide(self._store, known, lambda: link(records, known, self._rules))
        return Round(lines, run, known, changes)

    # What was sent

    def sent(self, made: Round) -> None:
        """Take a round as written from now on."""
        if made.outcome is not None:
            self._place(made.outcome, made)
        if not made.changes.is_empty:
            self._sequence = made.changes.read_set.sequence + 1
            self._is_writing = True

    def landed(self) -> None:
        """Note that what was sent is written."""
        self._is_writing = False

    def lost(self) -> None:
        """Note that what was sent was refused: somebody else wrote."""
        self._sequence, self._is_writing = -1, False

    def _begin(self) -> Known:
        known = evidence.begin(self._store)
        known.cached = self._placements.owner
        if self._sequence is None:
            self._look_up_precedence()
            return known
        if known.sequence == self._sequence - self._is_writing:
            # What is being written now comes first, and this round is checked against it.
            known.sequence = self._sequence
        if known.sequence != self._sequence:
            # Somebody else wrote: what this run remembers of CIs and keys may no longer hold.
            self._placements.forget_keys()
            self._has_moved = self._is_crossed = True
            self._look_up_precedence()
        return known

    def _look_up_precedence(self) -> None:
        """Decide by the precedence of now: somebody may have ranked sources since the run began.

        Raises:
            StalePlan: The registries changed, by which the input was checked.
        """
        if self._store.registry().revision != self._rules.registry.revision:
            raise StalePlan(["the registry of classes and relationship types"])
        self._rules = replace(self._rules, precedence=self._store.precedence())

    def _sift(self, lines: Sequence[Line], known: Known) -> tuple[list[Line], list[Decision]]:
        """Leave out what is known as it stands."""
        states = self._store.record_states([line.id for line in lines])
        changed, unchanged = [], []
        for line in lines:
            state = states.get(line.id)
            if state is None:
                known.records[line.id] = None
            elif state[3] in self._unfinished:
                known.unsettled.add(line.id)
            elif state[0] == line.digest and state[1] >= line.observed_ms:
                unchanged.append(Decision(line.id, line.key, state[2] or "", "unchanged"))
                continue
            changed.append(line)
        return changed, unchanged

    def _place(self, outcome: Outcome, made: Round) -> None:
        index_of = {}
        alone = Counter(outcome.placed.values())
        new = {c.id for c in outcome.changes.cis if c.is_new and alone[c.id] == 1}
        mine = {line.id for line in made.changed}
        self._is_crossed = self._is_crossed or bool(outcome.changes.relationships)
        self._has_moved = self._has_moved or any(
            record.id not in mine or _was_written_by(made.known, record)
            for record in outcome.changes.records
        )
        written = {record.id: record for record in outcome.changes.records}
        for line in made.changed:
            kept = written.get(line.id)
            if kept is not None and kept.digest == line.digest and kept.ci_id is not None:
                ci_id = kept.ci_id
                was_known = made.known.records.get(line.id) is not None
                self._placements.place(line.index, ci_id, made=ci_id in new, known=was_known)
                index_of[ci_id] = line.index
        for identifier in outcome.changes.identifiers:
            self._placements.disown(identifier.key)
        for key, ci_id in outcome.keys.items():
            if (place := index_of.get(ci_id)) is not None:
                self._placements.own(key, place)

    # Relationships

    def _placed(self, lines: Sequence[Line], known: Known, run: ImportRun) -> list[SourceRecord]:
        """Return the records of a batch whose relationships are to be looked at, on their CIs."""
        placed = self._placed_by_store(lines, run) if self._has_moved else self._placed_here(lines)
        for index, record in placed:
            if self._placements.was_made(index) and not self._is_crossed:
                known.outgoing.add(record.ci_id or "")
            elif self._placements.was_known(index) or self._is_resumed:
                known.replaced.add(record.id)
        known.records.update({record.id: record for _, record in placed})
        return [record for _, record in placed]

    def _placed_here(self, lines: Sequence[Line]) -> list[tuple[int, SourceRecord]]:
        return [
            (line.index, line.record.on(ci_id))
            for line in lines
            if (ci_id := self._placements.at(line.index)) is not None
            and (line.record.links or self._placements.was_known(line.index))
        ]

    def _placed_by_store(
        self, lines: Sequence[Line], run: ImportRun
    ) -> list[tuple[int, SourceRecord]]:
        states = self._store.record_states([line.id for line in lines])
        placed = []
        for line in lines:
            # Not by its time: resumed, a run may declare another one than when it began.
            digest, _, ci_id, written_by = states.get(line.id, ("", 0, None, ""))
            if (digest, written_by) == (line.digest, run.id) and ci_id:
                placed.append((line.index, line.record.on(ci_id)))
        return placed


def newest(lines: Sequence[Line]) -> list[Line]:
    """Return one line for each record: the latest observation, then the larger digest."""
    best: dict[str, Line] = {}
    for line in lines:
        held = best.get(line.id)
        if held is None or (held.observed_ms, held.digest) < (line.observed_ms, line.digest):
            best[line.id] = line
    return list(best.values())


def finished(run: ImportRun, total: int, at_ms: int) -> ImportRun:
    """Return the run as it is when all of it is written."""
    return replace(run, state="finished", phase="links", done=total, ended_at=at_ms)


def _was_written_by(known: Known, record: SourceRecord) -> bool:
    stored = known.records.get(record.id)
    return stored is not None and stored.run == record.run
