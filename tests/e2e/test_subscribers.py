"""What do a thousand subscribers cost that wait for something to happen?"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import psutil
import pytest

from tests.benchmark.subscribers import by_events, by_websocket, write
from tests.e2e.command_line import CommandLine
from tests.e2e.serving_process import ServingProcess, serving_process

COUNT = 1_000
MOST_BYTES = 50_000_000


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
        # What the first ones cost is paid once: code, caches, threads.
        for _ in range(20):
            await subscribe(opened, server, secret)
        before = process.memory_info().rss
        waiting = [await subscribe(opened, server, secret) for _ in range(COUNT)]
        await asyncio.sleep(2)
        cost = process.memory_info().rss - before
        await asyncio.to_thread(write, server, secret)
        told = await asyncio.wait_for(asyncio.gather(*(each() for each in waiting)), 120)
    return cost, sum(told)
