"""How does an event loop wait for synchronous services? In a bounded pool of threads."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, ParamSpec, TypeVar

from cmdb.ports.awaited import lend

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 16


class Workers:
    """The threads of one process in which services run.

    Who stops waiting for a call does not stop the call: it ends in its thread, at its next
    checkpoint (`cmdb.ports.awaited`) or when it is done. The thread stays occupied until then, so
    that no number of impatient callers makes more threads.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cmdb-api")
        self._running: set[Future[Any]] = set()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a call returns, made in a thread with the context of the caller."""
        leaving = threading.Event()

        def call() -> T:
            with lend(leaving):
                return work(*args, **kwargs)

        future = self._pool.submit(partial(contextvars.copy_context().run, call))
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            leaving.set()
            raise

    def close(self, seconds: float | None = None) -> bool:
        """Let the calls end that have begun, and tell whether they did.

        Args:
            seconds: How long to wait for them; None: until they end.
        """
        self._pool.shutdown(wait=False, cancel_futures=True)
        _, late = wait(self._running.copy(), seconds)
        if not late:
            self._pool.shutdown(wait=True)
        return not late
