"""How is the feed of changes followed, so that none is missing and none comes twice?"""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx2
import orjson

from cmdb.client import documents
from cmdb.client.answers import raise_for_status
from cmdb.client.call import Call, ask
from cmdb.client.exchange import Sent, Server, answer_of, graphql_request
from cmdb.client.trying import Trying
from cmdb.errors import CmdbError, ServerUnavailable
from cmdb.model.system_reports import FeedEntry

EVENT_STREAM = "text/event-stream"


class Following:
    """Where a subscriber stands: the last revision it was told, and how often it tried.

    Args:
        server: Where the feed is.
        after: The last revision that is known; entries after it are told.
        now: Seconds of a steady clock.
    """

    def __init__(
        self, server: Server, after: int, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._after = after
        self._now = now
        self._trying = self._fresh()
        self._response: httpx2.Response | None = None
        self._opened_at = 0.0

    @property
    def address(self) -> str:
        """The base address to subscribe at."""
        return self._trying.address

    def request(self) -> Sent:
        """Return the request that subscribes from where this stands."""
        return graphql_request(self._call(), EVENT_STREAM)

    def open(self, response: httpx2.Response) -> None:
        """Take note of a response that begins, with the feed or with why there is none.

        Raises:
            CmdbError: Why there is none.
        """
        raise_for_status(response, self.address)
        self._response, self._opened_at = response, self._now()

    def take(self, event: httpx2.ServerSentEvent) -> FeedEntry | None:
        """Return the entry of an event, None where it holds no new one.

        Raises:
            CmdbError: The server says why it ends the feed.
        """
        if event.event != "next" or not event.data:
            return None
        entry = answer_of(self._call(), orjson.loads(event.data), self.address)
        if entry.entry.revision <= self._after:
            return None
        self._after = entry.entry.revision
        self._trying = self._fresh()
        return entry

    def pause_after(self, error: httpx2.RequestError | CmdbError | None) -> float:
        """Return how many seconds to wait before subscribing again.

        Patience is counted from the loss of a feed, however long it told nothing before.

        Args:
            error: What ended the feed; None: the server ended it, as one does that stops.

        Raises:
            CmdbError: Subscribing again is of no use.
        """
        ended = error or ServerUnavailable(self.address, "it ended the feed of changes")
        if self._has_held():
            self._trying = self._fresh()
        elif self._was_reached() and not isinstance(error, CmdbError):
            self._trying.renew()
        self._response = None
        return self._trying.pause_after(ended)

    def _was_reached(self) -> bool:
        """Whether a feed was there: the server begins each with a comment."""
        return self._response is not None and self._response.num_bytes_downloaded > 0

    def _has_held(self) -> bool:
        """Whether a feed was there for so long that its loss is a new one."""
        longest = self._server.retries.longest_pause
        return self._was_reached() and self._now() - self._opened_at > longest

    def _fresh(self) -> Trying:
        retries, addresses = self._server.retries, self._server.addresses
        return Trying(retries, addresses, is_repeatable=True, now=self._now)

    def _call(self) -> Call[FeedEntry]:
        return ask(FeedEntry, documents.CHANGE_FEED, after=self._after)
