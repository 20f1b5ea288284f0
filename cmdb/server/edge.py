"""What happens to every request, whatever it asks? An id, a check of its origin, a log line.

Written against ASGI itself and not as a middleware with requests and responses: those would hold
back streams and cost a task each.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from uuid_utils import uuid7

from cmdb.errors import Forbidden
from cmdb.server.hosts import why_refused
from cmdb.server.http_errors import SOCKET_FORBIDDEN, answer, internal_answer, phrase_code
from cmdb.server.request_log import log
from cmdb.server.serving import Noted
from cmdb_graphql.errors import INTERNAL

if TYPE_CHECKING:
    from cmdb.server.serving import Serving

CLIENT_LEFT = "CLIENT_LEFT"
"""How a request ended whose client went away before it had sent its body."""

ServeSocket: TypeAlias = Callable[[WebSocket], Awaitable[None]]

_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_QUIET = frozenset({"health"})
_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


class Edge:
    """The outermost part of the application.

    Args:
        app: What answers.
        serving: What all requests share.
        sockets: What serves WebSockets, by path. Called from here: on the way through routers
            each idle subscriber would hold twenty more frames, a fifth of what it costs.
    """

    def __init__(self, app: ASGIApp, serving: Serving, sockets: Mapping[str, ServeSocket]) -> None:
        self._app = app
        self._serving = serving
        self._sockets = sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or serve one WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        noted = Noted(given if _ID.fullmatch(given) else str(uuid7()))
        scope["cmdb.noted"] = noted
        passage = _Passage(send, noted)
        began = perf_counter()
        self._serving.meters.running.inc()
        facts = {"http.request.method": scope.get("method", "WEBSOCKET"), "url.path": scope["path"]}
        try:
            with self._serving.tracing.request(scope["type"], headers, facts):
                await self._answer(scope, receive, passage, headers)
        finally:
            self._serving.meters.running.dec()
            self._tell(scope, noted, passage, perf_counter() - began)

    async def _answer(
        self, scope: Scope, receive: Receive, passage: _Passage, headers: Headers
    ) -> None:
        noted = passage.noted
        refused = why_refused(headers, self._serving.settings)
        if refused:
            noted.code = Forbidden.code
            if scope["type"] == "websocket":
                await passage(
                    {"type": "websocket.close", "code": SOCKET_FORBIDDEN, "reason": refused}
                )
                return
            await answer(403, Forbidden.code, refused, noted.request_id)(scope, receive, passage)
            return
        serve_socket = self._sockets.get(scope["path"]) if scope["type"] == "websocket" else None
        try:
            if serve_socket is not None:
                await serve_socket(WebSocket(scope, receive, passage))
            else:
                await self._app(scope, receive, passage)
        except ClientDisconnect:
            # It left in the middle of its body: nobody is there to be answered.
            noted.code = CLIENT_LEFT
        except Exception:
            noted.code = INTERNAL
            log().exception("defect", request_id=noted.request_id)
            if scope["type"] == "http" and passage.status == 0:
                await internal_answer(noted.request_id)(scope, receive, passage)

    def _tell(self, scope: Scope, noted: Noted, passage: _Passage, seconds: float) -> None:
        code = noted.code or ("OK" if passage.status < 400 else phrase_code(passage.status))
        meters = self._serving.meters
        meters.requests.labels(noted.operation, code).inc()
        if scope["type"] == "http":
            meters.request_seconds.labels(noted.operation).observe(seconds)
        if noted.operation in _QUIET and passage.status < 400:
            return
        line: dict[str, Any] = {
            "request_id": noted.request_id,
            "actor": "" if noted.caller is None else noted.caller.actor,
            "method": scope.get("method", "WEBSOCKET"),
            "path": scope["path"],
            "operation": noted.operation,
            "status": passage.status,
            "code": code,
            "duration_ms": round(seconds * 1000, 1),
        }
        log().info("request", **line)


class _Passage:
    """Passes an answer on with the headers that every answer has."""

    def __init__(self, send: Send, noted: Noted) -> None:
        self.noted = noted
        self.status = 0
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name for name, _ in message.get("headers", ())}
            message["headers"] = [
                *message.get("headers", ()),
                *((name, value) for name, value in _HEADERS.items() if name not in present),
                (b"x-request-id", self.noted.request_id.encode()),
            ]
        elif message["type"] == "websocket.accept":
            self.status = 101
        await self._send(message)
