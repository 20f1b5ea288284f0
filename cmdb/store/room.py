"""Is there room for the embedded engine to write, and who waits while its folder is opened again?

The engine is kept from a full disk: a commit that finds no room leaves half a record in the log it
recovers from, and what is acknowledged after that one is lost when the process is killed before its
pages are written. So writes end while some room is left, and where a commit met the end all the
same, the folder is closed and opened before the next one.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cmdb.errors import DatabaseFull

RESERVE_BYTES = 64 << 20
_MEGABYTE = 1 << 20


def check_room(folder: Path, reserve_bytes: int) -> None:
    """Return if more than the reserve is free on the disk of the folder.

    Raises:
        DatabaseFull: With what is left.
    """
    free = shutil.disk_usage(folder).free
    if free < reserve_bytes:
        raise DatabaseFull(
            f"{free // _MEGABYTE} MB are left on the disk of {folder}, of which "
            f"{reserve_bytes // _MEGABYTE} MB are kept free"
        )


class Gate:
    """Lets many readers in at once, or one who must be alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._is_shut = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Be inside with others."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_shut)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be inside once the others have left, and let nobody in meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_shut)
            self._is_shut = True
            self._changed.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
            with self._changed:
                self._is_shut = False
                self._changed.notify_all()
