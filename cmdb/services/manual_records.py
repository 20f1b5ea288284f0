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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from uuid_utils import uuid7

from cmdb.errors import BadValue, CmdbError, Forbidden, StalePlan, StaleVersion, UnknownCI
from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.check import check_record
from cmdb.model.decisions import Rules
from cmdb.model.inventory import CI, to_epoch_ms
from cmdb.model.known import Known
from cmdb.model.records import Link, Record
from cmdb.model.source_records import MANUAL, SourceRecord, source_record_id
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason
from cmdb.services import evidence
from cmdb.services.context import Context
from cmdb.services.first_answers import ci_as_of
from cmdb.services.naming import reference_to
from cmdb.services.record_values import check_edit

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
        answer: What is kept for a retry beside the CI.
        relationship: The relationship that is edited, where it is one: its version is expected.
    """

    record: Record
    digest: str | None = None
    ci_id: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    relationship: Edited | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """A relationship that an edit changes; version 0 and no id where it is not on record yet."""

    id: str = ""
    version: int = 0


def draft_link(context: Context, ci_id: str, link: Link) -> Draft:
    """Return the manual record of a CI with one relationship put in or replaced."""
    manual = draft_record(context, ci_id)
    old = manual.record.links
    kept = [o for o in old if (o.type, o.other) != (link.type, link.other)]
    return replace(manual, record=replace(manual.record, links=(*kept, link)))


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
    context: Context, draft: Callable[[], Draft], edit: EditReason, what: str, facts: list[Any]
) -> Applied:
    """Return what an edit wrote, now or when its key came first; `answer["ci"]` is its CI.

    Args:
        context: On whose behalf, and with what.
        draft: Returns the record as it is to be; asked afresh until one is written.
        edit: Reason and key of the edit, and the version expected.
        what: The reason for the log where none is given.
        facts: As they were asked for: they tell this request from others with the same key.

    Raises:
        StaleVersion: What is edited has another version than the caller expects.
        Forbidden: It is about a CI that the caller may not see.
    """
    stamp = _stamp(context, edit, what, facts)
    # A key goes before everything: what its first use brought about may refuse a second.
    if (first := _first_answer(context, stamp)) is not None:
        return first
    for attempt in range(ATTEMPTS):
        # Whoever was overtaken a few times waits in line with the others of this process.
        with _turn if attempt >= ATTEMPTS_OUT_OF_TURN else contextlib.nullcontext():
            try:
                applied = _attempt(context, draft, edit, stamp)
            except CmdbError:
                if (first := _first_answer(context, stamp)) is not None:
                    return first
                raise
        if applied is not None:
            return applied
        time.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.01 * 2**attempt)))
    raise StalePlan([what])


def written_ci(context: Context, applied: Applied) -> CI:
    """Return the CI as an edit left it."""
    return ci_as_of(context, str(applied.answer["ci"]), applied.revision)


def _attempt(
    context: Context, draft: Callable[[], Draft], edit: EditReason, stamp: Stamp
) -> Applied | None:
    known = evidence.begin(context.store)
    drafted = draft()
    kept = _checked(context, drafted.record)
    if edit.expected_version is not None:
        _check_version(context, drafted, edit.expected_version)
    return _apply(context, known, drafted, kept, edit, stamp)


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
    check_edit(edit)
    request = [context.caller.actor, what, facts, edit.expected_version]
    return Stamp(
        actor=context.caller.actor,
        source=MANUAL,
        reason=edit.reason or what,
        request_id=edit.request_id,
        idempotency_key=edit.idempotency_key,
        request_digest=hashlib.sha256(canonical_json(request)).hexdigest(),
    )


def _first_answer(context: Context, stamp: Stamp) -> Applied | None:
    """Return what this edit did before, if it did and is asked for again.

    Raises:
        Forbidden: The caller may not see, or no longer, what it was about.
    """
    first = context.store.find_answer(stamp)
    return None if first is None else _seen(context, first)


def _seen(context: Context, first: Applied) -> Applied:
    met = {str(first.answer["ci"]), *first.answer.get("ends", ())}
    visibility = context.caller.visibility
    if not visibility.sees_all and len(context.store.get_cis(sorted(met), visibility)) < len(met):
        raise Forbidden(context.caller.actor, "edit", "a CI that they may not see")
    return first


def _check_version(context: Context, drafted: Draft, expected: int) -> None:
    if (edited := drafted.relationship) is not None:
        if edited.version != expected:
            subject = f"relationship {edited.id}" if edited.id else "the relationship"
            raise StaleVersion(subject, expected, edited.version)
        return
    if not (ci_id := drafted.ci_id):
        return
    stored = context.store.ci_properties([ci_id]).get(ci_id)
    if stored is None:
        raise UnknownCI(ci_id)
    if stored["version"] != expected:
        subject = f"{stored['class']}/{stored['name']}"
        raise StaleVersion(subject, expected, stored["version"])


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
        applied = store.apply(outcome.changes, stamp, answer={"ci": ci_id, **drafted.answer})
    except StalePlan:
        return None
    return _seen(context, applied) if applied.is_repeated else applied


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
    if expected_version is None:
        return True
    if (edited := drafted.relationship) is not None:
        read = known.relationships.get(edited.id)
        return read is None or read["version"] == edited.version
    if not drafted.ci_id:
        return True
    row = known.cis.get(drafted.ci_id)
    return row is not None and row["version"] == expected_version


def _new_id() -> str:
    return str(uuid7())
