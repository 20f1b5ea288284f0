"""Clients at work on a server: some write, some read, some subscribe, all note what they saw."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from cmdb.client import AsyncClient, Retries
from cmdb.errors import CmdbError
from cmdb.model.system_reports import FeedEntry
from cmdb.ports import EditReason, Listing, NewRelationship
from tests.e2e.serve_process import IMPATIENT, PATIENT, ServeProcess
from tests.e2e.subscribing import Subscriber

RACK = "Rack"
OWN_RACKS = 3
ANSWER_SECONDS = 300.0
"""A busy computer is no error of the server."""
_PAGE = 200
_AFTER_ERROR_SECONDS = 0.05


@dataclass(slots=True)
class Noted:
    """What the clients saw.

    Attributes:
        acknowledged: Each write that was answered, by the reason it gave, which is unique.
        values: The last value acknowledged, by CI.
        write_seconds: How long writes took.
        read_seconds: How long reads took.
        errors: How often each code was met.
        messages: What some of the errors said.
    """

    acknowledged: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    write_seconds: list[float] = field(default_factory=list)
    read_seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    messages: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Crowd:
    """Clients of one server, at work for a while.

    Args:
        server: Whom they ask.
        writers: How many write; each writes to CIs of its own, and one at a time.
        readers: How many read.
        by_events: How many subscribe by server-sent events.
        by_socket: How many subscribe over a WebSocket.
        retries: How patient those are who write and read. With `IMPATIENT` a write that failed is
            sent again with the same key until it is acknowledged, and the error is noted.
        name: What the names of their CIs and the reasons of their writes begin with.
    """

    server: ServeProcess
    writers: int
    readers: int
    by_events: int = 0
    by_socket: int = 0
    retries: Retries = IMPATIENT
    name: str = "crowd"
    noted: Noted = field(default_factory=Noted)
    subscribers: list[Subscriber] = field(default_factory=list)

    async def work(self, during: Awaitable[None]) -> None:
        """Work until something is over, then finish writes and let subscribers hear of all."""
        over = asyncio.Event()
        # All at first: each takes a while to make, and nobody shall wait for an answer meanwhile.
        clients = [self._client() for _ in range(self.writers + self.readers)]
        writers, readers = clients[: self.writers], clients[self.writers :]
        listeners = self._subscribe()
        await asyncio.gather(*(self._add_own(*each) for each in enumerate(writers)))
        working = [
            *(asyncio.create_task(self._write(*each, over)) for each in enumerate(writers)),
            *(asyncio.create_task(self._read(*each, over)) for each in enumerate(readers)),
        ]
        try:
            await during
            over.set()
            await asyncio.gather(*working)
            await self._all_told(listeners)
        finally:
            for task in (*working, *listeners):
                task.cancel()
            await asyncio.gather(*working, *listeners, return_exceptions=True)
            for client in clients:
                await client.close()

    def _subscribe(self) -> list[asyncio.Task[None]]:
        with self.server.client() as client:
            head = client.anchor_log().revision
        self.subscribers += [
            Subscriber(self.server.address, self.server.secret, head)
            for _ in range(self.by_events + self.by_socket)
        ]
        follow: list[Callable[[], Awaitable[None]]] = [
            each.follow_events if number < self.by_events else each.follow_socket
            for number, each in enumerate(self.subscribers)
        ]
        return [asyncio.ensure_future(each()) for each in follow]

    async def _all_told(self, listeners: Sequence[asyncio.Task[None]]) -> None:
        async with AsyncClient(self.server.address, self.server.secret, retries=PATIENT) as client:
            head = (await client.anchor_log()).revision
        deadline = time.monotonic() + 120
        while any(each.reached < head for each in self.subscribers):
            for listener in listeners:
                if listener.done():
                    listener.result()
            assert time.monotonic() < deadline, [each.reached for each in self.subscribers]
            await asyncio.sleep(0.05)

    def _own(self, number: int) -> list[str]:
        return [f"{self.name}-{number}-{place}" for place in range(OWN_RACKS)]

    async def _add_own(self, number: int, client: AsyncClient) -> None:
        for name in self._own(number):
            await self._add(client, name)

    async def _add(self, client: AsyncClient, name: str) -> None:
        reason = EditReason(f"add {name}", idempotency_key=f"add {name}")
        await self._again_until(lambda: client.add_ci(RACK, name, {}, {}, reason))
        self.noted.acknowledged.append(reason.reason)

    async def _write(self, number: int, client: AsyncClient, over: asyncio.Event) -> None:
        names = self._own(number)
        for turn in itertools.count():
            name = f"{RACK}/{names[turn % OWN_RACKS]}"
            await self._set(client, name, f"{self.name} {number}.{turn}")
            if over.is_set():
                return

    async def _set(self, client: AsyncClient, name: str, value: str) -> None:
        reason = EditReason(f"set {value}", idempotency_key=f"set {value}")
        values = {"notes": value}
        began = time.monotonic()
        await self._again_until(lambda: client.set_attributes(name, values, reason))
        self.noted.write_seconds.append(time.monotonic() - began)
        self.noted.acknowledged.append(reason.reason)
        self.noted.values[name] = value

    async def _read(self, number: int, client: AsyncClient, over: asyncio.Event) -> None:
        questions: list[Callable[[], Awaitable[object]]] = [
            lambda: client.list_cis(Listing(first=50)),
            lambda: client.search_cis("rack"),
            lambda: client.blast_radius([BASE]),
            lambda: client.get_history(BASE, 10),
            lambda: client.list_log(10),
        ]
        for turn in itertools.count(number):
            began = time.monotonic()
            await self._again_until(questions[turn % len(questions)])
            self.noted.read_seconds.append(time.monotonic() - began)
            if over.is_set():
                return

    async def _again_until(self, attempt: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await attempt()
            except CmdbError as error:
                self.noted.errors[error.code] += 1
                self.noted.messages.add(error.message)
                await asyncio.sleep(_AFTER_ERROR_SECONDS)
            else:
                return

    def _client(self) -> AsyncClient:
        address, secret = self.server.address, self.server.secret
        return AsyncClient(address, secret, retries=self.retries, answer_seconds=ANSWER_SECONDS)


BASE = f"{RACK}/base"


def prepare(server: ServeProcess) -> None:
    """Record what readers ask about: something with a few others that rely on it."""
    with server.client() as client:
        client.add_ci(RACK, "base", {}, {}, EditReason("prepare"))
        for number in range(10):
            name = f"thing-{number}"
            client.add_ci(RACK, name, {}, {}, EditReason("prepare"))
            new = NewRelationship("depends_on", f"{RACK}/{name}", BASE)
            client.add_relationship(new, EditReason("prepare"))


def whole_log(server: ServeProcess) -> list[FeedEntry]:
    """Return every entry of the log, in order."""
    found: list[FeedEntry] = []
    with server.client() as client:
        while True:
            page = client.read_feed(found[-1].entry.revision if found else 0, _PAGE)
            found += page.entries
            if not page.has_next:
                return found


def check_nothing_lost(server: ServeProcess, noted: Noted) -> None:
    """Check that each acknowledged write is there exactly once, and nothing is there twice."""
    entries = whole_log(server)
    assert [each.entry.revision for each in entries] == list(range(1, len(entries) + 1))
    written = Counter(
        each.entry.reason for each in entries if each.entry.reason.startswith(("set ", "add "))
    )
    assert noted.acknowledged
    assert len(set(noted.acknowledged)) == len(noted.acknowledged)
    assert [reason for reason in noted.acknowledged if written[reason] != 1] == []
    assert [reason for reason, times in written.items() if times != 1] == []
    with server.client() as client:
        found = {name: client.find_ci(name).attributes.get("notes") for name in noted.values}
        assert found == noted.values
        assert client.verify_log().entries == len(entries)


def check_all_told(subscribers: Sequence[Subscriber]) -> None:
    """Check that each subscriber was told of every revision, in order and once."""
    for each in subscribers:
        assert each.revisions == list(range(each.after + 1, each.reached + 1))
    assert len({each.reached for each in subscribers}) == 1
