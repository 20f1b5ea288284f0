"""Which keys name a thing? From identifying attributes to the text that is unique in the graph.

A key is readable and canonical: `Host|serial=abc123|vendor=dell`. It starts with the family (the
topmost parent class), so that a record of `Host` and one of `PhysicalServer` meet. A key within
another thing ends with that thing's id: `ContainerWorkload|...|name=cart|@cluster=<id>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmdb.model.records import Reference
from cmdb.model.registry import Registry
from cmdb.model.values import canonical_identifier

LONGEST_VALUE = 200
KEY_ONLY_RANK = 1_000
SOURCE_PREFIX = "source|"
SHARED_KINDS = frozenset({"mac", "uuid"})
SHARED_FIELDS = frozenset({"serial"})

Resolve = Callable[[Reference], str | None]


@dataclass(frozen=True, slots=True, order=True)
class IdentifierKey:
    """One key of a thing.

    Attributes:
        rank: Priority of its rule within the class, 0 the highest.
        key: The text that is unique in the graph.
        rule: The rule in text form.
        within: Id of the CI it is identified within, or empty.
        can_be_shared: Whether many carriers in one source make it a placeholder (MACs, serials).
    """

    rank: int
    key: str
    rule: str = ""
    within: str = ""
    can_be_shared: bool = False


def identifier_keys(
    registry: Registry,
    class_name: str,
    values: Mapping[str, Any],
    *,
    scope: str,
    within: Mapping[str, Reference],
    resolve: Resolve,
) -> list[IdentifierKey]:
    """Return the complete keys of a thing, highest priority first.

    Args:
        registry: The class registry.
        class_name: A registered class.
        values: Identifying attributes, `name` among them.
        scope: The declared scope of the source, for rules that name it.
        within: References by role, for rules that need one.
        resolve: Gives the id of the CI that a reference names, or None.
    """
    keys: list[IdentifierKey] = []
    for rule in _plan(registry, class_name):
        if rule.within and rule.within not in within:
            continue
        # Most rules of a class want a value that most things of it do not have.
        if (first := rule.fields[0][0]) != "scope" and values.get(first) is None:
            continue
        texts = _texts(rule, values, scope)
        if not texts:
            continue
        holder = ""
        if rule.within:
            found = resolve(within[rule.within])
            if found is None:
                continue
            holder = found
            texts = [f"{text}|@{rule.within}={holder}" for text in texts]
        keys += [
            IdentifierKey(rule.rank, text, rule.text, holder, rule.can_be_shared) for text in texts
        ]
    return keys


@dataclass(frozen=True, slots=True)
class _PlannedRule:
    """A rule of a class, ready to be run: field names with how each is compared."""

    rank: int
    text: str
    within: str
    can_be_shared: bool
    family: str
    fields: tuple[tuple[str, str], ...]


def _plan(registry: Registry, class_name: str) -> tuple[_PlannedRule, ...]:
    plan = registry.plans.get(class_name)
    if plan is None:
        attributes = registry.attributes(class_name)
        kinds = {name: attribute.kind for name, attribute in attributes.items()}
        plan = registry.plans[class_name] = tuple(
            _PlannedRule(
                rank,
                str(rule),
                rule.within,
                any(f in SHARED_FIELDS or kinds.get(f) in SHARED_KINDS for f in rule.fields),
                registry.family(class_name),
                tuple((field, kinds.get(field, "text")) for field in rule.fields),
            )
            for rank, rule in enumerate(registry.rules(class_name))
        )
    return plan


def _texts(rule: _PlannedRule, values: Mapping[str, Any], scope: str) -> list[str]:
    """Return the key texts of a rule without holder; several where a value is a list."""
    texts = [rule.family]
    for name, kind in rule.fields:
        members = _members(name, kind, values, scope)
        if not members or not members[0]:
            return []
        texts = [f"{text}|{name}={_escape(member)}" for text in texts for member in members]
    return texts


def _members(name: str, kind: str, values: Mapping[str, Any], scope: str) -> Sequence[str]:
    if name == "scope":
        return (canonical_identifier("exact", values.get("scope") or scope),)
    value = values.get(name)
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return sorted({canonical_identifier(kind, member) for member in value} - {""})
    return (canonical_identifier(kind, value),)


def _escape(text: str) -> str:
    if len(text) > LONGEST_VALUE:
        text = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    if "%" in text or "|" in text:
        return text.replace("%", "%25").replace("|", "%7C")
    return text


def key_of_source(record_id: str) -> IdentifierKey:
    """Return the key of last resort: what the source itself calls the thing.

    Args:
        record_id: Digest of source, scope and the source's own key.
    """
    return IdentifierKey(KEY_ONLY_RANK, SOURCE_PREFIX + record_id, "source key")


def record_of_source_key(key: str) -> str:
    """Return the source record that a key of last resort stands for, or empty if it is none."""
    return key.removeprefix(SOURCE_PREFIX) if key.startswith(SOURCE_PREFIX) else ""


def holder_of(key: str) -> str:
    """Return the CI that a key is within, or empty.

    >>> holder_of("SoftwareInstance|kind=web|port=80|@host=0192")
    '0192'
    """
    _, marker, holder = key.rpartition("|@")
    return holder.partition("=")[2] if marker else ""


def identifying_values(registry: Registry, record_class: str, values: Mapping[str, Any]) -> bool:
    """Return whether any rule of the class could be satisfied by these values alone."""
    return any(_texts(rule, values, "scope") for rule in _plan(registry, record_class))
