"""What do subscribers of the change feed cost the server that wait for something to happen?

Over real sockets, without a library where none is needed: the machine is shared with the server.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import psutil
from uuid_utils import uuid7
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.e2e.serving_process import ServingProcess

FEED = "subscription($after: Int) { changeFeed(after: $after) { entry { revision } } }"
WRITE = 'mutation($name: String!) { addCi(input: {class: "Rack", name: $name}) { __typename } }'
WARM_SUBSCRIBERS = 50
_SETTLING_SECONDS = 2
_TOLD_WITHIN_SECONDS = 120

Told = Callable[[], Awaitable[bool]]
Subscribe = Callable[[AsyncExitStack, ServingProcess, str], Awaitable[Told]]


@dataclass(frozen=True, slots=True)
class Cost:
    """What was seen.

    Attributes:
        cold_bytes: Growth of the server's memory since before anything was asked.
        warm_bytes: Growth since some subscribers had come and gone.
        told: How many were told of one write.
        told_seconds: How long after it was sent the last one was.
    """

    cold_bytes: int
    warm_bytes: int
    told: int
    told_seconds: float


async def cost_of(server: ServingProcess, secret: str, subscribe: Subscribe, count: int) -> Cost:
    """Return what so many subscribers cost.

    Before them some come and go, and as many reads are made: what the first ones cost is paid
    once, code, caches, threads, and what the Java machine of the engine takes for reads.
    """
    process = psutil.Process(server.process.pid)
    cold = process.memory_info().rss
    async with AsyncExitStack() as gone:
        for _ in range(WARM_SUBSCRIBERS):
            await subscribe(gone, server, secret)
    await asyncio.to_thread(_read, server, secret, 2 * count)
    warm = process.memory_info().rss
    async with AsyncExitStack() as opened:
        waiting = [await subscribe(opened, server, secret) for _ in range(count)]
        await asyncio.sleep(_SETTLING_SECONDS)
        grown = process.memory_info().rss
        began = time.perf_counter()
        await asyncio.to_thread(_write, server, secret)
        told = await asyncio.wait_for(
            asyncio.gather(*(each() for each in waiting)), _TOLD_WITHIN_SECONDS
        )
        seconds = time.perf_counter() - began
    return Cost(grown - cold, grown - warm, sum(told), seconds)


def _read(server: ServingProcess, secret: str, times: int) -> None:
    with server.client(secret) as client:
        assert {client.get("/readyz").status_code for _ in range(times)} == {200}


def _write(server: ServingProcess, secret: str) -> None:
    with server.client(secret) as client:
        asked = {"query": WRITE, "variables": {"name": f"rack {uuid7()}"}}
        answer = client.post("/graphql", json=asked)
        assert answer.json() == {"data": {"addCi": {"__typename": "CIWritten"}}}, answer.text


async def by_events(opened: AsyncExitStack, server: ServingProcess, secret: str) -> Told:
    """Subscribe over plain HTTP and return what waits for the first event."""
    place = server.address.removeprefix("http://")
    host, _, port = place.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    opened.callback(writer.close)
    body = json.dumps({"query": FEED}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {place}\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nAccept: text/event-stream\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await reader.readuntil(b":\n\n")

    async def first() -> bool:
        return b"revision" in await reader.readuntil(b"}}}}")

    return first


async def by_websocket(opened: AsyncExitStack, server: ServingProcess, secret: str) -> Told:
    """Subscribe over a WebSocket and return what waits for the first message."""
    client = await opened.enter_async_context(
        connect(
            server.address.replace("http", "ws") + "/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers={"Authorization": f"Bearer {secret}"},
            compression=None,
            proxy=None,
        )
    )
    await client.send('{"type": "connection_init"}')
    assert json.loads(await client.recv())["type"] == "connection_ack"
    asked = {"id": "1", "type": "subscribe", "payload": {"query": FEED}}
    await client.send(json.dumps(asked))

    async def first() -> bool:
        return "revision" in str(await client.recv())

    return first
