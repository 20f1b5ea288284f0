"""How long may one step take? Whoever waits for it is told, and by which limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cmdb.errors import LimitExceeded


@asynccontextmanager
async def within(seconds: float, hint: str = "") -> AsyncIterator[None]:
    """Let what is awaited in this block take that long.

    Raises:
        LimitExceeded: It takes longer. What a thread has begun goes on; nobody waits for it.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        # How long it would have taken nobody knows: it was stopped at the limit.
        told = f"It was not done by then. {hint}".rstrip()
        raise LimitExceeded("seconds", seconds, seconds, told) from error
