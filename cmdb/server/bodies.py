"""How is a body read without trusting its length, or its sender to ever end it?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from starlette.requests import Request

from cmdb.errors import BadValue, LimitExceeded
from cmdb.server.http_errors import BODY_BYTES, BODY_SECONDS, IMPORT_SECONDS

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


async def steady_stream(request: Request, seconds: float, least_rate: int) -> AsyncIterator[bytes]:
    """Yield the pieces of a body as long as they come at all, and fast enough.

    What counts is the time of waiting for the client; while its bytes are worked on it rests.

    Args:
        request: Its body is read.
        seconds: Longest time of waiting for any byte, and how long a rate is taken over.
        least_rate: Bytes for each second of waiting.

    Raises:
        LimitExceeded: They come too slowly, or no more.
    """
    stream = aiter(request.stream())
    waited, size = 0.0, 0
    while True:
        began = monotonic()
        try:
            async with asyncio.timeout(seconds):
                part = await anext(stream, None)
        except TimeoutError as error:
            raise _too_slow(seconds, least_rate, monotonic() - began, 0) from error
        if part is None:
            return
        waited += monotonic() - began
        size += len(part)
        if waited >= seconds:
            if size < least_rate * seconds:
                raise _too_slow(seconds, least_rate, waited, size)
            waited, size = 0.0, 0
        yield part


def _too_slow(seconds: float, rate: int, waited: float, size: int) -> LimitExceeded:
    hint = (
        f"In that time {rate * seconds:.0f} bytes must come, {size} came: "
        "CMDB_UPLOAD_SECONDS and CMDB_UPLOAD_RATE say how fast."
    )
    return LimitExceeded(IMPORT_SECONDS, seconds, round(waited, 3), hint)


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
