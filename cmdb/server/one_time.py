"""How does the first person get in, before there is any token? With a code that works once."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

VALID_SECONDS = 15 * 60


class OneTimeCode:
    """A code that can be exchanged once, for a while. Safe to share between threads.

    Only whoever sees the terminal of the first local start knows it. It is kept in memory alone.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changing = threading.Lock()
        self._code = ""
        self._expires_at = 0.0

    def make(self) -> str:
        """Return a fresh code; the one before no longer holds."""
        with self._changing:
            self._code = secrets.token_urlsafe(32)
            self._expires_at = self._clock() + VALID_SECONDS
            return self._code

    def take(self, given: str) -> bool:
        """Return whether this is the code and it still holds; from now on it does not."""
        with self._changing:
            is_right = bool(self._code) and secrets.compare_digest(
                given.encode(), self._code.encode()
            )
            if is_right:
                self._code = ""
            return is_right and self._clock() < self._expires_at

    def give_back(self, code: str) -> None:
        """Let a code hold again: nothing came of its exchange."""
        with self._changing:
            self._code = self._code or code

    @property
    def is_waiting(self) -> bool:
        """Whether there is a code that holds."""
        with self._changing:
            return bool(self._code) and self._clock() < self._expires_at
