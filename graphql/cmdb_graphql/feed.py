"""How does a subscriber learn of every entry of the log, in order, none missing, none twice?

One watcher a process asks for the newest revision and wakes whoever waits. A subscriber keeps only
the revision it has reached and reads on from there at its own pace: nothing is queued for it, so a
slow one costs nobody anything. Subscribers of the same rights at the same place share one read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TypeAlias

from cmdb.errors import BadValue, CmdbError
from cmdb.model.rights import Caller
from cmdb.model.system_reports import FeedEntry, FeedPage
from cmdb.ports.operations import Operations
from cmdb_graphql.limits import SECONDS
from cmdb_graphql.timing import within
from cmdb_graphql.workers import Workers

INTERVAL_SECONDS = 0.2
PAGE = 20
_MOST_SHARED = 64

_log = logging.getLogger(__name__)
_Place: TypeAlias = tuple[int, Caller]


class FeedWatcher:
    """The one watcher of a process; it works only while somebody subscribes."""

    def __init__(
        self,
        newest: Callable[[], int],
        workers: Workers,
        *,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._newest = newest
        self._workers = workers
        self._interval = interval_seconds
        self._revision = -1
        self._moved = asyncio.Event()
        self._is_closed = False
        self._subscribers = 0
        self._task: asyncio.Task[None] | None = None
        self._shared: OrderedDict[_Place, asyncio.Task[FeedPage]] = OrderedDict()

    @property
    def subscribers(self) -> int:
        """How many subscribe now."""
        return self._subscribers

    async def entries(
        self,
        operations: Operations,
        caller: Caller,
        after: int | None,
        seconds: float = SECONDS,
    ) -> AsyncGenerator[FeedEntry, None]:
        """Yield every entry after a revision, as the caller may see it, and wait for more.

        Args:
            operations: On behalf of the caller.
            caller: Whose rights they are.
            after: The last revision the subscriber knows; None: the newest one.
            seconds: Time for each read; waiting for entries is not counted.

        Raises:
            BadValue: `after` is a revision that there is not yet.
            LimitExceeded: A read took longer.
        """
        async with within(seconds):
            newest = await self._workers.run(self._newest)
        reached = newest if after is None else after
        if not 0 <= reached <= newest:
            raise BadValue("after", f"there is no revision {reached}", f"The newest is {newest}.")
        async with self._subscribed():
            while await self._moves_beyond(reached):
                async with within(seconds):
                    page = await self._page(operations, caller, reached)
                for entry in page.entries:
                    yield entry
                if page.revision <= reached:
                    await asyncio.sleep(self._interval)
                reached = max(reached, page.revision)

    async def close(self) -> None:
        """Stop watching; what is subscribed to ends."""
        self._is_closed = True
        self._moved.set()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @contextlib.asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[None]:
        self._subscribers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="cmdb-feed")
        try:
            yield
        finally:
            self._subscribers -= 1
            if not self._subscribers and self._task is not None:
                self._task.cancel()
                self._task = None
                self._shared.clear()

    async def _watch(self) -> None:
        while True:
            try:
                revision = await self._workers.run(self._newest)
            except CmdbError as error:
                _log.warning("the feed waits for the database: %s", error.message)
                revision = self._revision
            if revision > self._revision:
                self._revision = revision
                moved, self._moved = self._moved, asyncio.Event()
                moved.set()
            await asyncio.sleep(self._interval)

    async def _moves_beyond(self, revision: int) -> bool:
        """Wait for a newer revision; false where there will be none any more."""
        while self._revision <= revision and not self._is_closed:
            await self._moved.wait()
        return not self._is_closed

    async def _page(self, operations: Operations, caller: Caller, after: int) -> FeedPage:
        place = (after, caller)
        task = self._shared.get(place)
        if task is None or (task.done() and not _holds(task)):
            task = asyncio.create_task(self._workers.run(operations.read_feed, after, PAGE))
            self._shared[place] = task
            if len(self._shared) > _MOST_SHARED:
                self._shared.popitem(last=False)
        # Shielded: who goes away does not take the page from the others.
        page = await asyncio.shield(task)
        if page.revision <= after and self._shared.get(place) is task:
            del self._shared[place]  # read before the entry could be seen: the next one asks anew
        return page


def _holds(task: asyncio.Task[FeedPage]) -> bool:
    return not task.cancelled() and task.exception() is None
