"""Is what an importer yielded fit to be kept? Against the registry: kinds, names, ends."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cmdb.errors import BadValue
from cmdb.model.definitions import LIFECYCLE
from cmdb.model.identify import identifying_values
from cmdb.model.inventory import to_epoch_ms
from cmdb.model.records import Link, Problem, Record, Reference
from cmdb.model.registry import Registry
from cmdb.model.source_records import (
    SourceRecord,
    digest_of,
    encode_body,
    encode_reference,
    encode_within,
    source_record_id,
)
from cmdb.model.values import NotThatKind, canonical_json

STRENGTHS = frozenset({"hard", "soft", "gate", "weak"})
MOST_NESTED = 5
MOST_TOLERATED_SECONDS = 100 * 366 * 86_400
"""A hundred years: whoever waits longer does not rely on it."""


def check_record(
    registry: Registry, record: Record, *, source: str, scope: str, observed_ms: int, run: str
) -> tuple[SourceRecord | None, list[Problem]]:
    """Return the record as it is kept, or None where nothing of it can be, and its problems.

    Args:
        registry: Classes and types.
        record: As yielded.
        source: Of the run.
        scope: Of the run, as text.
        observed_ms: Declared by the run, for records without a time of their own.
        run: Id of the run.
    """
    problems: list[Problem] = []
    if record.class_name not in registry.classes:
        reason = f"there is no class {record.class_name!r}"
        return None, [Problem(record.place, "class", reason, "`cmdb classes` lists them.")]
    try:
        kept = _kept(registry, record, problems)
        if kept is None:
            return None, problems
        origin = record.source or source
        place = scope if record.scope is None else record.scope
        body = encode_body(kept)
        return (
            replace(
                kept,
                id=source_record_id(origin, place, kept.key),
                source=origin,
                scope=place,
                observed_ms=to_epoch_ms(record.observed_at) if record.observed_at else observed_ms,
                run=run,
                digest=digest_of(body),
                body=body,
            ),
            problems,
        )
    except (BadValue, TypeError, ValueError, OverflowError):
        reason = "it holds text that is not Unicode, or a value that cannot be kept"
        return None, [Problem(record.place, "", reason, "Mend the value at its source.")]


def _kept(registry: Registry, record: Record, problems: list[Problem]) -> SourceRecord | None:
    """Return what is kept of a record, without where it comes from."""
    about = record.about
    if about is not None and not _is_reference(registry, about, record.place, "about", problems):
        problems[-1] = replace(problems[-1], dropped=True)
        return None
    attributes = _attributes(registry, record, problems)
    within = {
        role: reference
        for role, reference in record.within.items()
        if _is_reference(registry, reference, record.place, f"within.{role}", problems)
    }
    name = " ".join(record.name.split())[:500] if record.name else None
    key = record.key or _derived_key(registry, record, {**attributes, "name": name}, within)
    if not key:
        reason = f"nothing in it identifies a {record.class_name}"
        rules = "; ".join(str(rule) for rule in registry.rules(record.class_name))
        problems.append(Problem(record.place, "", reason, f"Give one of: {rules}."))
        return None
    return SourceRecord(
        id="",
        source="",
        scope="",
        key=key,
        class_name=record.class_name,
        name=name,
        attributes=attributes,
        within=within,
        links=tuple(_links(registry, record, problems)),
        lifecycle=_lifecycle(record, problems),
        deleted=record.deleted,
        about=about,
    )


def _lifecycle(record: Record, problems: list[Problem]) -> str | None:
    if record.lifecycle is None or record.lifecycle in LIFECYCLE:
        return record.lifecycle
    reason = f"{record.lifecycle!r} is no life-cycle stage"
    hint = f"One of {', '.join(LIFECYCLE)}."
    problems.append(Problem(record.place, "lifecycle", reason, hint, dropped=False))
    return None


def nesting(record: SourceRecord) -> int:
    """Return how deep the things that a record is identified within are nested (0 for none)."""
    references = [*record.within.values(), *([record.about] if record.about else [])]
    return max((1 + _depth(reference) for reference in references), default=0)


def _depth(reference: Reference) -> int:
    return max((1 + _depth(inner) for inner in reference.within.values()), default=0)


def _attributes(registry: Registry, record: Record, problems: list[Problem]) -> dict[str, Any]:
    known = registry.attributes(record.class_name)
    kept: dict[str, Any] = {}
    for name, value in record.attributes.items():
        if value is None or value == "" or (isinstance(value, Collection) and not value):
            continue
        attribute = known.get(name)
        if attribute is None:
            reason = f"{record.class_name} has no attribute {name!r}"
            hint = "`cmdb classes` lists them; the value was left out."
            problems.append(Problem(record.place, name, reason, hint, dropped=False))
            continue
        try:
            kept[name] = attribute.check(value)
        except NotThatKind as error:
            reason = f"{_shown(value)} is not {error}"
            problems.append(
                Problem(record.place, name, reason, "The value was left out.", dropped=False)
            )
    return kept


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _derived_key(
    registry: Registry,
    record: Record,
    values: Mapping[str, Any],
    within: Mapping[str, Reference],
) -> str:
    if record.about is not None:
        named: Any = encode_reference(record.about)
    elif within or identifying_values(registry, record.class_name, values):
        fields = (*registry.identifying_fields(record.class_name), "name")
        chosen = {name: values[name] for name in fields if values.get(name) is not None}
        named = [registry.family(record.class_name), chosen, encode_within(within)]
    else:
        return ""
    return "auto:" + hashlib.sha256(canonical_json(named)).hexdigest()[:32]


def _unknown_class(registry: Registry, reference: Reference) -> str:
    if reference.class_name not in registry.classes:
        return reference.class_name
    inner = (_unknown_class(registry, held) for held in reference.within.values())
    return next((name for name in inner if name), "")


def _is_reference(
    registry: Registry, reference: Reference, place: str, field: str, problems: list[Problem]
) -> bool:
    unknown = _unknown_class(registry, reference)
    if unknown:
        reason = f"there is no class {unknown!r}"
    elif _depth(reference) > MOST_NESTED:
        reason = f"references are nested more than {MOST_NESTED} deep"
    elif not (reference.values or reference.within):
        reason = "the reference names nothing"
    else:
        return True
    problems.append(Problem(place, field, reason, "The reference was left out.", dropped=False))
    return False


def _links(registry: Registry, record: Record, problems: list[Problem]) -> Iterator[Link]:
    seen: set[tuple[str, bool, str, str]] = set()
    providers: Counter[str] = Counter()
    for link in record.links:
        if (reason := _link_fault(registry, record, link)) is not None:
            hint = "The relationship was left out."
            problems.append(Problem(record.place, link.type, reason, hint, dropped=False))
        elif _is_reference(registry, link.other, record.place, link.type, problems):
            facts = (link.type, link.reverse, link.discriminator, repr(link.other))
            if facts in seen:
                continue
            seen.add(facts)
            is_counted = not (link.reverse or link.denied)
            providers[link.type] += is_counted
            most = registry.types[link.type].max_providers
            if most is None or not is_counted or providers[link.type] <= most:
                yield link
                continue
            reason = f"a {record.class_name} has at most {most} of these"
            hint = "The relationship was left out."
            problems.append(Problem(record.place, link.type, reason, hint, dropped=False))


def _link_fault(registry: Registry, record: Record, link: Link) -> str | None:
    kind = registry.types.get(link.type)
    if kind is None:
        return f"there is no relationship type {link.type!r}"
    if link.strength is not None and link.strength not in STRENGTHS:
        return f"{link.strength!r} is no strength"
    if not 0 <= link.confidence <= 1:
        return "the confidence is not between 0 and 1"
    tolerated = link.tolerates_seconds
    if tolerated is not None and not 0 <= tolerated <= MOST_TOLERATED_SECONDS:
        return f"tolerates_seconds is not between 0 and {MOST_TOLERATED_SECONDS}"
    ends = (record.class_name, link.other.class_name)
    dependent, provider = reversed(ends) if link.reverse else ends
    for allowed, end in ((kind.dependents, dependent), (kind.providers, provider)):
        if allowed and end in registry.classes and not _is_allowed(registry, end, allowed):
            return f"a {end} cannot stand there (allowed: {', '.join(allowed)})"
    return None


def _is_allowed(registry: Registry, class_name: str, allowed: tuple[str, ...]) -> bool:
    names = {*registry.lineage(class_name), registry.classes[class_name].layer}
    return bool(names & set(allowed))
