"""How does a person change the inventory? Each edit is a record of the source `manual`.

A manual edit competes with what discovery says by the same rules, with the highest precedence; the
record names its CI by the CI's own identifiers, so it stays with it through re-imports and merges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from uuid_utils import uuid7

from cmdb.errors import BadValue, UnknownRelationship
from cmdb.model.definitions import LIFECYCLE
from cmdb.model.inventory import CI, Relationship
from cmdb.model.records import Link, Record
from cmdb.model.rights import SEES_ALL
from cmdb.ports import EditReason, NewGroup, NewRelationship
from cmdb.services.context import Context
from cmdb.services.manual_records import Draft, draft_link, draft_record, write
from cmdb.services.naming import reference_to
from cmdb.services.permit import permit


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
    return write(context, lambda: Draft(record), edit, f"add {class_name} {name}")


def set_attributes(context: Context, ci_id: str, values: Mapping[str, Any], edit: EditReason) -> CI:
    """Return the CI with these manual values; None takes a manual value back.

    `name` and `lifecycle` are set like attributes.
    """
    permit(context.caller, "edit", ci_id)
    lifecycle = values.get("lifecycle")
    if lifecycle is not None and lifecycle not in LIFECYCLE:
        hint = f"One of {', '.join(LIFECYCLE)}."
        raise BadValue("lifecycle", f"{lifecycle!r} is no stage", hint)
    own = {field: values[field] for field in ("name", "lifecycle") if field in values}

    def draft() -> Draft:
        manual = draft_record(context, ci_id)
        attributes = {**manual.record.attributes, **values}
        kept = {f: v for f, v in attributes.items() if v is not None and f not in own}
        return replace(manual, record=replace(manual.record, **own, attributes=kept))

    what = "set " + ", ".join(sorted(values))
    return write(context, draft, edit, what, [ci_id, dict(values)])


def retire_ci(context: Context, ci_id: str, edit: EditReason) -> CI:
    """Return the CI, retired: it takes part in no answer until it is restored."""
    return set_attributes(context, ci_id, {"lifecycle": "retired"}, _reasoned(edit, "retire"))


def restore_ci(context: Context, ci_id: str, edit: EditReason) -> CI:
    """Return the CI in the stage that its sources give it, or in use."""
    edit = _reasoned(edit, "restore")
    ci = set_attributes(context, ci_id, {"lifecycle": None}, edit)
    if ci.lifecycle == "retired":
        again = replace(edit, idempotency_key="", expected_version=None)
        ci = set_attributes(context, ci_id, {"lifecycle": "in_use"}, again)
    return ci


def add_relationship(context: Context, new: NewRelationship, edit: EditReason) -> Relationship:
    """Return the relationship from a dependent to its provider; `new` names both by id."""
    permit(context.caller, "edit", new.dependent)
    context.store.registry().get_type(new.type)
    if new.dependent == new.provider:
        raise BadValue(new.type, "a CI cannot be related to itself")
    other = reference_to(context.store, new.provider)
    link = Link(new.type, other, strength=new.strength, tolerates_seconds=new.tolerates_seconds)
    facts = [new.type, new.dependent, new.provider, new.strength, new.tolerates_seconds]
    write(context, draft_link(context, new.dependent, link), edit, f"relate {new.type}", facts)
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
    visibility = context.caller.visibility
    candidates = context.store.find_relationships([dependent_id], visibility, live_only=False)
    found = _named(relationship_id, candidates)
    # A retry finds it ended already; its key will give the first answer.
    if found is None or not (found.is_live or edit.idempotency_key):
        near = [r.id for r in candidates if r.is_live]
        raise UnknownRelationship(relationship_id, near[:3])
    other = reference_to(context.store, found.provider)
    denial = Link(found.type, other, discriminator=found.discriminator, denied=True)
    # The version that the caller expects is that of a CI, not of what is ended.
    unversioned = replace(edit, expected_version=None)
    draft = draft_link(context, found.dependent, denial)
    write(context, draft, unversioned, f"end {found.type}", [relationship_id])
    after = context.store.find_relationships([dependent_id], SEES_ALL, live_only=False)
    return _named(relationship_id, after) or replace(found, is_live=False)


def _named(relationship_id: str, candidates: Sequence[Relationship]) -> Relationship | None:
    return next((each for each in candidates if each.id == relationship_id), None)


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
    return write(context, lambda: Draft(record), edit, f"add group {new.name}")


def _new_key(edit: EditReason) -> str:
    # A retry must speak of the same record.
    if edit.idempotency_key:
        return "new:" + hashlib.sha256(edit.idempotency_key.encode()).hexdigest()[:32]
    return f"new:{uuid7()}"


def _reasoned(edit: EditReason, reason: str) -> EditReason:
    return edit if edit.reason else replace(edit, reason=reason)
