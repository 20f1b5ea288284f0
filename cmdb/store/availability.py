"""Is the database there? Once it is known to be away, nobody waits to be told so.

A request that meets an outage first tries again for a moment, since a connection may be stale or a
leader on the move. Then the database counts as away: every request is refused at once, and one
thread asks the database until it answers.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cmdb.errors import CmdbError, DatabaseUnavailable

PATIENCE_SECONDS = 1.0
"""For how long a request that meets an outage tries again."""
PROBE_SECONDS = 0.5


@dataclass
class Availability:
    """What one process knows of its database. Safe to share between threads.

    Attributes:
        probe: Asks the database; its errors are ours.
        is_outage: Whether an error tells that the database is away.
    """

    probe: Callable[[], object]
    is_outage: Callable[[CmdbError], bool]
    _changing: threading.Lock = field(default_factory=threading.Lock)
    _closed: threading.Event = field(default_factory=threading.Event)
    _away: DatabaseUnavailable | None = None
    _probing: threading.Thread | None = None

    def check(self) -> None:
        """Return unless the database is known to be away.

        Raises:
            DatabaseUnavailable: As it was met.
        """
        away = self._away
        if away is not None:
            # A new one: an error that was raised in several threads tells of none of them.
            raise DatabaseUnavailable(away.facts["address"], away.facts["reason"])

    def patience(self) -> Callable[[CmdbError], bool]:
        """Return whether a piece of work that begins now may try again after an outage.

        It is asked after each failed attempt, and true of every error that is no outage.
        """
        ends_at = time.monotonic() + PATIENCE_SECONDS

        def may_try_again(error: CmdbError) -> bool:
            if not isinstance(error, DatabaseUnavailable) or not self.is_outage(error):
                return True
            if self._away is None and time.monotonic() < ends_at:
                return True
            self._go_away(error)
            return False

        return may_try_again

    def close(self) -> None:
        """Ask the database no more."""
        self._closed.set()
        if (probing := self._probing) is not None:
            probing.join()

    def _go_away(self, error: DatabaseUnavailable) -> None:
        with self._changing:
            if self._away is not None or self._closed.is_set():
                return
            self._away = error
            self._probing = threading.Thread(target=self._watch, name="cmdb-probe", daemon=True)
            self._probing.start()

    def _watch(self) -> None:
        while not self._closed.wait(PROBE_SECONDS):
            try:
                self.probe()
            except CmdbError as error:
                if isinstance(error, DatabaseUnavailable):
                    self._away = error
                    continue
            # It answers, be it by refusing: that is for whoever asks next to be told.
            break
        with self._changing:
            self._away = None
