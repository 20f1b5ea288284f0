"""A server that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import orjson

from cmdb.client import AsyncClient, Client, Retries

HERE = "http://127.0.0.1:8080"
QUICK = Retries(attempts=6, first_pause=0.0, longest_pause=0.0)

Answer = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]


@dataclass(slots=True)
class HttpServer:
    """Gives its answers one after the other; the last one again and again."""

    answers: list[Answer]
    asked: list[httpx2.Request] = field(default_factory=list)

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request, or fail as a network does."""
        request.read()
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else answer(request)

    async def handle_async(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request of an asynchronous client."""
        await request.aread()
        return self.handle(request)

    def client(self, url: str = HERE, **options: Any) -> Client:
        """Return a client of this server that does not wait between attempts."""
        transport = httpx2.MockTransport(self.handle)
        return Client(url, "cmdb_secret", **{"retries": QUICK, "transport": transport, **options})

    def async_client(self, url: str = HERE, **options: Any) -> AsyncClient:
        """Return the same for asynchronous code."""
        transport = httpx2.MockTransport(self.handle_async)
        given = {"retries": QUICK, "transport": transport, **options}
        return AsyncClient(url, "cmdb_secret", **given)

    @property
    def bodies(self) -> list[Any]:
        """The JSON bodies that came."""
        return [orjson.loads(request.content) for request in self.asked]


def server(*answers: Answer) -> HttpServer:
    """Return a server that gives these answers."""
    return HttpServer(list(answers))


def answered(field_name: str, found: Any) -> httpx2.Response:
    """Return the result of a document with one field."""
    return httpx2.Response(200, json={"data": {field_name: found}})


def refused(
    code: str, message: str = "no", facts: dict[str, Any] | None = None, status: int = 200
) -> httpx2.Response:
    """Return the result of a document that met an error."""
    error = {"message": message, "extensions": {"code": code, "facts": facts or {}}}
    return httpx2.Response(status, json={"data": None, "errors": [error]})


def events(*entries: Any, end: Exception | None = None, begins: bool = False) -> httpx2.Response:
    """Return a stream of server-sent events, one for each entry of the feed, and how it ends.

    It begins with a comment, as that of the server does, where a test says so.
    """

    def lines() -> Iterator[bytes]:
        if begins:
            yield b":\n\n"
        for entry in entries:
            body = {"data": {"changeFeed": {"report": entry}}}
            yield b"event: next\ndata: " + orjson.dumps(body) + b"\n\n"
        if end is not None:
            raise end

    headers = {"content-type": "text/event-stream"}
    return httpx2.Response(200, headers=headers, stream=_Stream(lines))


class _Stream(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    def __init__(self, lines: Callable[[], Iterator[bytes]]) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines to a synchronous client."""
        return self._lines()

    async def __aiter__(self) -> Any:
        """Yield the lines to an asynchronous client."""
        for line in self._lines():
            yield line
