"""When is something sent again, where to, and after which pause?"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx2

from cmdb.client.addresses import Addresses
from cmdb.errors import (
    CmdbError,
    DatabaseUnavailable,
    ServerRefused,
    ServerUnavailable,
    WriteConflict,
)

PASSING = (DatabaseUnavailable, ServerUnavailable, WriteConflict)
"""Errors that say nothing was written, and that may be gone a moment later."""
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_MOST_DOUBLINGS = 100
"""A feed may be lost any number of times; the power stays a number."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How patient the client is.

    Attributes:
        attempts: Most times that one thing is sent, the first time included; by default more than
            fit into the time, which decides.
        first_pause: Seconds before the second attempt; doubled for each further one.
        longest_pause: Most seconds between two attempts.
        give_up_after: No further attempt begins later than this many seconds after the first
            failure.
    """

    attempts: int = 1000
    first_pause: float = 0.1
    longest_pause: float = 5.0
    give_up_after: float = 60.0


class Trying:
    """The attempts to send one thing.

    Args:
        retries: How patient to be.
        addresses: Where it may be sent to.
        is_repeatable: Whether it may be sent again when it may have arrived.
        now: Seconds of a steady clock.
        jitter: Draws from a range, so that many clients do not come back at once.
    """

    def __init__(
        self,
        retries: Retries,
        addresses: Addresses,
        *,
        is_repeatable: bool,
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._retries = retries
        self._addresses = addresses
        self._is_repeatable = is_repeatable
        self._now = now
        self._jitter = jitter
        self._failed = 0
        self._failed_since_reached = 0
        self._away_since: float | None = None
        self.address = addresses.current

    def renew(self) -> None:
        """Be as patient as at first: the server was reached.

        Pauses go on growing, for it may be lost again at once each time.
        """
        self._failed_since_reached = 0
        self._away_since = None

    def pause_after(
        self, error: httpx2.RequestError | CmdbError, *, is_busy: bool = False
    ) -> float:
        """Return how many seconds to wait before the next attempt at `address`.

        Args:
            error: Why this attempt failed.
            is_busy: The server did nothing and asked to come back later.

        Raises:
            CmdbError: There is no next attempt: this is the outcome.
        """
        outcome = as_cmdb_error(error, self.address)
        may_repeat = self._is_repeatable or is_busy or isinstance(error, _NEVER_SENT)
        if not may_repeat or not (is_busy or isinstance(outcome, PASSING)):
            raise outcome from error
        self._failed += 1
        self._failed_since_reached += 1
        left = self._seconds_left()
        if self._failed_since_reached >= self._retries.attempts or left <= 0:
            raise outcome from error
        self._addresses.leave(self.address)
        self.address = self._addresses.current
        return min(self._pause(), left)

    def _seconds_left(self) -> float:
        now = self._now()
        if self._away_since is None:
            self._away_since = now
        return self._away_since + self._retries.give_up_after - now

    def _pause(self) -> float:
        if self._failed < len(self._addresses):
            return 0.0  # another replica is asked at once
        doublings = min(self._failed - len(self._addresses), _MOST_DOUBLINGS)
        pause = self._retries.first_pause * 2.0**doublings
        return self._jitter(0.5, 1.0) * min(pause, self._retries.longest_pause)


def as_cmdb_error(error: httpx2.RequestError | CmdbError, address: str) -> CmdbError:
    """Return the error as callers know it."""
    if isinstance(error, CmdbError):
        return error
    if isinstance(error, httpx2.SSEError):
        return ServerRefused(address, f"its feed cannot be read: {error}")
    if isinstance(error, httpx2.TimeoutException):
        return ServerUnavailable(address, "no answer in time")
    return ServerUnavailable(address, str(error) or type(error).__name__)
