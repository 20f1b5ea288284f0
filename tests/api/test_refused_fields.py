"""Is every root field refused to who has no role? Field by field, from the schema itself."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from graphql import parse, validate

from cmdb.ports.graph_reading import GraphReading
from cmdb.ports.operations import Operations
from cmdb_graphql.context import ApiContext
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.workers import Workers
from tests.api.recording import Recording
from tests.api.root_fields import FIELDS, ROOTS, SCHEMA, document_of
from tests.api.serving import NOBODY, VIEWER


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
    document = document_of(operation, name)
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
