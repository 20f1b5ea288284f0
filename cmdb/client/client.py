"""How is everything done through a server, synchronously? `Operations`, sent instead of done."""

from __future__ import annotations

import time
from collections.abc import Iterator
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


class Calling:
    """Sends calls and performs the steps of longer work."""

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        retries: Retries | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        allow_plain_http: bool = False,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._how = connecting(
            url,
            token,
            retries=retries,
            answer_seconds=answer_seconds,
            allow_plain_http=allow_plain_http,
        )
        self._server = self._how.server
        self._http = httpx2.Client(**self._how.options, transport=transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def _call(self, call: Call[T]) -> T:
        return self._perform(self._server.call(call))

    def _perform(self, steps: Steps[T]) -> T:
        course = Course(steps)
        while course.step is not None:
            if isinstance(course.step, Pause):
                time.sleep(course.step.seconds)
                course.give(None)
                continue
            try:
                response = self._send(course.step.address, course.step.sent)
            except httpx2.RequestError as error:
                course.fail(error)
            else:
                course.give(response)
        return course.result

    def _send(self, address: str, sent: Sent) -> httpx2.Response:
        request = self._http.build_request(
            sent.method,
            address + sent.path,
            params=sent.params,
            headers=sent.headers,
            content=sent.body,
            timeout=self._how.timeout_of(sent),
        )
        response = self._http.send(request, stream=True)
        try:
            if response.is_success and sent.is_streamed:
                return response
            if sent.save_to is None or not response.is_success:
                response.read()
            else:
                with saved_to(sent.save_to) as write:
                    for piece in response.iter_bytes():
                        write(piece)
        except BaseException:
            response.close()
            raise
        response.close()
        return response


class Client(Calls, Calling):
    """`Operations` through a server. Safe to share between threads.

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

    def verify_log(
        self,
        anchor: Anchor | None = None,
        progress: Progress | None = None,
        *,
        after: Anchor | None = None,
        first: int | None = None,
    ) -> VerifyReport:
        """Check the whole chain portion by portion, or the one portion that is asked for."""
        steps = verify_steps(self._server, anchor, progress, after, first)
        return self._perform(steps)

    def import_inventory(
        self, source: ImportInput, request: ImportRequest, progress: Progress | None = None
    ) -> ImportReport:
        """Send a file or folder, wait for the import to end, and return its report."""
        return self._perform(import_steps(self._server, source, request, progress))

    def export_inventory(self) -> Iterator[bytes]:
        """Yield the inventory as lines of the `records` format."""
        lines = Lines()
        response = self._perform(self._server.exchange(EXPORT, unless_refused))
        try:
            for piece in response.iter_bytes():
                yield from lines.split(piece)
        except httpx2.RequestError as error:
            raise lines.broken(str(response.url.host), error) from error
        finally:
            response.close()
        yield from lines.rest()

    def follow(self, after: int | None = None) -> Iterator[FeedEntry]:
        """Yield every entry of the log after a revision, and wait for more without end.

        A lost connection is taken up again where it broke: no entry is missing, none comes twice.

        Args:
            after: The last revision that is known; None: the newest one.
        """
        begin = self.anchor_log().revision if after is None else after
        following = Following(self._server, begin)
        while True:
            ended: httpx2.RequestError | CmdbError | None = None
            try:
                yield from self._subscribe(following)
            except (httpx2.RequestError, CmdbError) as error:
                ended = error
            time.sleep(following.pause_after(ended))

    def _subscribe(self, following: Following) -> Iterator[FeedEntry]:
        sent = following.request()
        with self._http.sse(
            following.address + sent.path,
            method=sent.method,
            headers=sent.headers,
            content=sent.body,
            timeout=self._how.feed_timeout,
            max_event_size=None,  # an entry is as large as what was written
        ) as source:
            if not source.response.is_success:
                source.response.read()
            following.open(source.response)
            for event in source:
                if (entry := following.take(event)) is not None:
                    yield entry
