"""Which of our errors does an error of the embedded engine mean?

Told by the Java class, never by its message: messages change, and quote the user's own values. One
exception: what comes from the disk has one class for all of it, and the text of the operating
system, which this process can ask for too.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from typing import Any

from cmdb.errors import (
    CmdbError,
    DatabaseFull,
    DatabaseLocked,
    DatabaseReadOnly,
    DatabaseRefused,
    DatabaseUnavailable,
    DuplicateKey,
    WriteConflict,
)
from cmdb.store.jvm import java_class

_OF_DISK: Mapping[type[DatabaseFull | DatabaseReadOnly], tuple[int, ...]] = {
    DatabaseFull: (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    DatabaseReadOnly: (errno.EROFS, errno.EACCES, errno.EPERM),
}


class JavaErrors:
    """Translates errors. Needs a running Java machine."""

    def __init__(self) -> None:
        self._locked = java_class("com.arcadedb.utility.LockException")
        self._retry = java_class("com.arcadedb.exception.NeedRetryException")
        self._duplicate = java_class("com.arcadedb.exception.DuplicatedKeyException")
        self._read_only = java_class("com.arcadedb.exception.DatabaseIsReadOnlyException")
        self._denied = java_class("java.nio.file.AccessDeniedException")
        self._of_disk = java_class("java.io.IOException")
        self._gone = (
            java_class("com.arcadedb.exception.DatabaseIsClosedException"),
            java_class("java.lang.VirtualMachineError"),
        )

    def at_opening(self, error: Any, place: str) -> CmdbError:
        """Return what an error means that was met when the folder was opened."""
        causes = list(_causes(error))
        if any(isinstance(cause, self._locked) for cause in causes):
            return DatabaseLocked(place)
        told = (self._said_by_disk(cause) for cause in causes)
        return next(filter(None, told), None) or DatabaseUnavailable(place, _reason(error))

    def at_work(self, error: Any, place: str) -> CmdbError:
        """Return what an error means that a statement or a commit met."""
        for cause in _causes(error):
            if isinstance(cause, self._retry):
                return WriteConflict(1, _reason(error))
            if isinstance(cause, self._duplicate):
                return DuplicateKey(_reason(cause))
            if isinstance(cause, self._read_only):
                return DatabaseReadOnly(f"the folder {place} was opened for reading only")
            if (said := self._said_by_disk(cause)) is not None:
                return said
            if isinstance(cause, (*self._gone, self._of_disk)):
                return DatabaseUnavailable(place, _reason(cause))
        return DatabaseRefused(_reason(error))

    def _said_by_disk(self, cause: Any) -> CmdbError | None:
        if isinstance(cause, self._denied):
            return DatabaseReadOnly(os.strerror(errno.EACCES))
        if isinstance(cause, self._of_disk):
            said = str(cause.getMessage() or "")
            for kind, numbers in _OF_DISK.items():
                for words in map(os.strerror, numbers):
                    if words in said:
                        return kind(words)
        return None


def _causes(error: Any) -> Iterator[Any]:
    for _ in range(20):
        if error is None:
            return
        yield error
        error = error.getCause() if hasattr(error, "getCause") else error.__cause__


def _reason(error: Any) -> str:
    return str(error.getMessage() or error.getClass().getSimpleName())
