"""A feed of changes over a log that grows when a test says so, and whoever subscribes to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

from cmdb import errors
from cmdb.model.log_reports import Revision
from cmdb.model.rights import Caller
from cmdb.model.system_reports import FeedChange, FeedEntry, FeedPage
from cmdb.ports.graph_reading import GraphReading
from cmdb.ports.operations import Operations
from cmdb_graphql.context import ApiContext
from cmdb_graphql.execution import ApiSchema
from cmdb_graphql.feed import FeedWatcher
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.schema import build_schema
from cmdb_graphql.workers import Workers

FEED = "subscription ($after: Int) { changeFeed(after: $after) { entry { revision } report } }"


PATIENCE = 300  # seconds, on a busy machine


AT = datetime(2030, 1, 1, tzinfo=UTC)


SCHEMA = build_schema()


VIC = Caller("vic", frozenset({"viewer"}))


class Log:
    """A log that grows when a test says so; it counts who asks."""

    def __init__(self, entries: int = 0) -> None:
        self.newest = entries
        self.heads = 0
        self.pages = 0
        self.is_down = False

    def head(self) -> int:
        self.heads += 1
        if self.is_down:
            raise errors.DatabaseUnavailable("here", "asleep")
        return self.newest

    def read_feed(self, after: int, limit: int = 100) -> FeedPage:
        self.pages += 1
        last = min(self.newest, after + limit)
        entries = tuple(self.entry(revision) for revision in range(after + 1, last + 1))
        return FeedPage(entries, last, last < self.newest)

    def entry(self, revision: int) -> FeedEntry:
        told = Revision(revision, AT, "anna", "", "", {"ci": 1}, "0" * 64)
        return FeedEntry(told, (FeedChange("ci", f"ci-{revision}", {}, {"name": "x"}),))


class Edge:
    """One process that serves subscribers."""

    def __init__(self, log: Log, schema: ApiSchema = SCHEMA) -> None:
        self.log = log
        self.schema = schema
        self.workers = Workers(4)
        self.watcher = FeedWatcher(log.head, self.workers, interval_seconds=0.02)
        self.seconds = float(PATIENCE)

    def context(self, caller: Caller = VIC, operations: Any = None) -> ApiContext:
        reading = cast(GraphReading, None)
        return ApiContext(
            operations=cast(Operations, operations or self.log),
            reading=reading,
            caller=caller,
            request_id="r-9",
            workers=self.workers,
            watcher=self.watcher,
            loaders=Loaders(reading, self.workers),
            seconds=self.seconds,
        )

    async def subscribe(
        self, after: int | None = None, caller: Caller = VIC, operations: Any = None
    ) -> Any:
        context = self.context(caller, operations)
        return await self.schema.subscribe(FEED, {"after": after}, context)


@asynccontextmanager
async def edge_over(log: Log) -> AsyncIterator[Edge]:
    edge = Edge(log)
    try:
        yield edge
    finally:
        await edge.watcher.close()
        edge.workers.close()


async def take(results: Any, number: int) -> list[int]:
    told = []
    for _ in range(number):
        result = await asyncio.wait_for(anext(results), PATIENCE)
        assert not result.errors, result.errors
        told.append(result.data["changeFeed"]["entry"]["revision"])
    return told


def running(work: Callable[[], Any]) -> Any:
    return asyncio.run(work())
