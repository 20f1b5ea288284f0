"""Does the asynchronous client do the same as the other, without blocking the loop?"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx2
import pytest

from cmdb.client import Retries
from cmdb.errors import StaleVersion
from cmdb.model.records import ImportInput
from tests.fakes.http_server import answered, refused, server
from tests.unit.client.samples import ITEM, ITEM_JSON, WHY
from tests.unit.client.test_importing import FINISHED, READING, REPORT, REQUEST, told


def test_a_call_is_awaited_and_tried_again_with_the_same_key() -> None:
    stand_in = server(httpx2.ReadError("lost"), answered("retireCi", {"report": ITEM_JSON}))

    async def work() -> None:
        async with stand_in.async_client() as client:
            assert await client.retire_ci("web", WHY) == ITEM

    asyncio.run(work())

    first, second = (body["variables"]["input"]["idempotencyKey"] for body in stand_in.bodies)
    assert first == second != ""


def test_an_error_is_raised_as_ever() -> None:
    async def work() -> None:
        async with server(refused("STALE_VERSION")).async_client() as client:
            await client.retire_ci("web", WHY)

    with pytest.raises(StaleVersion):
        asyncio.run(work())


def test_a_file_is_sent_and_its_run_followed(tmp_path: Path) -> None:
    path = tmp_path / "hosts.csv"
    path.write_bytes(b"name\nh\n" * 50_000)
    stand_in = server(told(READING, 202), told(FINISHED))

    async def work() -> None:
        async with stand_in.async_client() as client:
            report = await client.import_inventory(ImportInput(path, name="hosts.csv"), REQUEST)
            assert report.to_json() == REPORT.to_json()

    asyncio.run(work())

    assert stand_in.asked[0].content == path.read_bytes()


def test_an_export_is_iterated() -> None:
    stand_in = server(httpx2.Response(200, content=b"a\nb\n"))

    async def work() -> list[bytes]:
        async with stand_in.async_client() as client:
            return [line async for line in client.export_inventory()]

    assert asyncio.run(work()) == [b"a\n", b"b\n"]


def test_the_loop_goes_on_while_the_client_waits() -> None:
    waits = Retries(attempts=2, first_pause=0.2, longest_pause=0.2)
    stand_in = server(httpx2.Response(503), answered("retireCi", {"report": ITEM_JSON}))
    turns: list[float] = []

    async def tick() -> None:
        while True:
            turns.append(time.monotonic())
            await asyncio.sleep(0.01)

    async def work() -> None:
        ticking = asyncio.create_task(tick())
        async with stand_in.async_client(retries=waits) as client:
            await client.retire_ci("web", WHY)
        ticking.cancel()

    asyncio.run(work())

    assert len(turns) >= 5
