"""What does a body of a request ask, and what bytes answer it? For the edge that speaks HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from strawberry.types import ExecutionResult

from cmdb.errors import BadValue, LimitExceeded


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation to execute.

    Attributes:
        query: The document.
        variables: Its variables, or None.
        operation_name: Which of its operations, or None where it has one.
    """

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


def read_request(body: bytes) -> GraphQLRequest:
    """Return what a JSON body asks.

    Raises:
        BadValue: It is no JSON object with a text `query`.
        LimitExceeded: It is an array of operations.
    """
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadValue("body", f"it is no JSON ({error})") from error
    if isinstance(given, list):
        raise LimitExceeded("operations in a request", 1, len(given), "Send them one by one.")
    if not isinstance(given, dict):
        raise BadValue("body", "it is no JSON object")
    query = _field(given, "query", str)
    if not query:
        raise BadValue("query", "there is no document")
    return GraphQLRequest(
        query, _field(given, "variables", dict), _field(given, "operationName", str)
    )


def encode_result(result: ExecutionResult) -> bytes:
    """Return the JSON body that answers a request."""
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        body["extensions"] = result.extensions
    return orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)


def _field(given: Mapping[str, Any], name: str, kind: type) -> Any:
    value = given.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadValue(name, f"it must be a {'text' if kind is str else 'JSON object'}")
    return value
