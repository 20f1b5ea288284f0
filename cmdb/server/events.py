"""How are results pushed over plain HTTP? As server-sent events, one `next` for each result.

The protocol is graphql-sse with distinct connections: a stream for each operation, `next` events
with results, `complete` at its end. A stream that ends without `complete` is to be opened again;
`Last-Event-ID` then stands for the variable `after`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.types import ExecutionResult

from cmdb.errors import CmdbError, Unauthenticated
from cmdb.model.rights import Caller
from cmdb.server.api import Asked, answer_of, code_of
from cmdb.server.identity import caller_of
from cmdb.server.serving import noted_of, serving_of

QUIET_SECONDS: Final = 15.0
_HEADERS = {"X-Accel-Buffering": "no"}
_QUIET: Final = b":\n\n"
_COMPLETE: Final = b"event: complete\ndata:\n\n"
_STOPPING: Final = b": the server stops; come again\nretry: 1000\n\n"
_END: Final[Any] = object()


def event_stream(request: Request, asked: Asked, caller: Caller) -> EventStream:
    """Return the results of a document as a stream of events."""
    last = request.headers.get("last-event-id", "")
    if last.isdecimal():
        asked = replace(asked, variables={**asked.variables, "after": int(last)})
    return EventStream(request, asked, caller)


class EventStream(Response):
    """A response that goes on until its document ends, the client goes or the server stops.

    Not Starlette's stream: that holds a group of tasks for each of a thousand subscribers.
    """

    media_type = "text/event-stream"

    def __init__(self, request: Request, asked: Asked, caller: Caller) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._request = request
        self._asked = asked
        self._caller = caller

    # ASGI calls with three; the scope is that of the request.
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send events as they come."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            async with aclosing(_events(self._request, self._asked, self._caller, gone)) as pieces:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _events(
    request: Request, asked: Asked, caller: Caller, gone: asyncio.Future[None]
) -> AsyncGenerator[bytes, None]:
    serving, noted = serving_of(request), noted_of(request)
    context = serving.api.context(caller, noted.request_id)
    gauge = serving.meters.subscribers.labels("sse")
    gauge.inc()
    try:
        yield _QUIET  # So that the client sees at once that it is subscribed.
        results = serving.api.stream(asked, context, lambda: caller_of(request))
        async with aclosing(_paced(results, (gone, serving.stopped()))) as paced:
            async for result in paced:
                if result is not None:
                    noted.code = code_of(result)
                yield _QUIET if result is None else _event(result)
        yield _STOPPING if serving.stopping.is_set() else _COMPLETE
    except Unauthenticated as error:
        noted.code = error.code
        yield _refusal(error)
        yield _COMPLETE
    finally:
        gauge.dec()


async def _paced(
    results: AsyncGenerator[ExecutionResult, None], ends: tuple[asyncio.Future[Any], ...]
) -> AsyncGenerator[ExecutionResult | None, None]:
    """Yield results, and None whenever it was quiet for a while, until one of the ends is there."""
    pending: asyncio.Future[Any] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(results, _END))
            done, _ = await asyncio.wait(
                (pending, *ends), timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if pending in done:
                result, pending = pending.result(), None
                if result is _END:
                    return
                yield result
            elif done:
                return
            else:
                yield None
    finally:
        if pending is not None:
            pending.cancel()
            await asyncio.gather(pending, return_exceptions=True)
        await results.aclose()


def _event(result: ExecutionResult) -> bytes:
    number = revision_in(result.data)
    place = b"" if number is None else b"id: %d\n" % number
    return b"event: next\n%sdata: %s\n\n" % (place, orjson.dumps(answer_of(result), default=str))


def _refusal(error: CmdbError) -> bytes:
    shown = {"message": error.message, "extensions": {"code": error.code, "facts": error.facts}}
    return b"event: next\ndata: %s\n\n" % orjson.dumps({"data": None, "errors": [shown]})


def revision_in(data: Any) -> int | None:
    """Return the revision that a result of the change feed carries, where it was asked for."""
    if not isinstance(data, dict) or len(data) != 1:
        return None
    (entry,) = data.values()
    if isinstance(entry, dict) and isinstance(entry.get("entry"), dict):
        entry = entry["entry"]
    revision = entry.get("revision") if isinstance(entry, dict) else None
    return revision if type(revision) is int else None
