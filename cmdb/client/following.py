"""How is the feed of changes followed, so that none is missing and none comes twice?"""

from __future__ import annotations

import httpx2
import orjson

from cmdb.client import documents
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
    """

    def __init__(self, server: Server, after: int) -> None:
        self._server = server
        self._after = after
        self._trying = self._fresh()

    @property
    def address(self) -> str:
        """The base address to subscribe at."""
        return self._trying.address

    def request(self) -> Sent:
        """Return the request that subscribes from where this stands."""
        return graphql_request(self._call(), EVENT_STREAM)

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

        Args:
            error: What ended the feed; None: the server ended it, as one does that stops.

        Raises:
            CmdbError: Subscribing again is of no use.
        """
        ended = error or ServerUnavailable(self.address, "it ended the feed of changes")
        return self._trying.pause_after(ended)

    def _fresh(self) -> Trying:
        return Trying(self._server.retries, self._server.addresses, is_repeatable=True)

    def _call(self) -> Call[FeedEntry]:
        return ask(FeedEntry, documents.CHANGE_FEED, after=self._after)
