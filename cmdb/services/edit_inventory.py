"""How does a person change the inventory? Each edit is a record of the source `manual`.

A manual edit competes with what discovery says by the same rules, with the highest precedence; the
record names its CI by the CI's own identifiers, so it stays with it through re-imports and merges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from uuid_utils import uuid7

from cmdb.errors import BadValue, UnknownRelationship
from cmdb.model.changes import Applied
from cmdb.model.definitions import LIFECYCLE
from cmdb.model.inventory import CI, Relationship
from cmdb.model.json_values import check_json
from cmdb.model.records import Link, Record, Reference
from cmdb.model.reports import plain
from cmdb.model.rights import SEES_ALL
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason, NewGroup, NewRelationship
from cmdb.services.context import Context
from cmdb.services.find_ci import find_all, find_ci
from cmdb.services.first_answers import relationship_as_of
from cmdb.services.manual_records import Draft, Edited, draft_link, draft_record, write, written_ci
from cmdb.services.naming import reference_to
from cmdb.services.permit import permit
from cmdb.services.record_values import LONGEST_NAME, check_name, check_text


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
        within: Names of CIs by role, for classes identified within another thing.
        edit: Reason and key of the edit.
    """
    permit(context.caller, "edit", class_name)
    context.store.registry().get_class(class_name)
    check_name(name)
    check_json("", {"name": name, "attributes": attributes, "within": within})

    key = _new_key(context, edit)

    def draft() -> Draft:
        holders = {role: _reference(context, holder) for role, holder in within.items()}
        record = Record(class_name, key=key, name=name, attributes=attributes, within=holders)
        return Draft(record)

    facts = [class_name, name, dict(attributes), dict(within)]
    return written_ci(context, write(context, draft, edit, f"add {class_name} {name}", facts))


def set_attributes(context: Context, ci: str, values: Mapping[str, Any], edit: EditReason) -> CI:
    """Return the CI of that name with these manual values; None takes a manual value back.

    `name` and `lifecycle` are set like attributes.
    """
    permit(context.caller, "edit", ci)
    check_json("values", values)
    lifecycle = values.get("lifecycle")
    if lifecycle is not None and lifecycle not in LIFECYCLE:
        hint = f"One of {', '.join(LIFECYCLE)}."
        raise BadValue("lifecycle", f"{lifecycle!r} is no stage", hint)
    own = {field: values[field] for field in ("name", "lifecycle") if field in values}
    name = own.get("name")
    if name is not None:
        if not isinstance(name, str):
            raise BadValue("name", f"{name!r} is no text", "Give a text, or null to take it back.")
        check_text("name", name, LONGEST_NAME)

    def draft() -> Draft:
        manual = draft_record(context, find_ci(context, ci).id)
        attributes = {**manual.record.attributes, **values}
        kept = {f: v for f, v in attributes.items() if v is not None and f not in own}
        return replace(manual, record=replace(manual.record, **own, attributes=kept))

    what = "set " + ", ".join(sorted(values))
    return written_ci(context, write(context, draft, edit, what, [ci, dict(values)]))


def retire_ci(context: Context, ci: str, edit: EditReason) -> CI:
    """Return the CI, retired: it takes part in no answer until it is restored."""
    return set_attributes(context, ci, {"lifecycle": "retired"}, _reasoned(edit, "retire"))


def restore_ci(context: Context, ci: str, edit: EditReason) -> CI:
    """Return the CI in the stage that its sources give it, or in use."""
    edit = _reasoned(edit, "restore")
    restored = set_attributes(context, ci, {"lifecycle": None}, edit)
    if restored.lifecycle == "retired":
        # A second write, with a key of its own: a retry makes neither again.
        key = edit.idempotency_key and _digest([edit.idempotency_key, "in_use"])
        again = replace(edit, idempotency_key=key, expected_version=None)
        restored = set_attributes(context, restored.id, {"lifecycle": "in_use"}, again)
    return restored


def add_relationship(context: Context, new: NewRelationship, edit: EditReason) -> Relationship:
    """Return the relationship from a dependent to its provider; `new` names both.

    The version expected is that of this relationship, 0 where it must not be on record yet.
    """
    permit(context.caller, "edit", new.dependent)
    context.store.registry().get_type(new.type)

    def draft() -> Draft:
        dependent = find_ci(context, new.dependent).id
        provider = find_ci(context, new.provider).id
        if dependent == provider:
            raise BadValue(new.type, "a CI cannot be related to itself")
        link = Link(
            new.type,
            reference_to(context.store, provider),
            strength=new.strength,
            tolerates_seconds=new.tolerates_seconds,
        )
        drafted = draft_link(context, dependent, link)
        ends = {dependent, provider}
        return replace(
            drafted,
            answer={"ends": [dependent, provider]},
            relationship=_edited(context, new.type, ends),
        )

    facts = [new.type, new.dependent, new.provider, new.strength, new.tolerates_seconds]
    applied = write(context, draft, edit, f"relate {new.type}", facts)
    return _written(context, new, applied)


def _written(context: Context, new: NewRelationship, applied: Applied) -> Relationship:
    """Return the live relationship between the ends of an edit, as that edit left it."""
    # Answers from before the ends were kept were to requests that named them by id.
    ends = set(applied.answer.get("ends", (new.dependent, new.provider)))
    for found in _between(context, new.type, ends):
        left = relationship_as_of(context, found, applied.revision)
        if left is None or left.is_live:
            return left or found
    raise BadValue(new.type, "these two cannot be related so", "`cmdb classes` lists the ends.")


def _between(context: Context, kind: str, ends: set[str]) -> list[Relationship]:
    near = context.store.find_relationships(sorted(ends)[:1], SEES_ALL, live_only=False)
    return [r for r in near if r.type == kind and {r.dependent, r.provider} == ends]


def _edited(context: Context, kind: str, ends: set[str]) -> Edited:
    found = _between(context, kind, ends)
    live = [each for each in found if each.is_live]
    newest = max(live or found, key=lambda each: each.version, default=None)
    return Edited(newest.id, newest.version) if newest else Edited()


def remove_relationship(context: Context, relationship_id: str, edit: EditReason) -> Relationship:
    """Return the relationship that was ended, whoever states it.

    What is stated by hand alone is taken back; against other sources stands a manual denial. The
    version expected is that of the relationship.
    """
    permit(context.caller, "edit", relationship_id)
    dependent_id, _, rest = relationship_id.partition("/")
    visibility = context.caller.visibility

    def draft() -> Draft:
        known = context.store.find_relationships([dependent_id], visibility, live_only=False)
        found = next((each for each in known if each.id == relationship_id), None)
        if found is None or not found.is_live:
            raise UnknownRelationship(relationship_id, [r.id for r in known if r.is_live][:3])
        other = reference_to(context.store, found.provider)
        denial = Link(found.type, other, discriminator=found.discriminator, denied=True)
        ends = {"ends": [found.dependent, found.provider]}
        drafted = draft_link(context, found.dependent, denial)
        return replace(drafted, answer=ends, relationship=Edited(found.id, found.version))

    applied = write(context, draft, edit, f"end {rest.partition('/')[0]}", [relationship_id])
    after = context.store.find_relationships([dependent_id], SEES_ALL, live_only=False)
    (ended,) = (each for each in after if each.id == relationship_id)
    return relationship_as_of(context, ended, applied.revision) or ended


def add_group(context: Context, new: NewGroup, edit: EditReason) -> CI:
    """Return a redundancy group; its owner, if any, depends on it. `new` names CIs."""
    permit(context.caller, "edit", new.name)
    check_name(new.name)
    key = _new_key(context, edit)

    def draft() -> Draft:
        return Draft(_group(context, new, key))

    facts = plain(asdict(new))
    return written_ci(context, write(context, draft, edit, f"add group {new.name}", [facts]))


def _group(context: Context, new: NewGroup, key: str) -> Record:
    members = [ci.id for ci in find_all(context, new.members)]
    _check_counts(new, len(members))
    attributes = {"k_min": new.k_min, "k_full": new.k_full, "mode": new.mode}
    links = [Link("has_member", reference_to(context.store, ci_id)) for ci_id in members]
    within = {}
    if new.owner:
        within["owner"] = _reference(context, new.owner)
        links.append(Link("depends_on", within["owner"], reverse=True))
    return Record(
        "RedundancyGroup",
        key=key,
        name=new.name,
        attributes={field: value for field, value in attributes.items() if value is not None},
        within=within,
        links=links,
    )


def _check_counts(new: NewGroup, members: int) -> None:
    if not 1 <= new.k_min <= max(members, 1):
        raise BadValue("k_min", f"{new.k_min} of {members} members cannot be needed")
    if new.k_full is not None and not new.k_min <= new.k_full <= members:
        raise BadValue("k_full", f"{new.k_full} is not between {new.k_min} and {members}")


def _reference(context: Context, name: str) -> Reference:
    return reference_to(context.store, find_ci(context, name).id)


def _new_key(context: Context, edit: EditReason) -> str:
    # A retry must speak of the same record, and nobody else's edit of it.
    if edit.idempotency_key:
        return "new:" + _digest([context.caller.actor, edit.idempotency_key])[:32]
    return f"new:{uuid7()}"


def _digest(facts: list[str]) -> str:
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def _reasoned(edit: EditReason, reason: str) -> EditReason:
    return edit if edit.reason else replace(edit, reason=reason)
