"""Which classes and relationship types are registered, and how is one added or changed?

A change is checked against what is on record before it is written, and written only if nothing was
written in between: data that would be orphaned is a refusal, never a surprise.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from cmdb.errors import BadValue, StalePlan
from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.definition_changes import Definition
from cmdb.model.definition_checks import (
    Demands,
    allows,
    check_attribute_names,
    check_class_change,
    check_extends_class,
    check_extends_type,
    check_type_change,
    with_class,
    with_type,
)
from cmdb.model.definition_input import read_class, read_type
from cmdb.model.definitions import Attribute, RelationshipType
from cmdb.model.registry import Registry
from cmdb.model.registry_json import class_body, type_body
from cmdb.model.rights import SEES_ALL
from cmdb.model.selection import MAX_PAGE, Selection
from cmdb.model.shipped import shipped_registry
from cmdb.model.source_records import MANUAL
from cmdb.model.system_reports import ClassReport, RegistryChange, TypesReport, TypeSummary
from cmdb.model.values import NotThatKind, canonical_json
from cmdb.ports import EditReason
from cmdb.services.context import Context
from cmdb.services.permit import permit
from cmdb.services.record_values import check_edit

_ATTEMPTS = 40
_LONGEST_PAUSE_SECONDS = 0.25


def list_types(context: Context) -> TypesReport:
    """Return the registered relationship types, by name."""
    permit(context.caller, "read", "relationship types")
    types = context.store.registry().types
    return TypesReport(
        tuple(
            TypeSummary(name, found.summary, found.strength is not None, type_body(found))
            for name, found in sorted(types.items())
        )
    )


def show_class(context: Context, name: str) -> ClassReport:
    """Return one registered class with its full definition, inherited attributes included.

    Raises:
        UnknownClass: With the nearest names.
    """
    permit(context.caller, "read", name)
    registry = context.store.registry()
    found = registry.get_class(name)
    attributes = tuple(_plain(each) for _, each in sorted(registry.attributes(name).items()))
    return ClassReport(
        name,
        class_body(found),
        attributes,
        name in shipped_registry().classes,
        context.store.definition_version("class", name),
    )


def register_class(
    context: Context, definition: Mapping[str, Any], reason: EditReason
) -> RegistryChange:
    """Register a CI class, or change one.

    Raises:
        BadValue: A cycle of parents, a field at fault, or data that would be orphaned.
        StaleVersion: The class is not at the version that the caller expects.
        StalePlan: Others write all the time.
    """
    permit(context.caller, "administer", "classes")
    new = read_class(definition)

    def prepare(registry: Registry, sequence: int) -> Definition:
        before = registry.classes.get(new.name)
        if (shipped := shipped_registry().classes.get(new.name)) is not None:
            check_extends_class(shipped, new)
        check_attribute_names(before, new)
        with_class(registry, new)
        _meet_class(context, new.name, check_class_change(before, new))
        body = class_body(before) if before else {}
        after = class_body(new)
        return Definition("class", new.name, body, after, sequence, reason.expected_version)

    return _register(context, prepare, reason, class_body(new))


def register_type(
    context: Context, definition: Mapping[str, Any], reason: EditReason
) -> RegistryChange:
    """Register a relationship type, or change one; raises like `register_class`."""
    permit(context.caller, "administer", "relationship types")
    new = read_type(definition)

    def prepare(registry: Registry, sequence: int) -> Definition:
        before = registry.types.get(new.name)
        if (shipped := shipped_registry().types.get(new.name)) is not None:
            check_extends_type(shipped, new)
        _meet_type(context, with_type(registry, new), new, check_type_change(before, new))
        body = type_body(before) if before else {}
        expected = reason.expected_version
        return Definition("relationship_type", new.name, body, type_body(new), sequence, expected)

    return _register(context, prepare, reason, type_body(new))


def _register(
    context: Context,
    prepare: Callable[[Registry, int], Definition],
    reason: EditReason,
    asked: Mapping[str, Any],
) -> RegistryChange:
    store = context.store
    for attempt in range(_ATTEMPTS):
        # The head before the registry and the data: what is written after it is noticed.
        sequence = store.head().sequence
        stamp = _stamp(context, reason, asked)
        if (first := store.find_answer(stamp)) is not None:
            return _answered(first, asked)
        definition = prepare(store.registry(), sequence)
        kind, name = definition.kind, definition.name
        version = store.definition_version(kind, name)
        is_expected = definition.expected_version in (None, version)
        if definition.before == definition.after and is_expected:
            return _unchanged(context, stamp, RegistryChange(kind, name, version, asked))
        try:
            applied = store.save_definition(definition, stamp)
        except StalePlan:
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE_SECONDS, 0.01 * 2**attempt)))
            continue
        return _answered(applied, asked)
    raise StalePlan(["the inventory"])


def _unchanged(context: Context, stamp: Stamp, found: RegistryChange) -> RegistryChange:
    """Return what changed nothing, and keep it: others may change it before a retry."""
    if stamp.idempotency_key:
        kept = {"kind": found.kind, "name": found.name, "version": found.revision}
        context.store.apply(ChangeSet(), stamp, answer=kept)
    return found


def _answered(applied: Applied, asked: Mapping[str, Any]) -> RegistryChange:
    answer = applied.answer
    revision = int(answer.get("version", applied.revision))
    return RegistryChange(str(answer["kind"]), str(answer["name"]), revision, asked)


def _stamp(context: Context, reason: EditReason, asked: Mapping[str, Any]) -> Stamp:
    check_edit(reason)
    request = canonical_json([asked, context.caller.actor, reason.expected_version])
    return Stamp(
        actor=context.caller.actor,
        source=MANUAL,
        reason=reason.reason or f"register {asked['name']}",
        request_id=reason.request_id,
        idempotency_key=reason.idempotency_key,
        request_digest=hashlib.sha256(request).hexdigest(),
    )


def _meet_class(context: Context, name: str, demands: Demands) -> None:
    if demands.are_none:
        return
    for ids in _pages(context, name):
        if demands.unused:
            hint = "Register another class instead."
            raise BadValue(name, f"CIs of it are on record, and {demands.unused[0]}", hint)
        for record in context.store.source_records_of(ids):
            for attribute, narrowed in demands.attributes:
                value = record.attributes.get(attribute)
                if value is not None and not _still_fits(narrowed, value):
                    raise BadValue(
                        f"attribute {attribute} of {name}",
                        f"a CI on record has the value {str(value)[:50]!r}, which would be lost",
                        "Change that value first.",
                    )


def _pages(context: Context, name: str) -> Iterator[list[str]]:
    """Yield the ids of all CIs of a class and its children, retired ones included."""
    after = ""
    while True:
        page = context.store.select(
            Selection(name, fields=("id",), first=MAX_PAGE, after=after, include_retired=True),
            SEES_ALL,
        )
        if page.rows:
            yield [row[0] for row in page.rows]
        if not page.has_next:
            return
        after = page.cursors[-1]


def _still_fits(attribute: Attribute | None, value: Any) -> bool:
    if attribute is None:
        return False
    try:
        checked = attribute.check(value)
    except (NotThatKind, ValueError, TypeError):
        return False
    return type(checked) is type(value) and bool(checked == value)


def _meet_type(
    context: Context, registry: Registry, new: RelationshipType, demands: Demands
) -> None:
    if demands.are_none:
        return
    in_use = context.store.ends_in_use(new.name)
    if in_use and demands.unused:
        raise BadValue(new.name, f"relationships of it are on record, and {demands.unused[0]}")
    if demands.is_ends_narrowed:
        for dependent, provider, count in in_use:
            for end, allowed in ((dependent, new.dependents), (provider, new.providers)):
                if not allows(registry, allowed, end):
                    reason = f"{count} on record from {dependent} to {provider} would not fit"
                    raise BadValue(new.name, reason, "End them first, or allow these ends.")
    if demands.max_providers is not None:
        most = context.store.most_providers(new.name)
        if most > demands.max_providers:
            raise BadValue("max_providers", f"something on record has {most}")


def _plain(attribute: Attribute) -> dict[str, Any]:
    made: dict[str, Any] = orjson.loads(orjson.dumps(asdict(attribute)))
    return made
