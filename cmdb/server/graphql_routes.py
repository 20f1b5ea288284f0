"""How is a GraphQL document asked over HTTP?

A POST answers one document, as JSON or, where the client accepts that alone, as a stream of events.
A GET streams events, for the `EventSource` of browsers; nothing is written by it.
"""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from strawberry.types import ExecutionResult

from cmdb.errors import BadValue, LimitExceeded
from cmdb.model.json_values import check_json_text
from cmdb.server.api import MUTATION, SUBSCRIPTION, Asked, answer_of, code_of
from cmdb.server.bodies import read_body
from cmdb.server.events import event_stream
from cmdb.server.http_errors import JSONResponse, status_of_code
from cmdb.server.identity import caller_of
from cmdb.server.serving import noted_of, serving_of
from cmdb_graphql.errors import BAD_DOCUMENT

PATH = "/graphql"

router = APIRouter()
_EVENTS = "text/event-stream"
_RESPONSE = "application/graphql-response+json"
_IDE_POLICY = (
    "default-src 'none'; connect-src 'self' ws: wss:; img-src 'self' data:; "
    "font-src https://unpkg.com data:; worker-src blob:; "
    "style-src 'unsafe-inline' https://unpkg.com; "
    "script-src 'unsafe-inline' https://unpkg.com; frame-ancestors 'none'"
)


async def answer_document(request: Request) -> Response:
    """Answer one document."""
    noted, serving = noted_of(request), serving_of(request)
    noted.operation = "graphql"
    caller = await caller_of(request)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "Send the document as application/json")
    settings = serving.settings
    body = await read_body(request, settings.body_limit_bytes, settings.request_seconds)
    asked = asked_by(body)
    kind = _note_kind(request, asked)
    if _accepts(request, _EVENTS):
        return event_stream(request, asked, caller)
    if kind == SUBSCRIPTION:
        raise BadValue(
            "Accept",
            "a subscription is answered as a stream",
            f"Accept {_EVENTS}, or subscribe over a WebSocket.",
        )
    context = serving.api.context(caller, noted.request_id)
    result = await serving.api.execute(asked, context)
    noted.code = code_of(result, context.refusals)
    return _answer(request, result)


async def answer_events(request: Request) -> Response:
    """Answer a document of the address as a stream of events; in development also GraphiQL."""
    noted_of(request).operation = "graphql"
    if _accepts(request, _EVENTS):
        caller = await caller_of(request)
        given = request.query_params
        variables = _parsed("variables", given.get("variables", "{}").encode())
        asked = Asked.of(given.get("query"), variables, given.get("operationName"), reads_only=True)
        if _note_kind(request, asked) == MUTATION:
            raise HTTPException(405, "A mutation is sent by POST", {"Allow": "POST"})
        return event_stream(request, asked, caller)
    if serving_of(request).settings.is_development and _accepts(request, "text/html"):
        from strawberry.http.ides import get_graphql_ide_html

        page = get_graphql_ide_html("graphiql")
        return HTMLResponse(page, headers={"Content-Security-Policy": _IDE_POLICY})
    raise HTTPException(405, "Send documents by POST", {"Allow": "POST"})


# Plain routes: those of FastAPI hold two stacks and a set of dependencies for each subscriber.
router.add_route(PATH, answer_document, methods=["POST"])
router.add_route(PATH, answer_events, methods=["GET"])


def asked_by(body: bytes) -> Asked:
    """Return what a JSON body asks.

    Raises:
        BadValue: It is no request of GraphQL over HTTP.
        LimitExceeded: It is an array of several.
    """
    given = _parsed("body", body)
    if isinstance(given, list):
        raise LimitExceeded("arrays of documents", 0, 1, "Send one object for one document.")
    if not isinstance(given, dict):
        raise BadValue("body", "it is no JSON object")
    return Asked.of(given.get("query"), given.get("variables"), given.get("operationName"))


def _note_kind(request: Request, asked: Asked) -> str:
    """Return the kind of operation, noted with its root field for log and figures."""
    kind, name = serving_of(request).api.kind_of(asked)
    noted_of(request).operation = f"{kind} {name}".strip()
    return kind


def _parsed(place: str, text: bytes) -> Any:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadValue(place, f"it is no JSON ({error})") from error
    check_json_text(place, text)
    return found


def _answer(request: Request, result: ExecutionResult) -> Response:
    """Return a result as a response.

    One without data because the server could not answer has a status of 500 and more, so that
    clients and balancers notice; what is wrong with the document has one for clients alone that
    accept `application/graphql-response+json`.
    """
    status = 200
    is_modern = _accepts(request, _RESPONSE)
    if result.data is None and result.errors:
        found = 400 if code_of(result) == BAD_DOCUMENT else status_of_code(code_of(result))
        status = found if is_modern or found >= 500 else 200
    made = JSONResponse(answer_of(result), status)
    if is_modern:
        made.headers["content-type"] = f"{_RESPONSE}; charset=utf-8"
    return made


def _accepts(request: Request, kind: str) -> bool:
    accepted = request.headers.get("accept", "").lower()
    return any(part.partition(";")[0].strip() == kind for part in accepted.split(","))
