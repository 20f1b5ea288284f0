"""Is every field of the schema refused to who has no role? Field by field, from the schema itself.

A document for each root field is made from the contract, with an argument for all that need one.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
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
    parse,
    validate,
)

from cmdb.ports.graph_reading import GraphReading
from cmdb.ports.operations import Operations
from cmdb_graphql.context import ApiContext
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.schema import build_schema
from cmdb_graphql.workers import Workers
from tests.api.recording import Recording
from tests.api.serving import NOBODY, VIEWER

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


def value_of(kind: Any) -> str:
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


def document_of(operation: str, name: str, field: GraphQLField) -> str:
    needed = {n: a.type for n, a in field.args.items() if is_required_argument(a)}
    arguments = ", ".join(f"{n}: {value_of(kind)}" for n, kind in needed.items())
    result: Any = get_named_type(field.type)
    inner = "" if is_leaf_type(result) else " { __typename }"
    if isinstance(result, GraphQLUnionType):
        inner = " { __typename ... on Refusal { code } }"
    return f"{operation} {{ {name}{f'({arguments})' if arguments else ''}{inner} }}"


def ask(document: str, caller: Any) -> tuple[list[str], Recording]:
    """Codes of the errors, and what of the operations was reached."""

    async def work() -> list[Any]:
        workers = Workers(1)
        operations, reading = Recording(), cast(GraphReading, Recording())
        context = ApiContext(
            cast(Operations, operations),
            reading,
            caller,
            "r",
            workers,
            None,
            Loaders(reading, workers),
        )
        results: Any = await SCHEMA.stream(document, None, context)
        told = [result async for result in results]
        workers.close()
        reached.append(operations)
        return told

    reached: list[Recording] = []
    results = asyncio.run(work())
    errors = [error for result in results for error in result.errors or []]
    return [str((error.extensions or {})["code"]) for error in errors], reached[0]


@pytest.mark.parametrize(("operation", "name"), FIELDS, ids=lambda part: str(part))
def test_a_field_is_refused_without_a_role_and_reached_with_one(operation: str, name: str) -> None:
    root = ROOTS[operation]
    assert root is not None
    document = document_of(operation, name, root.fields[name])
    assert validate(SCHEMA._schema, parse(document)) == []

    refused, operations = ask(document, NOBODY)
    allowed, _ = ask(document, VIEWER)

    assert refused == ["FORBIDDEN"]
    assert operations.asked == {}
    # Nothing stands behind it here: what is let through ends in something else than a refusal.
    assert "FORBIDDEN" not in allowed


def test_every_root_field_is_among_them() -> None:
    assert len(FIELDS) > 50
    assert {operation for operation, _ in FIELDS} == set(ROOTS)
