"""How is everything done through a server from asynchronous code? The same calls, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Self, TypeVar

import httpx2

from cmdb.client.call import Call
from cmdb.client.calls import Calls
from cmdb.client.connecting import ANSWER_SECONDS, connecting
from cmdb.client.exchange import Course, Pause, Sent, Steps, unless_refused
from cmdb.client.exporting import EXPORT, Lines
from cmdb.client.following import Following
from cmdb.client.importing import import_steps
from cmdb.client.saving import saved_to
from cmdb.client.trying import Retries
from cmdb.client.verifying import verify_steps
from cmdb.errors import CmdbError
from cmdb.model.import_reports import ImportReport, ImportRequest
from cmdb.model.log_reports import Anchor, VerifyReport
from cmdb.model.records import ImportInput
from cmdb.model.system_reports import FeedEntry
from cmdb.ports.store import Progress

T = TypeVar("T")


class AsyncCalling:
    """Sends calls and performs the steps of longer work."""

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        retries: Retries | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        allow_plain_http: bool = False,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._how = connecting(
            url,
            token,
            retries=retries,
            answer_seconds=answer_seconds,
            allow_plain_http=allow_plain_http,
        )
        self._server = self._how.server
        self._http = httpx2.AsyncClient(**self._how.options, transport=transport)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    async def _call(self, call: Call[T]) -> T:
        return await self._perform(self._server.call(call))

    async def _perform(self, steps: Steps[T]) -> T:
        course = Course(steps)
        while course.step is not None:
            if isinstance(course.step, Pause):
                await asyncio.sleep(course.step.seconds)
                course.give(None)
                continue
            try:
                response = await self._send(course.step.address, course.step.sent)
            except httpx2.RequestError as error:
                course.fail(error)
            else:
                course.give(response)
        return course.result

    async def _send(self, address: str, sent: Sent) -> httpx2.Response:
        request = self._http.build_request(
            sent.method,
            address + sent.path,
            params=sent.params,
            headers=sent.headers,
            content=_body_of(sent),
            timeout=self._how.timeout_of(sent),
        )
        response = await self._http.send(request, stream=True)
        try:
            if response.is_success and sent.is_streamed:
                return response
            if sent.save_to is None or not response.is_success:
                await response.aread()
            else:
                with saved_to(sent.save_to) as write:
                    async for piece in response.aiter_bytes():
                        write(piece)
        except BaseException:
            await response.aclose()
            raise
        await response.aclose()
        return response


class AsyncClient(Calls, AsyncCalling):
    """Everything that `Client` does, for one event loop.

    Args:
        url: Base address of the server; several, separated by commas, are replicas of it.
        token: API token.
        retries: How patient to be.
        answer_seconds: How long one answer may take.
        allow_plain_http: Send the token in clear to other machines, too.
        transport: Carries requests instead of the network.

    Raises:
        BadSettings: An address cannot be used.
    """

    async def verify_log(
        self,
        anchor: Anchor | None = None,
        progress: Progress | None = None,
        *,
        after: Anchor | None = None,
        first: int | None = None,
    ) -> VerifyReport:
        """Check the whole chain portion by portion, or the one portion that is asked for."""
        steps = verify_steps(self._server, anchor, progress, after, first)
        return await self._perform(steps)

    async def import_inventory(
        self, source: ImportInput, request: ImportRequest, progress: Progress | None = None
    ) -> ImportReport:
        """Send a file or folder, wait for the import to end, and return its report."""
        return await self._perform(import_steps(self._server, source, request, progress))

    async def export_inventory(self) -> AsyncIterator[bytes]:
        """Yield the inventory as lines of the `records` format."""
        lines = Lines()
        response = await self._perform(self._server.exchange(EXPORT, unless_refused))
        try:
            async for piece in response.aiter_bytes():
                for line in lines.split(piece):
                    yield line
        except httpx2.RequestError as error:
            raise lines.broken(str(response.url.host), error) from error
        finally:
            await response.aclose()
        for line in lines.rest():
            yield line

    async def follow(self, after: int | None = None) -> AsyncIterator[FeedEntry]:
        """Yield every entry of the log after a revision, and wait for more without end.

        A lost connection is taken up again where it broke: no entry is missing, none comes twice.

        Args:
            after: The last revision that is known; None: the newest one.
        """
        begin = (await self.anchor_log()).revision if after is None else after
        following = Following(self._server, begin)
        while True:
            ended: httpx2.RequestError | CmdbError | None = None
            try:
                async for entry in self._subscribe(following):
                    yield entry
            except (httpx2.RequestError, CmdbError) as error:
                ended = error
            await asyncio.sleep(following.pause_after(ended))

    async def _subscribe(self, following: Following) -> AsyncIterator[FeedEntry]:
        sent = following.request()
        async with self._http.sse(
            following.address + sent.path,
            method=sent.method,
            headers=sent.headers,
            content=_body_of(sent),
            timeout=self._how.feed_timeout,
            max_event_size=None,  # an entry is as large as what was written
        ) as source:
            if not source.response.is_success:
                await source.response.aread()
            following.open(source.response)
            async for event in source:
                if (entry := following.take(event)) is not None:
                    yield entry


def _body_of(sent: Sent) -> bytes | AsyncIterator[bytes]:
    body = sent.body
    return body if isinstance(body, bytes) else _from_thread(body)


async def _from_thread(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces that are read from files, each in a thread: the loop goes on meanwhile."""
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
