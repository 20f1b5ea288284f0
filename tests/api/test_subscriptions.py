"""Does a subscriber get every entry of the log in order, at its own pace, with its own rights?"""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from cmdb import errors
from cmdb.model.rights import Caller
from cmdb.model.system_reports import FeedChange, FeedEntry, FeedPage, RunReport
from cmdb_graphql.roots import subscribing
from tests.api.feeding import AT, PATIENCE, VIC, Log, edge_over, running, take

PROGRESS = 'subscription { importProgress(id: "run") { state done } }'
BEA = Caller("bea", frozenset({"responder"}))


def test_a_subscriber_gets_what_there_is_and_what_comes_in_order() -> None:
    async def work() -> list[int]:
        async with edge_over(Log(45)) as edge:
            results = await edge.subscribe(after=0)
            async with aclosing(results):
                told = await take(results, 45)
                for _ in range(3):
                    edge.log.newest += 1
                    told += await take(results, 1)
                return told

    assert running(work) == list(range(1, 49))


def test_without_a_revision_only_what_comes_is_told() -> None:
    async def work() -> list[int]:
        async with edge_over(Log(5)) as edge:
            results = await edge.subscribe()
            async with aclosing(results):
                first = asyncio.create_task(take(results, 2))
                await asyncio.sleep(0.1)
                assert not first.done()
                edge.log.newest += 2
                return await first

    assert running(work) == [6, 7]


def test_a_restarted_subscriber_goes_on_with_none_missing_and_none_twice() -> None:
    async def work() -> list[int]:
        told: list[int] = []
        log = Log(30)
        while len(told) < 60:
            # Each time another process: nothing is remembered of the subscriber.
            async with edge_over(log) as edge:
                results = await edge.subscribe(after=told[-1] if told else 0)
                async with aclosing(results):
                    told += await take(results, 6)
                log.newest = min(60, log.newest + 7)
        return told

    assert running(work) == list(range(1, 61))


@pytest.mark.parametrize("after", [-1, 6, 1_000_000])
def test_a_revision_that_is_not_there_yet_is_refused(after: int) -> None:
    async def work() -> Any:
        async with edge_over(Log(5)) as edge:
            results = await edge.subscribe(after=after)
            return await asyncio.wait_for(anext(results), PATIENCE)

    (error,) = running(work).errors
    assert error.extensions["code"] == "BAD_VALUE"


def test_a_slow_subscriber_slows_nobody_and_misses_nothing() -> None:
    async def work() -> tuple[list[int], list[int]]:
        async with edge_over(Log(0)) as edge:
            slow, fast = await edge.subscribe(after=0), await edge.subscribe(after=0)
            async with aclosing(slow), aclosing(fast):
                edge.log.newest = 300
                first = await take(slow, 1)
                quick = await take(fast, 300)
                return quick, first + await take(slow, 299)

    quick, late = running(work)
    assert quick == late == list(range(1, 301))


def test_subscribers_of_the_same_rights_share_the_reads_of_one_watcher() -> None:
    async def work() -> tuple[int, int]:
        async with edge_over(Log(0)) as edge:
            feeds = [await edge.subscribe(after=0) for _ in range(50)]
            tasks = [asyncio.create_task(take(feed, 1)) for feed in feeds]
            while edge.watcher.subscribers < 50:
                await asyncio.sleep(0.01)
            before = edge.log.heads
            await asyncio.sleep(0.2)
            heads = edge.log.heads - before
            edge.log.newest = 1
            assert await asyncio.gather(*tasks) == [[1]] * 50
            assert edge.watcher.subscribers == 50
            for feed in feeds:
                await feed.aclose()
            assert edge.watcher.subscribers == 0
            return heads, edge.log.pages

    heads, pages = running(work)
    assert 1 <= heads <= 20
    assert pages == 1


def test_each_is_told_by_its_own_rights() -> None:
    class Withholding(Log):
        def entry(self, revision: int) -> FeedEntry:
            made = super().entry(revision)
            hidden = FeedChange("ci", "", {}, {}, is_withheld=True)
            return replace(made, changes=(hidden,))

    async def work() -> list[Any]:
        async with edge_over(Log(1)) as edge:
            told = []
            for caller, operations in ((VIC, Withholding(1)), (BEA, edge.log)):
                results = await edge.subscribe(0, caller, operations)
                async with aclosing(results):
                    result = await asyncio.wait_for(anext(results), PATIENCE)
                    told.append(result.data["changeFeed"]["report"]["changes"][0])
            return told

    hidden, seen = running(work)
    assert (hidden["subject"], hidden["is_withheld"]) == ("", True)
    assert (seen["subject"], seen["is_withheld"]) == ("ci-1", False)


def test_who_has_no_role_is_refused() -> None:
    async def work() -> Any:
        async with edge_over(Log(1)) as edge:
            results = await edge.subscribe(0, Caller("mallory"))
            return [result async for result in results]

    (result,) = running(work)
    assert [error.extensions["code"] for error in result.errors] == ["FORBIDDEN"]


def test_subscriptions_end_when_the_watcher_does() -> None:
    async def work() -> list[Any]:
        async with edge_over(Log(1)) as edge:
            results = await edge.subscribe(after=1)
            rest = asyncio.create_task(_all(results))
            while not edge.watcher.subscribers:
                await asyncio.sleep(0.01)
            await edge.watcher.close()
            return await asyncio.wait_for(rest, PATIENCE)

    assert running(work) == []


async def _all(results: Any) -> list[Any]:
    return [result async for result in results]


def test_the_feed_outlives_a_database_that_is_away_for_a_while() -> None:
    async def work() -> list[int]:
        async with edge_over(Log(1)) as edge:
            results = await edge.subscribe(after=1)
            async with aclosing(results):
                waiting = asyncio.create_task(take(results, 1))
                await asyncio.sleep(0.05)
                edge.log.is_down = True
                await asyncio.sleep(0.1)
                edge.log.newest, edge.log.is_down = 2, False
                return await waiting

    assert running(work) == [2]


def test_a_page_that_fails_is_told_and_the_next_subscriber_is_served() -> None:
    class Failing(Log):
        def read_feed(self, after: int, limit: int = 100) -> FeedPage:
            if self.pages == 0:
                self.pages += 1
                raise errors.DatabaseUnavailable("here", "asleep")
            return super().read_feed(after, limit)

    async def work() -> tuple[Any, list[int]]:
        async with edge_over(Failing(1)) as edge:
            results = await edge.subscribe(after=0)
            failed = await asyncio.wait_for(anext(results), PATIENCE)
            again = await edge.subscribe(after=0)
            async with aclosing(again):
                return failed, await take(again, 1)

    failed, told = running(work)
    assert failed.errors[0].extensions["code"] == "DATABASE_UNAVAILABLE"
    assert told == [1]


@pytest.mark.parametrize("what", ["head", "read_feed"])
def test_a_read_that_takes_too_long_ends_a_subscription_and_waiting_does_not(what: str) -> None:
    class Slow(Log):
        pause = 0.0

        def head(self) -> int:
            time.sleep(self.pause if what == "head" else 0)
            return super().head()

        def read_feed(self, after: int, limit: int = 100) -> FeedPage:
            time.sleep(self.pause if what == "read_feed" else 0)
            return super().read_feed(after, limit)

    async def work() -> tuple[list[int], list[Any]]:
        log = Slow(1)
        async with edge_over(log) as edge:
            edge.seconds = 0.2
            patient = await edge.subscribe(after=1)
            async with aclosing(patient):
                waiting = asyncio.create_task(take(patient, 1))
                await asyncio.sleep(0.5)
                log.newest = 2
                told = await waiting
            log.pause = 2.0
            slow = await edge.subscribe(after=0)
            return told, [result async for result in slow]

    told, (refused,) = running(work)
    assert told == [2]
    assert refused.errors[0].extensions["facts"] == {
        "limit": "seconds", "allowed": 0.2, "found": 0.2
    }  # fmt: skip


def test_a_thousand_idle_subscribers_cost_little_memory() -> None:
    async def work() -> float:
        async with edge_over(Log(1)) as edge:
            warm = await edge.subscribe(after=0)
            await take(warm, 1)
            tracemalloc.start()
            feeds = [await edge.subscribe(after=1) for _ in range(1_000)]
            tasks = [asyncio.create_task(take(feed, 1)) for feed in feeds]
            while edge.watcher.subscribers < 1_001:
                await asyncio.sleep(0.05)
            used = tracemalloc.get_traced_memory()[0] / 1e6
            tracemalloc.stop()
            edge.log.newest = 2
            assert await asyncio.gather(*tasks) == [[2]] * 1_000
            await warm.aclose()
            for feed in feeds:
                await feed.aclose()
            return used

    assert running(work) < 50


def test_the_progress_of_an_import_is_told_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "PROGRESS_SECONDS", 0.01)
    begun = RunReport("run", "s", "s", "records", "running", "records", 0, AT, None, False)
    steps = [begun, begun, replace(begun, done=5), replace(begun, state="finished", done=9)]

    class Runs:
        def find_run(self, run_id: str) -> RunReport:
            assert run_id == "run"
            return steps.pop(0)

    async def work() -> list[Any]:
        async with edge_over(Log()) as edge:
            context = edge.context(operations=Runs())
            results = await edge.schema.subscribe(PROGRESS, None, context)
            return [(result.data or {})["importProgress"] async for result in results]

    assert running(work) == [
        {"state": "running", "done": 0},
        {"state": "running", "done": 5},
        {"state": "finished", "done": 9},
    ]
    assert steps == []
