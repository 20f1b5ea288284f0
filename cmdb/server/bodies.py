"""How is a body read without trusting its length, or its sender to ever end it?"""

from __future__ import annotations

import asyncio
from time import monotonic

from starlette.requests import Request

from cmdb.errors import BadValue, LimitExceeded
from cmdb.server.http_errors import BODY_BYTES, BODY_SECONDS

_SECONDS = 30.0


async def read_body(request: Request, limit: int, seconds: float = _SECONDS) -> bytes:
    """Return the whole body.

    Args:
        request: Whose body it is.
        limit: Most bytes.
        seconds: How long it may take to come.

    Raises:
        BadValue: The length that it announces is none.
        LimitExceeded: It is larger than `limit` bytes, or not there within `seconds`; reading ended
            there.
    """
    announced = announced_length(request)
    if announced > limit:
        raise LimitExceeded(BODY_BYTES, limit, announced)
    began = monotonic()
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, limit)
    except TimeoutError as error:
        taken = round(monotonic() - began, 3)
        raise LimitExceeded(BODY_SECONDS, seconds, taken, "It was not complete.") from error


async def _read(request: Request, limit: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise LimitExceeded(BODY_BYTES, limit, size)
        parts.append(part)
    return b"".join(parts)


def announced_length(request: Request) -> int:
    """Return the length that a request announces in bytes, 0 where it announces none.

    Raises:
        BadValue: What it announces is no length.
    """
    text = request.headers.get("content-length", "0")
    if not text.isdecimal() or len(text) > 18:
        raise BadValue("Content-Length", "it is no number")
    return int(text)
