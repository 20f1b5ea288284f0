"""How does the contract explain itself? By the docstrings of what it was made of."""

from __future__ import annotations

import inspect
from typing import Any, Final

from graphql import GraphQLSchema, is_introspection_type

_BACK: Final = "strawberry-definition"


def describe(schema: GraphQLSchema) -> None:
    """Give each type and field without a description the first line of its docstring."""
    for kind in schema.type_map.values():
        definition = kind.extensions.get(_BACK)
        if definition is None or is_introspection_type(kind):
            continue
        origin = getattr(definition, "origin", None) or getattr(definition, "wrapped_cls", None)
        kind.description = kind.description or _first_line(origin)
        for field in getattr(kind, "fields", {}).values():
            field.description = field.description or _said_by_resolver(field)


def _said_by_resolver(field: Any) -> str | None:
    resolver = getattr(field.extensions.get(_BACK), "base_resolver", None)
    return _first_line(resolver.wrapped_func) if resolver else None


def _first_line(thing: Any) -> str | None:
    text = inspect.getdoc(thing) if thing is not None else None
    return text.splitlines()[0] if text else None
