"""Does anybody still wait for what is being worked out? Long work asks now and then, and stops.

Whoever hands work to a thread lends it `leaving`, and sets that once nobody waits any more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_leaving: ContextVar[threading.Event | None] = ContextVar("cmdb_leaving", default=None)


class NobodyWaits(Exception):
    """Work was given up: whoever asked has left, and is never told."""


@contextmanager
def lend(leaving: threading.Event) -> Iterator[None]:
    """Make what runs inside, in this thread, stop at its next checkpoint once this is set."""
    token = _leaving.set(leaving)
    try:
        yield
    finally:
        _leaving.reset(token)


def check_awaited() -> None:
    """Return if somebody may still wait; a checkpoint of work that reads and writes nothing yet.

    Raises:
        NobodyWaits: Whoever asked has left.
    """
    leaving = _leaving.get()
    if leaving is not None and leaving.is_set():
        raise NobodyWaits
