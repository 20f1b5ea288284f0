"""How does an export that comes in pieces become lines again?"""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.client.exchange import Sent
from cmdb.errors import ServerUnavailable

EXPORT = Sent("GET", "/export", is_slow=True, is_streamed=True)


class Lines:
    """Puts pieces together to lines, each with its end."""

    def __init__(self) -> None:
        self._begun = b""
        self._count = 0

    def split(self, piece: bytes) -> Iterator[bytes]:
        """Yield the lines that end in a piece."""
        *whole, self._begun = (self._begun + piece).split(b"\n")
        for line in whole:
            self._count += 1
            yield line + b"\n"

    def rest(self) -> Iterator[bytes]:
        """Yield what comes after the last end of a line."""
        if self._begun:
            yield self._begun

    def broken(self, address: str, error: Exception) -> ServerUnavailable:
        """Return the error of an export that broke off: what came so far is not all of it."""
        reason = f"the export broke off after {self._count} lines ({type(error).__name__})"
        return ServerUnavailable(address, reason)
