"""What becomes of a few records that a data source sends? An import in one transaction.

Each record is read as a line of the `records` format, checked, identified and reconciled together
with the others; what they change is one entry of the log.
"""

from __future__ import annotations

import hashlib
import io
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from uuid_utils import uuid7

from cmdb.errors import BadValue, LimitExceeded, StalePlan
from cmdb.model.changes import Applied, Stamp
from cmdb.model.check import check_record
from cmdb.model.decisions import Outcome, Rules
from cmdb.model.import_reports import ImportRequest
from cmdb.model.inventory import to_epoch_ms
from cmdb.model.log import compress, decompress
from cmdb.model.records import Importer, ImportInput, ImportOptions, Problem, Record, Skipped
from cmdb.model.registry import Registry
from cmdb.model.source_records import SourceRecord
from cmdb.model.system_reports import UpsertReport, UpsertResult
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason, UpsertRequest
from cmdb.services import evidence
from cmdb.services.context import Context
from cmdb.services.import_failures import scope_text
from cmdb.services.import_names import check_names
from cmdb.services.import_sight import hidden_from
from cmdb.services.observation_times import check_observed, timely
from cmdb.services.permit import permit
from cmdb.services.placeholders import settle_placeholders
from cmdb.services.record_values import check_edit

MOST_RECORDS = 1_000
FORMAT = "records"
HEADER = {"format": "cmdb-records", "version": 1}
REJECTED, SUPERSEDED = "rejected", "superseded"
_ATTEMPTS = 20
_LONGEST_PAUSE_SECONDS = 0.25
_FIRST_LINE = 2  # the header is line 1


def upsert_records(
    context: Context, importer: Importer, request: UpsertRequest, reason: EditReason
) -> UpsertReport:
    """Take records of a data source in, all in one transaction, with a verdict for each.

    A record that cannot be taken is left out and the others are written. Of several records of one
    thing the latest observed counts; the others are superseded.

    Args:
        context: Store, clock and caller.
        importer: Reads the `records` format.
        request: The source and its records.
        reason: Why; its idempotency key makes a retry return the first answer.

    Raises:
        LimitExceeded: More than `MOST_RECORDS` records.
        Forbidden: The caller may not write this source.
        StalePlan: Others write to the same things all the time.
    """
    permit(context.caller, "import", request.source)
    _check(context, request)
    store = context.store
    stamp = _stamp(context, request, reason)
    for attempt in range(_ATTEMPTS):
        known = evidence.begin(store)
        if (first := store.find_answer(stamp)) is not None:
            return _repeated(context, first)
        taken = _take(context, store.registry(), importer, request)
        rules = Rules(store.registry(), store.precedence(), lambda: str(uuid7()))
        outcome = evidence.reconcile(store, known, rules, list(taken.records.values()))
        results = taken.results(outcome)
        if outcome.changes.is_empty and not stamp.idempotency_key:
            return _report(context, results, 0)
        try:
            applied = store.apply(outcome.changes, stamp, answer=_packed(results, outcome, stamp))
        except StalePlan:
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.01 * 2**attempt)))
            continue
        if applied.is_repeated:
            return _repeated(context, applied)
        revision = applied.revision if outcome.changes.changes_inventory else 0
        revision = _settled(context, rules, stamp, revision)
        context.snapshots.checkpoint_if_due()
        return _report(context, results, revision)
    raise StalePlan([f"what {request.source} speaks of"])


@dataclass(slots=True)
class _Taken:
    """What was read of a request.

    Attributes:
        keys: The key of each record given, as far as it has one.
        records: Those to be written, by id.
        places: Which record given each of these was last, by id.
        verdicts: What is said already of those that are not written, by place.
        problems: By place.
    """

    keys: list[str]
    records: dict[str, SourceRecord] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    verdicts: dict[int, str] = field(default_factory=dict)
    problems: dict[int, list[str]] = field(default_factory=dict)

    def add(self, place: int, record: SourceRecord) -> None:
        """Take a record, or the later one of two of the same thing."""
        self.keys[place] = record.key
        held = self.records.get(record.id)
        if held is None:
            self.records[record.id], self.places[record.id] = record, place
            return
        is_later = (held.observed_ms, held.digest) <= (record.observed_ms, record.digest)
        loser = self.places[record.id] if is_later else place
        self.verdicts[loser] = SUPERSEDED
        if is_later:
            self.records[record.id], self.places[record.id] = record, place

    def reject(self, place: int, problem: Problem) -> None:
        """Note what is wrong with a record, and whether it is left out for it."""
        text = f"{problem.field}: {problem.reason}" if problem.field else problem.reason
        self.note(place, f"{text}. {problem.hint}".strip())
        if problem.dropped:
            self.verdicts[place] = REJECTED

    def note(self, place: int, text: str) -> None:
        """Note something about a record."""
        self.problems.setdefault(place, []).append(text)

    def results(self, outcome: Outcome) -> tuple[UpsertResult, ...]:
        """Return one result for each record given, in their order."""
        decided = {self.places[each.record]: each for each in outcome.decisions}
        return tuple(
            UpsertResult(
                key,
                decided[place].verdict if place in decided else self.verdicts[place],
                decided[place].ci_id if place in decided else "",
                tuple(self.problems.get(place, ())),
            )
            for place, key in enumerate(self.keys)
        )


def _check(context: Context, request: UpsertRequest) -> None:
    check_names(request.source, request.scope)
    if len(request.records) > MOST_RECORDS:
        hint = "Send them in several requests, or import a file."
        raise LimitExceeded("records", MOST_RECORDS, len(request.records), hint)
    check_observed(request.observed_at, context.clock.now())


def _take(
    context: Context, registry: Registry, importer: Importer, request: UpsertRequest
) -> _Taken:
    """Return what the records are as they would be kept, and what is wrong with them."""
    taken = _Taken([_key_of(record) for record in request.records])
    observed_ms = to_epoch_ms(request.observed_at or context.clock.now())
    scope = scope_text(ImportRequest(request.source, FORMAT, request.scope))
    options = ImportOptions(request.source, request.scope)
    for item in importer.read(_as_input(request.records), options):
        place = int(item.place.rpartition(":")[2]) - _FIRST_LINE
        if isinstance(item, Problem):
            taken.reject(place, item)
        elif isinstance(item, Skipped):
            taken.note(place, item.reason)
        else:
            _take_one(context, registry, taken, place, (item, request.source, scope, observed_ms))
    return taken


def _take_one(
    context: Context,
    registry: Registry,
    taken: _Taken,
    place: int,
    given: tuple[Record, str, str, int],
) -> None:
    stated, source, scope, observed_ms = given
    record, late = timely(stated, context.clock.now())
    if late is not None:
        taken.reject(place, late)
    kept, problems = check_record(
        registry, record, source=source, scope=scope, observed_ms=observed_ms, run=""
    )
    for problem in problems:
        taken.reject(place, problem)
    if kept is None:
        taken.verdicts[place] = REJECTED
        return
    # A part was left out; the record itself is taken.
    taken.verdicts.pop(place, None)
    if kept.source != source:
        permit(context.caller, "administer", f"records of {kept.source}")
    taken.add(place, kept)


def _as_input(records: Sequence[Mapping[str, Any]]) -> ImportInput:
    lines = [HEADER, *records]
    try:
        content = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
    except TypeError as error:
        raise BadValue("records", f"JSON cannot hold one of them ({error})") from error
    return ImportInput(stream=io.BytesIO(content), name=FORMAT)


def _key_of(record: Mapping[str, Any]) -> str:
    key = record.get("key", "") if isinstance(record, Mapping) else ""
    return key if isinstance(key, str) else ""


def _stamp(context: Context, request: UpsertRequest, reason: EditReason) -> Stamp:
    check_edit(reason)
    asked = [
        context.caller.actor,
        request.source,
        dict(request.scope),
        to_epoch_ms(request.observed_at) if request.observed_at else None,
        list(request.records),
    ]
    return Stamp(
        actor=context.caller.actor,
        source=request.source,
        reason=reason.reason or f"upsert {len(request.records)} records",
        request_id=reason.request_id,
        idempotency_key=reason.idempotency_key,
        request_digest=hashlib.sha256(canonical_json(asked)).hexdigest(),
    )


def _settled(context: Context, rules: Rules, stamp: Stamp, revision: int) -> int:
    again = replace(stamp, idempotency_key="", reason=f"{stamp.reason}: placeholders that are none")
    for changes, applied in settle_placeholders(context.store, rules, again):
        if changes.changes_inventory:
            revision = applied.revision
    return revision


def _packed(results: Sequence[UpsertResult], outcome: Outcome, stamp: Stamp) -> dict[str, Any]:
    """Return the answer as it is kept for a retry; nothing where no key asks for one."""
    if not stamp.idempotency_key:
        return {}
    rows = [[r.key, r.verdict, r.ci, r.problems] for r in results]
    is_logged = outcome.changes.changes_inventory
    return {"results": compress(orjson.dumps(rows)), "is_logged": is_logged}


def _repeated(context: Context, first: Applied) -> UpsertReport:
    answer = first.answer
    rows = orjson.loads(decompress(answer["results"]))
    results = [UpsertResult(key, verdict, ci, tuple(told)) for key, verdict, ci, told in rows]
    return _report(context, results, first.revision if answer["is_logged"] else 0)


def _report(context: Context, results: Sequence[UpsertResult], revision: int) -> UpsertReport:
    counts = Counter(result.verdict for result in results)
    hidden = hidden_from(context)(result.ci for result in results)
    shown = tuple(replace(r, ci="") if r.ci in hidden else r for r in results)
    return UpsertReport(revision, shown, dict(sorted(counts.items())))
