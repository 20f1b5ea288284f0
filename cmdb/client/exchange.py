"""How does one request become an answer, retries included, whoever performs it?

Everything here is a generator of steps: it yields what to send or how long to wait, and is given
the response or the failure. The synchronous and the asynchronous client perform the same steps.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import httpx2
import orjson

from cmdb.client.addresses import Addresses
from cmdb.client.answers import raise_for_status, read_field, read_json, understood
from cmdb.client.call import Call
from cmdb.client.trying import Retries, Trying
from cmdb.errors import CmdbError
from cmdb.model.json_values import check_json

T = TypeVar("T")
GRAPHQL = "/graphql"
BUSY = 429


@dataclass(frozen=True, slots=True)
class Sent:
    """One HTTP request.

    Attributes:
        method: `GET` or `POST`.
        path: Below the base address.
        params: Of the query.
        headers: Beside those that every request has.
        content: The body, or what opens a stream of it anew for each attempt.
        save_to: Write the body of a good response there, unless it is empty.
        is_slow: The answer may take as long as the work itself.
        is_streamed: The body of a good response is left to whoever asked, who closes it.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Callable[[], Iterator[bytes]] = b""
    save_to: Path | None = None
    is_slow: bool = False
    is_streamed: bool = False

    @property
    def body(self) -> bytes | Iterator[bytes]:
        """The body for one attempt."""
        return self.content if isinstance(self.content, bytes) else self.content()


@dataclass(frozen=True, slots=True)
class Send:
    """Step: send this to that base address, and give back the response."""

    address: str
    sent: Sent


@dataclass(frozen=True, slots=True)
class Pause:
    """Step: wait for some seconds."""

    seconds: float


Steps = Generator[Send | Pause, httpx2.Response | None, T]


class Course(Generic[T]):
    """Steps on their way, for whoever performs them.

    Attributes:
        step: What is to be done now; None when `result` is there.
        result: What the steps return.
    """

    result: T

    def __init__(self, steps: Steps[T]) -> None:
        self._steps = steps
        self.step: Send | Pause | None = None
        self.give(None)

    def give(self, response: httpx2.Response | None) -> None:
        """Go on with the response that came, or None after a pause and at the beginning."""
        self._go_on(lambda: self._steps.send(response))

    def fail(self, error: httpx2.RequestError) -> None:
        """Go on with the failure of the request."""
        self._go_on(lambda: self._steps.throw(error))

    def _go_on(self, move: Callable[[], Send | Pause]) -> None:
        try:
            self.step = move()
        except StopIteration as ended:
            self.step, self.result = None, ended.value


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is, and how patient the client is with it."""

    addresses: Addresses
    retries: Retries

    def call(self, call: Call[T]) -> Steps[T]:
        """Ask a question or make an edit, and return what it answers."""
        return self.exchange(
            graphql_request(call),
            lambda response, address: answer_of(call, read_json(response, address), address),
            is_repeatable=call.is_repeatable,
        )

    def exchange(
        self,
        sent: Sent,
        read: Callable[[httpx2.Response, str], T],
        *,
        is_repeatable: bool = True,
    ) -> Steps[T]:
        """Send a request until it is answered, and return what `read` makes of the response.

        Args:
            sent: The request.
            read: Given the response and the address it came from; raises what it tells of.
            is_repeatable: Whether it may be sent again when it may have arrived.
        """
        trying = Trying(self.retries, self.addresses, is_repeatable=is_repeatable)
        while True:
            response = None
            try:
                response = yield Send(trying.address, sent)
                assert response is not None  # noqa: S101 - a `Send` is answered by a response
                return read(response, trying.address)
            except (httpx2.RequestError, CmdbError) as error:
                is_busy = response is not None and response.status_code == BUSY
                seconds = trying.pause_after(error, is_busy=is_busy)
            yield Pause(seconds)


def graphql_request(call: Call[Any], accept: str = "application/json") -> Sent:
    """Return the HTTP request of a call.

    Raises:
        BadValue: JSON cannot hold one of its variables as it is.
    """
    check_json("", call.variables)
    body = {
        "query": call.document.text,
        "operationName": call.document.name,
        "variables": call.variables,
    }
    headers = {"Content-Type": "application/json", "Accept": accept}
    content = orjson.dumps(body)
    return Sent("POST", GRAPHQL, headers=headers, content=content, is_slow=call.is_slow)


def answer_of(call: Call[T], body: Any, address: str) -> T:
    """Return what the result of a call's document answers.

    Raises:
        CmdbError: What the server says went wrong.
    """
    found = read_field(body, address, call.document.field)
    return understood(call.read, found, address, call.document.name)


def unless_refused(response: httpx2.Response, address: str) -> httpx2.Response:
    """Return a good response as it is.

    Raises:
        CmdbError: What another one tells of.
    """
    raise_for_status(response, address)
    return response
