"""How does a person change the inventory? Each edit is a record of the source `manual`.

A manual edit competes with what discovery says by the same rules, with the highest precedence; the
record names its CI by the CI's own identifiers, so it stays with it through re-imports and merges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from uuid_utils import uuid7

from cmdb.errors import BadValue, StalePlan, StaleVersion, UnknownCI, UnknownRelationship
from cmdb.model.changes import Stamp
from cmdb.model.check import check_record
from cmdb.model.inventory import CI, Relationship, to_epoch_ms
from cmdb.model.reconcile import Rules
from cmdb.model.records import Link, Record
from cmdb.model.registry import LIFECYCLE
from cmdb.model.rights import SEES_ALL
from cmdb.model.source_records import MANUAL, SourceRecord, source_record_id
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason, NewGroup, NewRelationship
from cmdb.services import evidence
from cmdb.services.context import Context
from cmdb.services.naming import reference_to
from cmdb.services.permit import permit

SCOPE = "manual"
ATTEMPTS = 20


def add_ci(
    context: Context,
    class_name: str,
    name: str,
    attributes: Mapping[str, Any],
    within: Mapping[str, str],
    edit: EditReason,
) -> CI:
    """Return the CI that was made, or the one that these identifiers already name.

    Args:
        context: Store, clock and caller.
        class_name: A registered class.
        name: What people call it.
        attributes: Checked against the class.
        within: Ids of CIs by role, for classes identified within another thing.
        edit: Reason and key of the edit.
    """
    permit(context.caller, "edit", class_name)
    context.store.registry().get_class(class_name)
    if not name.strip():
        raise BadValue("name", "a CI needs a name")
    references = {role: reference_to(context.store, ci_id) for role, ci_id in within.items()}
    record = Record(
        class_name, key=_new_key(edit), name=name, attributes=attributes, within=references
    )
    return _write(context, record, edit, f"add {class_name} {name}")


def set_attributes(context: Context, ci_id: str, values: Mapping[str, Any], edit: EditReason) -> CI:
    """Return the CI with these manual values; None takes a manual value back.

    `name` and `lifecycle` are set like attributes.
    """
    permit(context.caller, "edit", ci_id)
    _check_version(context, ci_id, edit)
    manual = _manual_record(context, ci_id)
    attributes = {**manual.attributes}
    name, lifecycle = manual.name, manual.lifecycle
    for field, value in values.items():
        if field == "name":
            name = value
        elif field == "lifecycle":
            if value is not None and value not in LIFECYCLE:
                raise BadValue(
                    "lifecycle", f"{value!r} is no stage", f"One of {', '.join(LIFECYCLE)}."
                )
            lifecycle = value
        else:
            attributes[field] = value
    kept = {field: value for field, value in attributes.items() if value is not None}
    record = replace(manual, name=name, lifecycle=lifecycle, attributes=kept)
    return _write(context, record, edit, "set " + ", ".join(sorted(values)))


def retire_ci(context: Context, ci_id: str, edit: EditReason) -> CI:
    """Return the CI, retired: it takes part in no answer until it is restored."""
    return set_attributes(context, ci_id, {"lifecycle": "retired"}, _reasoned(edit, "retire"))


def restore_ci(context: Context, ci_id: str, edit: EditReason) -> CI:
    """Return the CI in the stage that its sources give it, or in use."""
    permit(context.caller, "edit", ci_id)
    _check_version(context, ci_id, edit)
    manual = _manual_record(context, ci_id)
    restored = replace(manual, lifecycle=None)
    ci = _write(context, restored, edit, "restore")
    if ci.lifecycle == "retired":
        back = replace(restored, lifecycle="in_use")
        ci = _write(context, back, replace(edit, idempotency_key=""), "restore")
    return ci


def add_relationship(context: Context, new: NewRelationship, edit: EditReason) -> Relationship:
    """Return the relationship from a dependent to its provider; `new` names both by id."""
    permit(context.caller, "edit", new.dependent)
    context.store.registry().get_type(new.type)
    _check_version(context, new.dependent, edit)
    manual = _manual_record(context, new.dependent)
    other = reference_to(context.store, new.provider)
    link = Link(new.type, other, strength=new.strength, tolerates_seconds=new.tolerates_seconds)
    kept = [old for old in manual.links if (old.type, old.other) != (new.type, other)]
    _write(context, replace(manual, links=(*kept, link)), edit, f"relate {new.type}")
    ends = {new.dependent, new.provider}
    for found in context.store.find_relationships([new.dependent], SEES_ALL):
        if found.type == new.type and {found.dependent, found.provider} == ends:
            return found
    raise BadValue(new.type, "these two cannot be related so", "`cmdb classes` lists the ends.")


def remove_relationship(context: Context, relationship_id: str, edit: EditReason) -> Relationship:
    """Return the relationship that was ended, whoever states it.

    What is stated by hand alone is taken back; against other sources stands a manual denial.
    """
    permit(context.caller, "edit", relationship_id)
    dependent_id = relationship_id.partition("/")[0]
    candidates = context.store.find_relationships([dependent_id], SEES_ALL)
    found = next((r for r in candidates if r.id == relationship_id), None)
    if found is None:
        raise UnknownRelationship(relationship_id, [r.id for r in candidates[:3]])
    manual = _manual_record(context, found.dependent)
    other = reference_to(context.store, found.provider)
    kept = [old for old in manual.links if (old.type, old.other) != (found.type, other)]
    denial = Link(found.type, other, discriminator=found.discriminator, denied=True)
    _write(context, replace(manual, links=(*kept, denial)), edit, f"end {found.type}")
    return replace(found, is_live=False)


def add_group(context: Context, new: NewGroup, edit: EditReason) -> CI:
    """Return a redundancy group; its owner, if any, depends on it. `new` names CIs by id."""
    permit(context.caller, "edit", new.name)
    if not 1 <= new.k_min <= max(len(set(new.members)), 1):
        reason = f"{new.k_min} of {len(set(new.members))} members cannot be needed"
        raise BadValue("k_min", reason)
    if new.k_full is not None and not new.k_min <= new.k_full <= len(set(new.members)):
        reason = f"{new.k_full} is not between {new.k_min} and {len(set(new.members))}"
        raise BadValue("k_full", reason)
    attributes = {"k_min": new.k_min, "k_full": new.k_full, "mode": new.mode}
    links = [Link("has_member", reference_to(context.store, ci_id)) for ci_id in new.members]
    within = {}
    if new.owner:
        within["owner"] = reference_to(context.store, new.owner)
        links.append(Link("depends_on", within["owner"], reverse=True))
    record = Record(
        "RedundancyGroup",
        key=_new_key(edit),
        name=new.name,
        attributes={field: value for field, value in attributes.items() if value is not None},
        within=within,
        links=links,
    )
    return _write(context, record, edit, f"add group {new.name}")


def _new_key(edit: EditReason) -> str:
    # A retry must speak of the same record.
    if edit.idempotency_key:
        return "new:" + hashlib.sha256(edit.idempotency_key.encode()).hexdigest()[:32]
    return f"new:{uuid7()}"


def _reasoned(edit: EditReason, reason: str) -> EditReason:
    return edit if edit.reason else replace(edit, reason=reason)


def _manual_record(context: Context, ci_id: str) -> Record:
    """Return the manual record of a CI as it stands, or an empty one about it."""
    for stored in context.store.source_records_of([ci_id]):
        if stored.source == MANUAL and stored.scope == SCOPE:
            return Record(
                stored.class_name,
                key=stored.key,
                name=stored.name,
                attributes=stored.attributes,
                within=stored.within,
                links=stored.links,
                lifecycle=stored.lifecycle,
                about=stored.about,
            )
    about = reference_to(context.store, ci_id)
    return Record(about.class_name, key=f"about:{uuid7()}", about=about)


def _check_version(context: Context, ci_id: str, edit: EditReason) -> None:
    stored = context.store.ci_properties([ci_id]).get(ci_id)
    if stored is None:
        raise UnknownCI(ci_id)
    if edit.expected_version is not None and stored["version"] != edit.expected_version:
        raise StaleVersion(
            f"{stored['class']}/{stored['name']}", edit.expected_version, stored["version"]
        )


def _write(context: Context, record: Record, edit: EditReason, what: str) -> CI:
    store = context.store
    registry = store.registry()
    for _ in range(ATTEMPTS):
        now = to_epoch_ms(context.clock.now())
        held = store.source_records([source_record_id(MANUAL, SCOPE, record.key)])
        observed_ms = max([now, *(r.observed_ms + 1 for r in held)])
        kept, problems = check_record(
            registry, record, source=MANUAL, scope=SCOPE, observed_ms=observed_ms, run=""
        )
        if problems:
            raise BadValue(problems[0].field or "record", problems[0].reason, problems[0].hint)
        assert kept is not None  # noqa: S101 (no problems means a record)
        ci_id = _apply(context, kept, Rules(registry, store.precedence(), _new_id), edit, what)
        if ci_id is not None:
            return store.get_cis([ci_id], SEES_ALL)[ci_id]
    raise StalePlan([record.name or record.key])


def _apply(
    context: Context, record: SourceRecord, rules: Rules, edit: EditReason, what: str
) -> str | None:
    known = evidence.begin(context.store)
    outcome = evidence.reconcile(context.store, known, rules, [record])
    ci_id = outcome.decisions[0].ci_id
    facts = [record.digest, record.key if record.about else "", edit.expected_version]
    stamp = Stamp(
        actor=context.caller.actor,
        source=MANUAL,
        reason=edit.reason or what,
        request_id=edit.request_id,
        idempotency_key=edit.idempotency_key,
        request_digest=hashlib.sha256(canonical_json(facts)).hexdigest(),
    )
    try:
        applied = context.store.apply(outcome.changes, stamp, answer={"ci": ci_id})
    except StalePlan:
        return None
    return str(applied.answer.get("ci", ci_id))


def _new_id() -> str:
    return str(uuid7())
