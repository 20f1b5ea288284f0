"""What does a response say? JSON that was asked for, or an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx2
import orjson

from cmdb.client.remote_errors import error_of
from cmdb.errors import BadValue, CmdbError, ServerRefused, ServerUnavailable

T = TypeVar("T")
_AWAY = (502, 503, 504)
_ERRORS = 400
_REDIRECTS = 300


def read_field(body: Any, address: str, field: str) -> Any:
    """Return what the result of a document holds for its one field.

    Raises:
        CmdbError: What the server says went wrong.
    """
    errors = body.get("errors") if isinstance(body, Mapping) else None
    if errors:
        raise _graphql_error(errors[0], address)
    try:
        found = body["data"][field]
    except (KeyError, TypeError):
        raise ServerRefused(address, f"its answer holds no {field}") from None
    if isinstance(found, Mapping) and "code" in found and "report" not in found:
        facts = found.get("facts") or {}
        raise error_of(address, str(found["code"]), str(found.get("message", "")), facts)
    return found


def understood(read: Callable[[Any], T], found: Any, address: str, what: str) -> T:
    """Return what `read` makes of a good answer.

    Raises:
        ServerRefused: It is not what this version of the client knows.
    """
    try:
        return read(found)
    except (BadValue, KeyError, TypeError, AttributeError, ValueError) as error:
        reason = error.message if isinstance(error, BadValue) else repr(error)
        raise ServerRefused(address, f"its answer to {what} cannot be read: {reason}") from error


def read_json(response: httpx2.Response, address: str) -> Any:
    """Return the JSON of a response.

    Raises:
        CmdbError: What the server says went wrong.
    """
    raise_for_status(response, address)
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        reason = "its answer is no JSON; is there another program at this address?"
        raise ServerRefused(address, reason) from None


def raise_for_status(response: httpx2.Response, address: str) -> None:
    """Raise what a response that is no success tells of.

    Raises:
        CmdbError: What the server says went wrong.
        ServerUnavailable: What stands before the server says that it is away.
        ServerRefused: Another program answers, or it points elsewhere.
    """
    status = response.status_code
    if status < _REDIRECTS:
        return
    told = _told(response)
    if told.get("errors"):
        raise _graphql_error(told["errors"][0], address)
    if "code" in told:
        facts = told.get("facts") or {}
        raise error_of(address, str(told["code"]), str(told.get("message", "")), facts)
    if status in _AWAY:
        raise ServerUnavailable(address, f"HTTP status {status}")
    if status < _ERRORS:
        where = response.headers.get("location", "elsewhere")
        raise ServerRefused(address, f"it points to {where}; give that address")
    raise ServerRefused(address, f"HTTP status {status} {response.reason_phrase}".strip())


def _told(response: httpx2.Response) -> dict[str, Any]:
    try:
        told = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _graphql_error(error: Mapping[str, Any], address: str) -> CmdbError:
    told = error.get("extensions") or {}
    message = str(error.get("message", "no reason given"))
    facts = told.get("facts") or {}
    met = error_of(address, str(told.get("code", "GRAPHQL")), message, facts)
    if isinstance(met, ServerRefused) and told.get("requestId"):
        met.facts["request_id"] = told["requestId"]
    return met
