"""How does one subscribe to the change feed of a server over a real socket, and hear of a write?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.e2e.serving_process import ServingProcess

FEED = "subscription($after: Int) { changeFeed(after: $after) { entry { revision } } }"

First = Callable[[], Awaitable[bool]]
"""Waits for the first thing that a subscriber is told; True if it is an entry of the log."""


async def by_events(opened: AsyncExitStack, server: ServingProcess, secret: str) -> First:
    """Subscribe over plain HTTP and return what waits for the first event."""
    place = urlsplit(server.address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    opened.callback(writer.close)
    body = json.dumps({"query": FEED}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nAccept: text/event-stream\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await reader.readuntil(b":\n\n")

    async def first() -> bool:
        return b"revision" in await reader.readuntil(b"}}}}")

    return first


async def by_websocket(opened: AsyncExitStack, server: ServingProcess, secret: str) -> First:
    """Subscribe over a WebSocket and return what waits for the first message."""
    client = await opened.enter_async_context(
        connect(
            server.address.replace("http", "ws") + "/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers={"Authorization": f"Bearer {secret}"},
            compression=None,
        )
    )
    await client.send('{"type": "connection_init"}')
    assert json.loads(await client.recv())["type"] == "connection_ack"
    asked = {"id": "1", "type": "subscribe", "payload": {"query": FEED}}
    await client.send(json.dumps(asked))

    async def first() -> bool:
        return "revision" in str(await client.recv())

    return first


def write(server: ServingProcess, secret: str) -> None:
    """Make one entry of the log."""
    with server.client(secret) as client:
        document = 'mutation { addCi(input: {class: "Rack", name: "news"}) { __typename } }'
        answer = client.post("/graphql", json={"query": document})
        assert answer.json() == {"data": {"addCi": {"__typename": "CIWritten"}}}, answer.text
