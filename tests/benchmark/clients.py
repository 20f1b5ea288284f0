"""How many requests a second, how slow is the slowest, seen by clients that ask without a pause?

Each client is a thread with a connection that it keeps; the plain client of the standard library
takes the least from the server that it shares the machine with.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import orjson

Variables = Mapping[str, object]
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of request.

    Attributes:
        name: A letter or two.
        document: What is sent.
        variables: Makes the variables of the request of a number.
        is_right: Whether a body is the answer to the request of a number.
    """

    name: str
    document: str
    variables: Callable[[int], Variables]
    is_right: Callable[[int, bytes], bool]

    def body(self, number: int) -> bytes:
        """Return the request of a number."""
        return orjson.dumps({"query": self.document, "variables": self.variables(number)})


@dataclass(slots=True)
class Measured:
    """What clients saw.

    Attributes:
        seconds: How long they asked.
        latencies: Of each right answer, in seconds.
        errors: Answers that were none, or wrong.
        wrong: One of them.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    wrong: str = ""

    @property
    def per_second(self) -> float:
        """Right answers a second."""
        return len(self.latencies) / self.seconds

    def percentile_ms(self, share: float) -> float:
        """Return the time within which this share of the answers came (nearest rank)."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Client:
    """Asks a server over one connection."""

    def __init__(self, address: str, secret: str) -> None:
        place = urlsplit(address)
        assert place.hostname is not None
        self._connection = HTTPConnection(place.hostname, place.port, timeout=_TIMEOUT_SECONDS)
        self._headers = {
            "Authorization": f"Bearer {secret}",
            "Content-Type": "application/json",
        }

    def ask(self, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        self._connection.request("POST", "/graphql", body, self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        """Leave."""
        self._connection.close()


def ask_for(
    question: Question, address: str, secret: str, *, clients: int, seconds: float, numbers: range
) -> Measured:
    """Return what so many clients saw that asked for so long; `numbers` are used in turn."""
    measured = Measured()
    guard = threading.Lock()
    turn = itertools.cycle(numbers)

    def work() -> None:
        client = Client(address, secret)
        while time.perf_counter() < until:
            with guard:
                number = next(turn)
            body = question.body(number)
            began = time.perf_counter()
            wrong = _what_is_wrong(client, question, number, body)
            taken = time.perf_counter() - began
            with guard:
                if wrong:
                    measured.errors += 1
                    measured.wrong = wrong
                else:
                    measured.latencies.append(taken)
        client.close()

    began = time.perf_counter()
    until = began + seconds
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    measured.seconds = time.perf_counter() - began
    return measured


def _what_is_wrong(client: Client, question: Question, number: int, body: bytes) -> str:
    try:
        status, answer = client.ask(body)
    except (OSError, HTTPException) as error:
        client.close()
        return repr(error)
    if status == 200 and question.is_right(number, answer):
        return ""
    return f"{status} {answer[:500].decode(errors='replace')}"
