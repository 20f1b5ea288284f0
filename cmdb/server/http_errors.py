"""With which status and which body does a request end that cannot be answered?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from cmdb import errors
from cmdb_graphql.errors import INTERNAL

BODY_BYTES = "bytes of the body"
BODY_SECONDS = "seconds to send the body"
IMPORT_BYTES = "bytes of an import"
IMPORT_SECONDS = "seconds of waiting for the bytes of an import"
IMPORT_FILES = "files of an import"
IMPORTS_AT_ONCE = "imports at once"
SOCKET_FORBIDDEN = 4403
"""What a WebSocket is closed with where HTTP would answer 403."""

STATUS_BY_ERROR: Mapping[type[errors.CmdbError], int] = {
    errors.CmdbError: 500,
    errors.BadInput: 400,
    errors.BadFile: 422,
    errors.NotFound: 404,
    errors.AmbiguousName: 409,
    errors.Conflict: 409,
    errors.IllegalTransition: 409,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.DatabaseError: 503,
    errors.DatabaseFull: 507,
    errors.ServerError: 502,
    errors.ServerFull: 507,
    errors.EngineUnavailable: 503,
    errors.LogBroken: 500,
    errors.Interrupted: 503,
}
"""The status of each branch of the error tree; a child has that of its nearest parent."""

_STATUS_BY_LIMIT = {
    BODY_BYTES: 413,
    BODY_SECONDS: 408,
    IMPORT_BYTES: 413,
    IMPORT_SECONDS: 408,
    IMPORT_FILES: 413,
    IMPORTS_AT_ONCE: 429,
}
_HEADERS_BY_STATUS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": 'Bearer realm="cmdb"'},
    429: {"Retry-After": "5"},
    503: {"Retry-After": "1"},
}


def status_of(error: errors.CmdbError | type[errors.CmdbError]) -> int:
    """Return the HTTP status of an error or of a class of errors."""
    if isinstance(error, errors.LimitExceeded):
        return _STATUS_BY_LIMIT.get(error.facts["limit"], 400)
    kind = error if isinstance(error, type) else type(error)
    return next(STATUS_BY_ERROR[parent] for parent in kind.__mro__ if parent in STATUS_BY_ERROR)


def status_of_code(code: str) -> int:
    """Return the HTTP status of an error's code; 500 for one that the tree does not have."""
    return _all_codes().get(code, 500)


def error_answer(error: errors.CmdbError, request_id: str) -> Response:
    """Return the answer to a request that met an error of ours."""
    return answer(status_of(error), error.code, error.message, request_id, error.facts)


def answer(
    status: int, code: str, message: str, request_id: str, facts: Mapping[str, Any] | None = None
) -> Response:
    """Return an error as a response: JSON with `code`, `message`, `facts` and `request_id`."""
    body = {"code": code, "message": message, "facts": facts or {}, "request_id": request_id}
    return JSONResponse(body, status, dict(_HEADERS_BY_STATUS.get(status, {})))


def internal_answer(request_id: str) -> Response:
    """Return the answer to a request that met a defect: nothing but the id to look for."""
    message = "A defect of the server; its log tells of it under this request id."
    return answer(500, INTERNAL, message, request_id)


def phrase_code(status: int) -> str:
    """Return the code of a refusal that only HTTP knows, such as `METHOD_NOT_ALLOWED`."""
    return HTTPStatus(status).phrase.upper().replace(" ", "_").replace("-", "_")


class JSONResponse(Response):
    """A response of JSON values."""

    media_type = "application/json"

    def __init__(
        self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(content, status_code, headers)

    def render(self, content: Any) -> bytes:
        """Return the bytes of the values."""
        return orjson.dumps(content, default=str)


@cache
def _all_codes() -> dict[str, int]:
    return {kind.code: status_of(kind) for kind in errors.CmdbError.kinds()}
