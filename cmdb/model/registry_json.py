"""How are the classes and types of an administrator kept? As JSON, beside the shipped ones.

What an administrator adds extends or replaces a shipped definition of the same name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import orjson

from cmdb.model.definitions import (
    Attribute,
    Availability,
    CIClass,
    IdentificationRule,
    RelationshipType,
)
from cmdb.model.registry import Registry


def encode_class(ci_class: CIClass) -> str:
    """Return a class as JSON text."""
    return orjson.dumps(class_body(ci_class), option=orjson.OPT_SORT_KEYS).decode()


def class_body(ci_class: CIClass) -> dict[str, Any]:
    """Return a class as JSON values, as an administrator may give it back."""
    body = asdict(ci_class) | {"rules": [str(rule) for rule in ci_class.rules]}
    made: dict[str, Any] = orjson.loads(orjson.dumps(body))
    return made


def decode_class(text: str) -> CIClass:
    """Return the class that `encode_class` wrote."""
    body: dict[str, Any] = orjson.loads(text)
    figures = body.pop("availability")
    return CIClass(
        **body
        | {
            "rules": tuple(IdentificationRule.parse(rule) for rule in body["rules"]),
            "attributes": tuple(
                Attribute(**a | {"choices": tuple(a["choices"])}) for a in body["attributes"]
            ),
            "availability": Availability(**figures) if figures else None,
        }
    )


def type_body(relationship_type: RelationshipType) -> dict[str, Any]:
    """Return a relationship type as JSON values, as an administrator may give it back."""
    made: dict[str, Any] = orjson.loads(orjson.dumps(asdict(relationship_type)))
    return made


def decode_type(text: str) -> RelationshipType:
    """Return the relationship type whose `type_body` this is, as JSON text."""
    body: dict[str, Any] = orjson.loads(text)
    ends = {"dependents": tuple(body["dependents"]), "providers": tuple(body["providers"])}
    return RelationshipType(**body | ends)


def extended(
    shipped: Registry, classes: Iterable[str], types: Iterable[str], *, revision: int = 0
) -> Registry:
    """Return the shipped registry with the definitions of an administrator laid over it."""
    more_classes = {c.name: c for c in map(decode_class, classes)}
    more_types = {t.name: t for t in map(decode_type, types)}
    if not more_classes and not more_types:
        return shipped
    return Registry.of(
        (dict(shipped.classes) | more_classes).values(),
        (dict(shipped.types) | more_types).values(),
        shipped.common,
        revision=revision,
    )
