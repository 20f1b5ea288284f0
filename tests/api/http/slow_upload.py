"""An upload whose bytes come when a test says so."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class SlowUpload:
    """A request for an import whose head is sent, and whose body is not yet.

    Args:
        address: Of the server.
        token: Of the importer.
        path: With its parameters.
        length: Announced of the body.
        key: Idempotency key, or empty.
    """

    def __init__(self, address: str, token: str, path: str, length: int, key: str = "") -> None:
        place = urlsplit(address)
        self._socket = socket.create_connection((place.hostname, place.port), timeout=30)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Length: {length}\r\nConnection: close\r\n"
        )
        self.send((head + (f"Idempotency-Key: {key}\r\n" if key else "") + "\r\n").encode())

    def send(self, data: bytes) -> None:
        """Send some bytes."""
        self._socket.sendall(data)

    def answer(self) -> tuple[int, str]:
        """Return status and everything after it, once the server has ended the connection."""
        with self._socket.makefile("rb") as stream:
            told = stream.read().decode()
        return int(told.split(" ", 2)[1]), told

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave, whatever was sent."""
        self._socket.close()
