"""With which number does a command end, so that a script can tell what happened?"""

from __future__ import annotations

from collections.abc import Mapping

from cmdb import errors

OK = 0
INTERNAL = 1
BAD_INPUT = 2
NOT_FOUND = 3
CONFLICT = 4
FORBIDDEN = 5
DATABASE = 6
LOG_BROKEN = 7
CHECK_FAILED = 8
INTERRUPTED = 130

MEANINGS: Mapping[int, str] = {
    OK: "done",
    INTERNAL: "a defect of the program; `--debug` says where the trace is",
    BAD_INPUT: "the command, a file, a value or a setting is wrong",
    NOT_FOUND: "what was named is not there, or the name is ambiguous",
    CONFLICT: "the world has moved since it was read, or the move is not allowed",
    FORBIDDEN: "the caller is not known, or may not",
    DATABASE: "the database or the server cannot serve (locked, absent, refused, full, too new)",
    LOG_BROKEN: "the log does not verify",
    CHECK_FAILED: "`doctor` found something that must be mended",
    INTERRUPTED: "stopped by the user; what was acknowledged is kept",
}
"""Every exit code and what it says."""

BY_ERROR: Mapping[type[errors.CmdbError], int] = {
    errors.BadInput: BAD_INPUT,
    errors.NotFound: NOT_FOUND,
    errors.AmbiguousName: NOT_FOUND,
    errors.Conflict: CONFLICT,
    errors.IllegalTransition: CONFLICT,
    errors.Forbidden: FORBIDDEN,
    errors.Unauthenticated: FORBIDDEN,
    errors.ServerError: DATABASE,
    errors.DatabaseError: DATABASE,
    errors.LogBroken: LOG_BROKEN,
    errors.Interrupted: INTERRUPTED,
}
"""The exit code of each branch of the error tree; a child has that of its nearest parent."""


def exit_code_of(error: errors.CmdbError | type[errors.CmdbError]) -> int:
    """Return the exit code of an error or of a class of errors."""
    kind = error if isinstance(error, type) else type(error)
    return next((BY_ERROR[parent] for parent in kind.__mro__ if parent in BY_ERROR), INTERNAL)
