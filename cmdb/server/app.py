"""What does the server answer, and where? The FastAPI application."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cmdb.errors import BadValue, CmdbError
from cmdb.server import graphql_routes, graphql_socket, health, import_routes, start_page
from cmdb.server.edge import Edge
from cmdb.server.http_errors import answer, error_answer, phrase_code
from cmdb.server.serving import Serving, noted_of

ROOMS = (start_page, health, graphql_routes, import_routes)
"""The modules whose routes the server has."""

SOCKETS = {graphql_routes.PATH: graphql_socket.serve_socket}
"""What serves WebSockets, by path."""


def create_app(serving: Serving) -> FastAPI:
    """Return the application over what is being served.

    Whoever makes it closes `serving` when it is no longer asked.
    """
    app = FastAPI(title="cmdb", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.serving = serving
    for room in ROOMS:
        app.include_router(room.router)
    app.add_exception_handler(CmdbError, _answer_error)
    app.add_exception_handler(HTTPException, _answer_refusal)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_middleware(Edge, serving=serving, sockets=SOCKETS)
    return app


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, CmdbError)  # noqa: S101 - registered for it alone
    noted = noted_of(request)
    noted.code = error.code
    return error_answer(error, noted.request_id)


async def _answer_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    code = phrase_code(error.status_code)
    made = answer(error.status_code, code, f"{error.detail}.", noted_of(request).request_id)
    made.headers.update(error.headers or {})
    return made


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    first = error.errors()[0]
    name = str(first["loc"][-1])
    noted = noted_of(request)
    noted.code = BadValue.code
    facts = {"field": name, "reason": first["msg"], "hint": ""}
    return answer(400, noted.code, f"{name}: {first['msg']}.", noted.request_id, facts)
