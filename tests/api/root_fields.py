"""Every root field of the schema, and a document that asks for it, made from the schema itself.

An argument is given for all that need one.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from cmdb_graphql.schema import build_schema

SCHEMA = build_schema()
ROOTS = {
    "query": SCHEMA._schema.query_type,
    "mutation": SCHEMA._schema.mutation_type,
    "subscription": SCHEMA._schema.subscription_type,
}
FIELDS = [
    (operation, name)
    for operation, root in ROOTS.items()
    if root is not None
    for name in root.fields
]
SCALARS = {
    "String": '"text"',
    "ID": '"text"',
    "Int": "1",
    "Float": "1",
    "Boolean": "true",
    "JSON": "{}",
    "DateTime": '"2030-01-01T00:00:00Z"',
    "Moment": "1",
}


def field_of(operation: str, name: str) -> GraphQLField:
    """Return what the schema says of a root field."""
    root = ROOTS[operation]
    assert root is not None
    found: GraphQLField = root.fields[name]
    return found


def input_of(mutation: str) -> GraphQLInputObjectType:
    """Return the type of what a mutation takes."""
    kind = get_named_type(field_of("mutation", mutation).args["input"].type)
    assert isinstance(kind, GraphQLInputObjectType)
    return kind


def value_of(kind: Any) -> str:
    """Return some value of a type, as a document writes it."""
    if isinstance(kind, GraphQLNonNull):
        return value_of(kind.of_type)
    if isinstance(kind, GraphQLList):
        return f"[{value_of(kind.of_type)}]"
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    if isinstance(kind, GraphQLInputObjectType):
        needed = {n: f.type for n, f in kind.fields.items() if is_required_input_field(f)}
        return "{" + " ".join(f"{n}: {value_of(each)}" for n, each in needed.items()) + "}"
    return SCALARS[kind.name]


def document_of(operation: str, name: str) -> str:
    """Return a document that asks for one field."""
    field = field_of(operation, name)
    needed = {n: a.type for n, a in field.args.items() if is_required_argument(a)}
    arguments = ", ".join(f"{n}: {value_of(kind)}" for n, kind in needed.items())
    result: Any = get_named_type(field.type)
    inner = "" if is_leaf_type(result) else " { __typename }"
    if isinstance(result, GraphQLUnionType):
        inner = " { __typename ... on Refusal { code } }"
    return f"{operation} {{ {name}{f'({arguments})' if arguments else ''}{inner} }}"
