"""After which row does a page begin? An opaque text with a checksum that says so."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import orjson

from cmdb.errors import BadValue

_CHECK_BYTES = 6


def seal_cursor(content: list[Any]) -> str:
    """Return the cursor that holds these values."""
    text = orjson.dumps(content)
    return base64.urlsafe_b64encode(_digest(text) + text).decode().rstrip("=")


def open_cursor(cursor: str) -> list[Any]:
    """Return the values that a cursor holds.

    Raises:
        BadValue: It is no cursor.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        digest, text = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        content = orjson.loads(text) if digest == _digest(text) else None
    except (ValueError, binascii.Error):
        content = None
    if not isinstance(content, list):
        raise no_cursor()
    return content


def no_cursor() -> BadValue:
    """Return the error of what is no cursor."""
    return BadValue("after", "not a cursor of this service", "Begin at the first page.")


def _digest(content: bytes) -> bytes:
    # Against accidents only: a forged cursor shows nothing that its reader may not see anyway.
    return hashlib.blake2s(content, digest_size=_CHECK_BYTES).digest()
