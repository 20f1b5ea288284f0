"""How is a body read without trusting its length?"""

from __future__ import annotations

from starlette.requests import Request

from cmdb.errors import BadValue, LimitExceeded
from cmdb.server.http_errors import BODY_BYTES


async def read_body(request: Request, limit: int) -> bytes:
    """Return the whole body.

    Raises:
        LimitExceeded: It is larger than `limit` bytes; reading ended there.
    """
    announced = announced_length(request)
    if announced > limit:
        raise LimitExceeded(BODY_BYTES, limit, announced)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise LimitExceeded(BODY_BYTES, limit, size)
        parts.append(part)
    return b"".join(parts)


def announced_length(request: Request) -> int:
    """Return the length that a request announces, 0 where it announces none."""
    text = request.headers.get("content-length", "0")
    if not text.isdecimal() or len(text) > 18:
        raise BadValue("Content-Length", "it is no number")
    return int(text)
