"""Which data sources are there, and which of them is believed where they differ?

The state of the inventory is a function of the records and the rules. So ranking a source stores
its precedence and then decides again on every CI that it speaks of, batch by batch. From the moment
it is stored everybody decides by it, and a plan made by the one before is refused. What is left to
do follows from the records alone: ranked again with the same value, a source that was stopped half
way is finished.
"""

from __future__ import annotations

import difflib
import hashlib
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from uuid_utils import uuid7

from cmdb.errors import BadValue, Interrupted, StalePlan
from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.decisions import Rules
from cmdb.model.inventory import DataSource, from_epoch_ms
from cmdb.model.reports import plain
from cmdb.model.rerank import rerank
from cmdb.model.source_records import MANUAL
from cmdb.model.source_reports import RankReport, SourceList, SourceSummary
from cmdb.model.values import canonical_json
from cmdb.model.winners import MANUAL_PRECEDENCE, precedence_of
from cmdb.ports import EditReason, Progress
from cmdb.services import evidence
from cmdb.services.context import Context
from cmdb.services.import_batches import adapted_size
from cmdb.services.permit import permit
from cmdb.services.record_values import check_edit

FIRST_BATCH = 500
ATTEMPTS = 20
LONGEST_PAUSE_SECONDS = 0.2
HIGHEST = MANUAL_PRECEDENCE - 1
LOWEST = -HIGHEST
_LONGEST_NAME = 200
_MOST_SUGGESTIONS = 5


def list_sources(context: Context) -> SourceList:
    """Return every data source on record and `manual`, the highest precedence first."""
    permit(context.caller, "read", "data sources")
    found = {source.name: source for source in context.store.data_sources()}
    found.setdefault(MANUAL, DataSource(MANUAL))
    shown = [_summary(source) for source in found.values() if _is_worth_showing(source)]
    return SourceList(tuple(sorted(shown, key=lambda each: (-each.precedence, each.name))))


def rank_source(
    context: Context,
    source: str,
    precedence: int,
    reason: EditReason | str = "",
    progress: Progress | None = None,
) -> RankReport:
    """Rank a data source, and decide again wherever it and others speak of one thing.

    A source that is not on record may be ranked before its first import. A retry with the key of a
    ranking that was stopped half way finishes it; one that was finished is told again.

    Args:
        context: Store and caller.
        source: Its name.
        precedence: Higher wins; 0 is that of a source nobody ranked.
        reason: Why, for the log, and under which key a retry is recognised; a text is
                the reason.
        progress: Told how many of its records were looked at.

    Raises:
        BadValue: The name is empty, or the precedence beyond its bounds.
        KeyReused: The key belongs to another request.
        Interrupted: Stopped by the user; the same call goes on.
        StalePlan: Others wrote to the same CIs all the time; the same call goes on.
    """
    permit(context.caller, "administer", f"the precedence of {source}")
    _check(source, precedence)
    stamp = _stamp(context, source, precedence, reason)
    begun = context.store.find_answer(stamp)
    done = _done(stamp)
    if (first := context.store.find_answer(done)) is not None:
        return _report(first)
    found = {each.name: each for each in context.store.data_sources()}
    held = found.get(source, DataSource(source))
    before = precedence_of(source, {} if held.precedence is None else {source: held.precedence})
    is_known = _is_known(held)
    ranking = _Ranking(context, source, _keyless(stamp), held.records, progress)
    if begun is None:
        begun = _begin(context, source, before, precedence, stamp)
    if begun.answer.get("is_changed"):
        ranking.add_revision(begun.revision)
    ranking.run()
    context.snapshots.checkpoint_if_due()
    report = RankReport(
        source=source,
        before=int(begun.answer["before"]),
        precedence=precedence,
        is_known=is_known,
        nearest=() if is_known else _nearest(source, found.values()),
        records=ranking.done,
        cis=ranking.cis,
        relationships=ranking.relationships,
        first_revision=ranking.first_revision,
        last_revision=ranking.last_revision,
    )
    if not done.idempotency_key:
        return report
    return _report(context.store.apply(ChangeSet(), done, answer=plain(asdict(report))))


def _stamp(context: Context, source: str, precedence: int, reason: EditReason | str) -> Stamp:
    edit = check_edit(EditReason(reason) if isinstance(reason, str) else reason)
    asked = canonical_json([context.caller.actor, "rank", source, precedence])
    return Stamp(
        actor=context.caller.actor,
        reason=edit.reason or f"rank {source} {precedence}",
        request_id=edit.request_id or str(uuid7()),
        idempotency_key=edit.idempotency_key,
        request_digest=hashlib.sha256(asked).hexdigest(),
    )


def _done(stamp: Stamp) -> Stamp:
    """Return the stamp under which the answer is kept once everything is decided."""
    key = f"{stamp.idempotency_key}/ranked" if stamp.idempotency_key else ""
    return replace(stamp, idempotency_key=key)


def _keyless(stamp: Stamp) -> Stamp:
    """Return the stamp of the batches: none of them is the answer."""
    return replace(stamp, idempotency_key="", request_digest="")


def _begin(context: Context, source: str, before: int, precedence: int, stamp: Stamp) -> Applied:
    """Store the precedence, and bind the key to this request before anything is decided."""
    answer = {"before": before, "is_changed": before != precedence}
    if before != precedence:
        return context.store.save_precedence({source: precedence}, stamp, answer)
    if not stamp.idempotency_key:
        return Applied(0, answer)
    return context.store.apply(ChangeSet(), stamp, answer=answer)


def _report(kept: Applied) -> RankReport:
    answer = dict(kept.answer)
    return RankReport(**{**answer, "nearest": tuple(answer["nearest"])})


@dataclass(slots=True)
class _Ranking:
    """Decides again on everything a source speaks of, and counts what that changed."""

    context: Context
    source: str
    stamp: Stamp
    total: int
    progress: Progress | None
    size: int = 0
    done: int = 0
    cis: int = 0
    relationships: int = 0
    first_revision: int = 0
    last_revision: int = 0

    def run(self) -> None:
        """Go through the records of the source in the order of their ids."""
        self.size = FIRST_BATCH
        after = ""
        try:
            while ids := self.context.store.record_ids_of(self.source, after, self.size):
                self._write(ids)
                after = ids[-1]
                self.done += len(ids)
                if self.progress is not None:
                    self.progress("rank", self.done, self.total)
        except KeyboardInterrupt:
            raise Interrupted(
                f"Stopped after {self.done} of {self.total} records of {self.source}. Its "
                "precedence is stored; whatever was written is whole. The same command goes on.",
                source=self.source,
            ) from None

    def add_revision(self, revision: int) -> None:
        """Note an entry of the log."""
        self.first_revision = self.first_revision or revision
        self.last_revision = revision

    def _write(self, ids: Sequence[str]) -> None:
        for attempt in range(ATTEMPTS):
            changes = self._decide(ids)
            if not changes.changes_inventory:
                return
            began = time.perf_counter()
            try:
                applied = self.context.store.apply(changes, self.stamp)
            except StalePlan:
                time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.01 * 2**attempt)))
                continue
            self.size = adapted_size(self.size, len(ids), time.perf_counter() - began)
            self.cis += len(changes.cis)
            self.relationships += len(changes.relationships)
            self.add_revision(applied.revision)
            return
        raise StalePlan([f"CIs of {self.source}"])

    def _decide(self, ids: Sequence[str]) -> ChangeSet:
        store = self.context.store
        # Before the precedence, so that the store notices if that moves in between.
        known = evidence.begin(store)
        rules = Rules(store.registry(), store.precedence(), lambda: str(uuid7()))
        states = store.record_states(ids).values()
        cis = sorted({ci_id for _, _, ci_id, _ in states if ci_id})
        return evidence.decide(store, known, lambda: rerank(cis, self.source, known, rules))


def _check(source: str, precedence: int) -> None:
    if not source.strip() or len(source) > _LONGEST_NAME or not source.isprintable():
        reason = f"it must have 1 to {_LONGEST_NAME} printable characters"
        raise BadValue("source", reason, "List the sources: cmdb source list.")
    highest = MANUAL_PRECEDENCE if source == MANUAL else HIGHEST
    if not LOWEST <= precedence <= highest:
        hint = f"To rank a source above edits by hand, rank {MANUAL} lower."
        raise BadValue("precedence", f"{precedence} is not within {LOWEST} and {highest}", hint)


def _is_known(source: DataSource) -> bool:
    return bool(source.records or source.has_runs or source.name == MANUAL)


def _is_worth_showing(source: DataSource) -> bool:
    """Return False of a name that was ranked by mistake, once it is ranked 0 again."""
    return _is_known(source) or bool(source.precedence)


def _summary(source: DataSource) -> SourceSummary:
    stored = {} if source.precedence is None else {source.name: source.precedence}
    precedence = precedence_of(source.name, stored)
    return SourceSummary(
        source.name,
        precedence,
        precedence == precedence_of(source.name, {}),
        source.records,
        from_epoch_ms(source.last_finished_at) if source.last_finished_at else None,
    )


def _nearest(source: str, others: Iterable[DataSource]) -> tuple[str, ...]:
    names = {each.name: each.name.casefold() for each in others if _is_known(each)}
    close = difflib.get_close_matches(source.casefold(), names.values(), _MOST_SUGGESTIONS)
    return tuple(name for plain in close for name, folded in names.items() if folded == plain)
