"""Which keys name a thing? From identifying attributes to the text that is unique in the graph.

A key is readable and canonical: `Host|serial=abc123|vendor=dell`. It starts with the family (the
topmost parent class), so that a record of `Host` and one of `PhysicalServer` meet. A key within
another thing ends with that thing's id: `ContainerWorkload|...|name=cart|@cluster=<id>`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from cmdb.model.records import Reference
from cmdb.model.registry import IdentificationRule, Registry
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
    return list(_keys(registry, class_name, values, scope, within, resolve))


def _keys(
    registry: Registry,
    class_name: str,
    values: Mapping[str, Any],
    scope: str,
    within: Mapping[str, Reference],
    resolve: Resolve,
) -> Iterator[IdentifierKey]:
    family = registry.family(class_name)
    for rank, rule in enumerate(registry.rules(class_name)):
        if rule.within and rule.within not in within:
            continue
        parts = _rule_values(registry, class_name, rule, values, scope)
        if parts is None:
            continue
        holder = ""
        if rule.within:
            found = resolve(within[rule.within])
            if found is None:
                continue
            holder = found
        shared = _can_be_shared(registry, class_name, rule)
        for chosen in product(*parts):
            text = "|".join((family, *chosen))
            if holder:
                text += f"|@{rule.within}={holder}"
            yield IdentifierKey(rank, text, str(rule), holder, shared)


def _rule_values(
    registry: Registry,
    class_name: str,
    rule: IdentificationRule,
    values: Mapping[str, Any],
    scope: str,
) -> list[list[str]] | None:
    attributes = registry.attributes(class_name)
    parts = []
    for name in rule.fields:
        if name == "scope":
            named = canonical_identifier("exact", values.get("scope") or scope)
            parts.append([f"scope={_escape(named)}"])
            continue
        attribute = attributes.get(name)
        kind = attribute.kind if attribute else "text"
        value = values.get(name)
        members = value if isinstance(value, list | tuple) else (value,)
        texts = sorted({canonical_identifier(kind, member) for member in members} - {""})
        if not texts:
            return None
        parts.append([f"{name}={_escape(text)}" for text in texts])
    return parts


def _can_be_shared(registry: Registry, class_name: str, rule: IdentificationRule) -> bool:
    attributes = registry.attributes(class_name)
    return any(
        name in SHARED_FIELDS or (name in attributes and attributes[name].kind in SHARED_KINDS)
        for name in rule.fields
    )


def _escape(text: str) -> str:
    if len(text) > LONGEST_VALUE:
        text = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    return text.replace("%", "%25").replace("|", "%7C")


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
    return any(
        _rule_values(registry, record_class, rule, values, "scope") is not None
        for rule in registry.rules(record_class)
    )
