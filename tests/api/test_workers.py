"""Does work stop that nobody waits for any more, and does an end not wait for ever?"""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from cmdb.ports.awaited import NobodyWaits, check_awaited, lend
from cmdb_graphql.workers import Workers


def test_work_is_told_at_its_next_checkpoint_that_nobody_waits() -> None:
    workers, ended = Workers(1), threading.Event()

    def work() -> None:
        try:
            while True:
                check_awaited()
                time.sleep(0.01)
        except NobodyWaits:
            ended.set()
            raise

    async def ask() -> None:
        async with asyncio.timeout(0.2):
            await workers.run(work)

    with pytest.raises(TimeoutError):
        asyncio.run(ask())

    assert ended.wait(30)
    assert workers.close(30)


def test_work_that_somebody_waits_for_passes_its_checkpoints() -> None:
    workers = Workers(1)

    def work() -> str:
        check_awaited()
        return "done"

    assert asyncio.run(workers.run(work)) == "done"
    assert workers.close()


def test_only_what_is_lent_an_end_is_ended() -> None:
    leaving = threading.Event()
    leaving.set()

    with lend(leaving), pytest.raises(NobodyWaits):
        check_awaited()
    check_awaited()


def test_an_end_waits_for_calls_only_as_long_as_it_may() -> None:
    workers, go_on = Workers(1), threading.Event()

    async def ask() -> None:
        async with asyncio.timeout(0.2):
            await workers.run(go_on.wait, 60)

    with pytest.raises(TimeoutError):
        asyncio.run(ask())
    begun = time.monotonic()
    is_done = workers.close(0.1)
    waited = time.monotonic() - begun
    go_on.set()

    assert not is_done
    assert waited < 30
    assert workers.close(30)
