"""Subscribers of the change feed, by events and by WebSocket, which note what they are told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from cmdb.client import AsyncClient
from tests.e2e.serve_process import PATIENT

FEED = """subscription ChangeFeed($after: Int) {
  changeFeed(after: $after) { entry { revision actor reason } } }"""
PROTOCOL = Subprotocol("graphql-transport-ws")
_AGAIN_SECONDS = 0.1


class Told(NamedTuple):
    """One entry as a subscriber was told of it, and when."""

    revision: int
    actor: str
    reason: str
    at: float


@dataclass(slots=True)
class Subscriber:
    """One subscriber, wherever it is connected at the moment.

    Attributes:
        address: Base address of the server.
        secret: A token.
        after: The last revision that it knew at first.
        told: What it was told, over all its connections.
    """

    address: str
    secret: str
    after: int
    told: list[Told] = field(default_factory=list)

    @property
    def reached(self) -> int:
        """The last revision that it knows."""
        return self.told[-1].revision if self.told else self.after

    @property
    def revisions(self) -> list[int]:
        """The revisions it was told of, in the order of telling."""
        return [each.revision for each in self.told]

    async def follow_events(self) -> None:
        """Follow with the client, by server-sent events, until cancelled."""
        async with AsyncClient(self.address, self.secret, retries=PATIENT) as client:
            async for each in client.follow(self.reached):
                entry = each.entry
                self._note(entry.revision, entry.actor, entry.reason)

    async def follow_socket(self) -> None:
        """Follow over a WebSocket, connecting again when it is lost, until cancelled."""
        while True:
            with suppress(ConnectionClosed, InvalidHandshake, OSError, _Ended):
                await self._listen()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _listen(self) -> None:
        headers = {"Authorization": f"Bearer {self.secret}"}
        address = self.address.replace("http", "ws", 1) + "/graphql"
        async with connect(
            address, subprotocols=[PROTOCOL], additional_headers=headers, proxy=None
        ) as opened:
            await opened.send(json.dumps({"type": "connection_init"}))
            asked = {"query": FEED, "variables": {"after": self.reached}}
            await opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": asked}))
            async for text in opened:
                message: dict[str, Any] = json.loads(text)
                if message["type"] == "ping":
                    await opened.send(json.dumps({"type": "pong"}))
                if message["type"] in ("error", "complete"):
                    raise _Ended
                if message["type"] == "next":
                    self._take(message["payload"])

    def _take(self, payload: dict[str, Any]) -> None:
        for error in payload.get("errors") or ():
            assert error["extensions"]["code"] == "DATABASE_UNAVAILABLE", error
            raise _Ended
        entry = payload["data"]["changeFeed"]["entry"]
        self._note(entry["revision"], entry["actor"], entry["reason"])

    def _note(self, revision: int, actor: str, reason: str) -> None:
        self.told.append(Told(revision, actor, reason, time.monotonic()))


class _Ended(Exception):
    """The server ended the subscription; where it stands is known."""


class Listening:
    """A subscriber at work in a thread, from `start` to `stop`, as often as wanted."""

    def __init__(self, subscriber: Subscriber, follow: Callable[[], Awaitable[None]]) -> None:
        self.subscriber = subscriber
        self._follow = follow
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._began = threading.Event()
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Subscribe after what is known."""
        self._began.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        self._began.wait()

    def stop(self) -> None:
        """Go away, as a program does that is ended."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        assert self._loop is not None
        assert self._task is not None
        with suppress(RuntimeError):  # It has ended by itself; `failure` says why.
            self._loop.call_soon_threadsafe(self._task.cancel)
        thread.join()

    def wait_for(self, revision: int, seconds: float = 120) -> None:
        """Return when it was told of a revision."""
        deadline = time.monotonic() + seconds
        while self.subscriber.reached < revision:
            assert self.failure is None, self.failure
            assert time.monotonic() < deadline, (self.subscriber.reached, revision)
            time.sleep(0.02)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.ensure_future(self._follow())
        self._began.set()
        try:
            await self._task
        except asyncio.CancelledError:
            return
        except BaseException as error:
            self.failure = error
