"""How does an event loop wait for synchronous services? In a bounded pool of threads."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 16


class Workers:
    """The threads of one process in which services run.

    Who stops waiting for a call does not stop the call: it ends in its thread, which stays
    occupied until then, so that no number of impatient callers makes more threads.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cmdb-api")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a call returns, made in a thread with the context of the caller."""
        call = partial(contextvars.copy_context().run, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Let the calls end that have begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)
