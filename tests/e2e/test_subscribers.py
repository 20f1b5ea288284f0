"""What do a thousand subscribers cost that wait for something to happen?"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.e2e.command_line import CommandLine
from tests.e2e.serving_process import ServingProcess, serving_process

COUNT = 1_000
MOST_BYTES = 50_000_000
FEED = "subscription($after: Int) { changeFeed(after: $after) { entry { revision } } }"


@pytest.mark.load
@pytest.mark.parametrize("transport", ["events", "websocket"])
def test_a_thousand_idle_subscribers_cost_little_and_all_are_told(
    own_estate: CommandLine, transport: str
) -> None:
    with serving_process(own_estate.data_dir) as server:
        secret = server.first_token()
        subscribe = by_events if transport == "events" else by_websocket
        cost, told = asyncio.run(subscribed(server, secret, subscribe))
        server.stop()

    print(f"{transport}: {COUNT} idle subscribers cost {cost / 1e6:.1f} MB")
    assert told == COUNT
    assert cost <= MOST_BYTES


async def subscribed(server: ServingProcess, secret: str, subscribe: object) -> tuple[int, int]:
    """Return the memory that subscribers cost, and how many were told of a write."""
    assert callable(subscribe)
    process = psutil.Process(server.process.pid)
    async with AsyncExitStack() as opened:
        # What the first ones cost is paid once: code, caches, threads, and what the Java machine
        # of the engine takes for a thousand reads, with or without subscribers.
        await asyncio.to_thread(warm_up, server, secret)
        for _ in range(20):
            await subscribe(opened, server, secret)
        before = process.memory_info().rss
        waiting = [await subscribe(opened, server, secret) for _ in range(COUNT)]
        await asyncio.sleep(2)
        cost = process.memory_info().rss - before
        await asyncio.to_thread(write, server, secret)
        told = await asyncio.wait_for(asyncio.gather(*(each() for each in waiting)), 120)
    return cost, sum(told)


def warm_up(server: ServingProcess, secret: str) -> None:
    with server.client(secret) as client:
        assert {client.get("/readyz").status_code for _ in range(2 * COUNT)} == {200}


def write(server: ServingProcess, secret: str) -> None:
    with server.client(secret) as client:
        document = 'mutation { addCi(input: {class: "Rack", name: "news"}) { __typename } }'
        assert client.post("/graphql", json={"query": document}).status_code == 200


async def by_events(opened: AsyncExitStack, server: ServingProcess, secret: str) -> object:
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


async def by_websocket(opened: AsyncExitStack, server: ServingProcess, secret: str) -> object:
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
