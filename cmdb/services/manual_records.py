"""How is the manual record of a CI changed while others change it too?

An edit changes a part of that record. It is drafted afresh from the record as it stands until one
draft is written before anybody else's: two people who edit one CI at once both keep their values.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from uuid_utils import uuid7

from cmdb.errors import BadValue, Forbidden, StalePlan, StaleVersion, UnknownCI
from cmdb.model.changes import Applied, ChangeSet, ReadSet, Stamp
from cmdb.model.check import check_record
from cmdb.model.decisions import Rules
from cmdb.model.inventory import CI, to_epoch_ms
from cmdb.model.known import Known
from cmdb.model.records import Link, Record
from cmdb.model.rights import SEES_ALL
from cmdb.model.source_records import MANUAL, SourceRecord, source_record_id
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason
from cmdb.services import evidence
from cmdb.services.context import Context
from cmdb.services.first_answers import ci_as_of
from cmdb.services.naming import reference_to

SCOPE = "manual"
ATTEMPTS = 60
LONGEST_PAUSE_SECONDS = 0.5
ATTEMPTS_OUT_OF_TURN = 3
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class Draft:
    """A manual record as it is to be, and what it was drafted from.

    Attributes:
        record: The record.
        digest: Of the stored record that it changes, empty where there was none; None where the
            record does not rest on an earlier one.
        ci_id: The CI that it speaks of, where that is known before.
    """

    record: Record
    digest: str | None = None
    ci_id: str = ""


def draft_link(context: Context, ci_id: str, link: Link) -> Callable[[], Draft]:
    """Return what drafts the manual record of a CI with one relationship put in or replaced."""

    def draft() -> Draft:
        manual = draft_record(context, ci_id)
        old = manual.record.links
        kept = [o for o in old if (o.type, o.other) != (link.type, link.other)]
        return replace(manual, record=replace(manual.record, links=(*kept, link)))

    return draft


def draft_record(context: Context, ci_id: str) -> Draft:
    """Return the manual record of a CI as it stands, or an empty one about it."""
    store = context.store
    manual = [r for r in store.source_records_of([ci_id]) if (r.source, r.scope) == (MANUAL, SCOPE)]
    if manual:
        stored = max(manual, key=lambda r: (r.observed_ms, r.id))
        record = Record(
            stored.class_name,
            key=stored.key,
            name=stored.name,
            attributes=stored.attributes,
            within=stored.within,
            links=stored.links,
            lifecycle=stored.lifecycle,
            about=stored.about,
        )
        return Draft(record, stored.digest, ci_id)
    about = reference_to(store, ci_id)
    return Draft(Record(about.class_name, key=_free_key(context, ci_id), about=about), "", ci_id)


def write(
    context: Context,
    draft: Callable[[], Draft],
    edit: EditReason,
    what: str,
    facts: list[Any] | None = None,
) -> CI:
    """Return the CI after an edit was written; `facts` tell its request from others."""
    store = context.store
    for attempt in range(ATTEMPTS):
        # Whoever was overtaken a few times waits in line with the others of this process.
        with _turn if attempt >= ATTEMPTS_OUT_OF_TURN else contextlib.nullcontext():
            known = evidence.begin(store)
            drafted = draft()
            kept = _checked(context, drafted.record)
            stamp = _stamp(context, edit, what, facts or [kept.digest])
            applied = _first_answer(context, drafted.ci_id, edit, stamp) or _apply(
                context, known, drafted, kept, edit, stamp
            )
        if applied is not None:
            ci_id = str(applied.answer["ci"])
            if applied.is_repeated:
                return ci_as_of(context, ci_id, applied.revision)
            return store.get_cis([ci_id], SEES_ALL)[ci_id]
        time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.01 * 2**attempt)))
    raise StalePlan([drafted.record.name or drafted.record.key])


def _free_key(context: Context, ci_id: str) -> str:
    """Return the key of a CI's first manual record: the same to all who make it at once.

    A key is taken where its record has left this CI together with the identifiers it names.
    """
    for number in range(ATTEMPTS):
        key = f"about:{ci_id}" + (f":{number}" if number else "")
        if not context.store.source_records([source_record_id(MANUAL, SCOPE, key)]):
            return key
    return f"about:{uuid7()}"


def _checked(context: Context, record: Record) -> SourceRecord:
    now = to_epoch_ms(context.clock.now())
    held = context.store.source_records([source_record_id(MANUAL, SCOPE, record.key)])
    observed_ms = max([now, *(r.observed_ms + 1 for r in held)])
    kept, problems = check_record(
        context.store.registry(),
        record,
        source=MANUAL,
        scope=SCOPE,
        observed_ms=observed_ms,
        run="",
    )
    if problems:
        raise BadValue(problems[0].field or "record", problems[0].reason, problems[0].hint)
    assert kept is not None  # noqa: S101 - no problems means a record
    return kept


def _stamp(context: Context, edit: EditReason, what: str, facts: list[Any]) -> Stamp:
    request = [what, facts, edit.expected_version]
    return Stamp(
        actor=context.caller.actor,
        source=MANUAL,
        reason=edit.reason or what,
        request_id=edit.request_id,
        idempotency_key=edit.idempotency_key,
        request_digest=hashlib.sha256(canonical_json(request)).hexdigest(),
    )


def _first_answer(context: Context, ci_id: str, edit: EditReason, stamp: Stamp) -> Applied | None:
    """Return what this edit did before, if it did and is asked for again.

    Raises:
        StaleVersion: It did not, and the CI is not as the caller expects it.
    """
    expected = edit.expected_version
    if not ci_id or expected is None:
        return None
    stored = context.store.ci_properties([ci_id]).get(ci_id)
    if stored is None:
        raise UnknownCI(ci_id)
    if stored["version"] == expected:
        return None
    try:
        # The store looks at the key first, and then refuses this read set, which cannot hold.
        unmet = ChangeSet(read_set=ReadSet(cis={ci_id: expected}))
        applied = context.store.apply(unmet, stamp)
    except StalePlan:
        subject = f"{stored['class']}/{stored['name']}"
        raise StaleVersion(subject, expected, stored["version"]) from None
    return applied


def _apply(
    context: Context,
    known: Known,
    drafted: Draft,
    record: SourceRecord,
    edit: EditReason,
    stamp: Stamp,
) -> Applied | None:
    store = context.store
    rules = Rules(store.registry(), store.precedence(), _new_id)
    outcome = evidence.reconcile(store, known, rules, [record])
    ci_id = outcome.decisions[0].ci_id
    _check_visible(context, known, outcome.changes, ci_id)
    if not _holds(known, drafted, record.id, edit.expected_version):
        return None
    try:
        return store.apply(outcome.changes, stamp, answer={"ci": ci_id})
    except StalePlan:
        return None


def _check_visible(context: Context, known: Known, changes: ChangeSet, ci_id: str) -> None:
    """Return if the caller may see every CI on record that an edit speaks of.

    By the values that identify it, an edit may meet a CI that was never shown to the caller.
    """
    visibility = context.caller.visibility
    met = {change.id for change in changes.cis if not change.is_new} | ({ci_id} & known.cis.keys())
    if visibility.sees_all or len(context.store.get_cis(sorted(met), visibility)) == len(met):
        return
    raise Forbidden(context.caller.actor, "edit", "a CI that they may not see")


def _holds(known: Known, drafted: Draft, record_id: str, expected_version: int | None) -> bool:
    """Return whether what was decided on is what was drafted from; the store checks the rest."""
    stored = known.records.get(record_id)
    if drafted.digest is not None and drafted.digest != (stored.digest if stored else ""):
        return False
    if not drafted.ci_id or expected_version is None:
        return True
    row = known.cis.get(drafted.ci_id)
    return row is not None and row["version"] == expected_version


def _new_id() -> str:
    return str(uuid7())
