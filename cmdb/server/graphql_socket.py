"""How are results pushed over a WebSocket? By the protocol `graphql-transport-ws`.

Strawberry speaks the protocol; here it learns who asks, from the header of the handshake or from
the payload of `connection_init`, and that a token may end while a subscription goes on.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from datetime import timedelta
from typing import Any, Final

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.types import ExecutionResult
from strawberry.types.unset import UNSET

from cmdb.errors import BadValue, CmdbError, DatabaseError, LimitExceeded, Unauthenticated
from cmdb.model.json_values import check_json_text
from cmdb.model.rights import Caller
from cmdb.server.api import Asked, refused
from cmdb.server.http_errors import SOCKET_FORBIDDEN
from cmdb.server.identity import known_by
from cmdb.server.serving import noted_of, serving_of

NOT_ACCEPTABLE: Final = 4406
SUBSCRIPTIONS: Final = "subscriptions of a connection"
MOST_SUBSCRIPTIONS = 20
_PARTS: Final[Mapping[str, Mapping[str, type]]] = {
    "subscribe": {"id": str, "payload": dict},
    "complete": {"id": str},
}
"""What a message of each type must have."""
_INIT_WITHIN = timedelta(seconds=10)


async def serve_socket(websocket: WebSocket) -> None:
    """Serve one connection."""
    noted_of(websocket).operation = "websocket"
    if GRAPHQL_TRANSPORT_WS_PROTOCOL not in websocket.scope["subprotocols"]:
        await websocket.close(NOT_ACCEPTABLE, f"Speak {GRAPHQL_TRANSPORT_WS_PROTOCOL}")
        return
    await websocket.accept(GRAPHQL_TRANSPORT_WS_PROTOCOL)
    gauge = serving_of(websocket).meters.subscribers.labels("websocket")
    gauge.inc()
    try:
        await _Connection(websocket).serve()
    finally:
        gauge.dec()


class _Connection:
    """One connection: the socket, the view and the schema as Strawberry's handler wants them."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._serving = serving_of(websocket)
        self._given = websocket.headers.get("authorization", "")
        self._handler: Any = _Handler(
            view=self,  # type: ignore[arg-type]  # what the handler calls of a view
            websocket=self,  # type: ignore[arg-type]  # and of a socket
            context=_Entering(),
            root_value=None,
            schema=self,  # type: ignore[arg-type]  # and of a schema
            connection_init_wait_timeout=_INIT_WITHIN,
        )

    async def serve(self) -> None:
        """Serve until either side closes."""
        await self._handler.handle()

    # The view: who asks?

    async def on_ws_connect(self, context: _Entering) -> Any:
        """Take the token of the payload, or that of the handshake."""
        sent = next(
            (v for k, v in context.connection_params.items() if k.lower() == "authorization"), None
        )
        if isinstance(sent, str):
            self._given = sent
        try:
            caller = await self._known()
        except CmdbError as error:
            noted_of(self._websocket).code = error.code
            raise ConnectionRejectionError from error
        request_id = noted_of(self._websocket).request_id
        self._handler.context = self._serving.api.context(caller, request_id)
        # It was cancelled; kept, each subscriber would hold a task and its last exception.
        self._handler.connection_init_timeout_task = None
        return UNSET

    # The schema: what are the results?

    async def stream(
        self,
        query: Any,
        variable_values: Any = None,
        context_value: Any = None,
        root_value: None = None,  # noqa: ARG002 - the handler names it
        operation_name: Any = None,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Return the results of an operation; the connection ends with the token."""
        try:
            asked = Asked.of(query, variable_values, operation_name)
        except BadValue as error:
            return _once(refused(error, noted_of(self._websocket).request_id))
        return self._results(asked, context_value)

    async def _results(self, asked: Asked, context: Any) -> AsyncGenerator[ExecutionResult, None]:
        try:
            # Each operation is a request of its own: whether the token holds is known anew before
            # anything runs, and what was told of the registry ages.
            caller = await self._known()
            fresh = self._serving.api.context(caller, context.request_id)
            async with aclosing(self._serving.api.stream(asked, fresh, self._known)) as results:
                async for result in results:
                    yield result
        except DatabaseError as error:
            yield refused(error, context.request_id)
        except Unauthenticated as error:
            noted_of(self._websocket).code = error.code
            await self.close(SOCKET_FORBIDDEN, "Forbidden")

    async def _known(self) -> Caller:
        return await known_by(self._websocket, self._given)

    # The socket: JSON in text messages

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncIterator[object]:
        """Yield messages until the client goes."""
        try:
            while self._websocket.application_state != WebSocketState.DISCONNECTED:
                try:
                    yield _parsed(await self._websocket.receive_text())
                except (orjson.JSONDecodeError, BadValue) as error:
                    if not ignore_parsing_errors:
                        raise NonJsonMessageReceived from error
        except KeyError as error:
            raise NonTextMessageReceived from error
        except WebSocketDisconnect:
            return

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message."""
        try:
            await self._websocket.send_text(orjson.dumps(message, default=str).decode())
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close the connection, if it is still open."""
        if self._websocket.application_state == WebSocketState.CONNECTED:
            await self._websocket.close(code, reason)


class _Handler(BaseGraphQLTransportWSHandler[Any, None]):
    """Strawberry's handler, which trusts the form of messages, behind a check of it."""

    async def handle_message(self, message: Any) -> None:
        """Handle a message, or close the connection of whoever does not speak the protocol."""
        kind = message.get("type") if isinstance(message, dict) else None
        if not isinstance(kind, str):
            await self.handle_invalid_message("A message is a JSON object with a type")
            return
        for name, form in _PARTS.get(kind, {}).items():
            if not isinstance(message.get(name), form):
                await self.handle_invalid_message(f"A {kind} message has no valid {name}")
                return
        await super().handle_message(message)

    async def handle_subscribe(self, message: Any) -> None:
        """Begin an operation, unless as many as may go on do."""
        running = len(self.operations)
        if running < MOST_SUBSCRIPTIONS or message["id"] in self.operations:
            await super().handle_subscribe(message)
            return
        hint = "Complete one, or open another connection."
        error = LimitExceeded(SUBSCRIPTIONS, MOST_SUBSCRIPTIONS, running + 1, hint)
        errors = refused(error, self.context.request_id).errors or ()
        payload: Any = [each.formatted for each in errors]
        await self.send_message({"id": message["id"], "type": "error", "payload": payload})


class _Entering:
    """The context until it is known who asks."""

    def __init__(self) -> None:
        self.connection_params: Mapping[str, Any] = {}


def _parsed(message: str) -> object:
    found: object = orjson.loads(message)
    check_json_text("message", message.encode())
    return found


async def _once(result: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield result
