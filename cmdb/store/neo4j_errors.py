"""Which of our errors is one of the Neo4j driver?"""

from __future__ import annotations

from typing import Any, Final

from cmdb.errors import (
    CmdbError,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseRefused,
    DatabaseUnavailable,
    DuplicateKey,
    WriteConflict,
)

_READ_ONLY: Final = frozenset(
    (
        "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase",
        "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
    )
)
_NO_ROOM: Final = "Neo.DatabaseError.Transaction.TransactionLogError"
_STOPPED: Final = "Neo.DatabaseError.Transaction.TransactionStartFailed"
_HALF_DONE: Final = "Neo.DatabaseError.Transaction.TransactionCommitFailed"


def root_of(kinds: Any, error: Any) -> Any:
    """Return the error of the server behind one that only says that a result had failed."""
    while isinstance(error, kinds.ResultFailedError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def translated(kinds: Any, place: str, error: Any) -> CmdbError:
    """Return our error.

    Args:
        kinds: The exceptions of the driver, which is imported only where it is used.
        place: The address, as it may be shown.
        error: One of the driver.
    """
    reason = (str(getattr(error, "message", None) or error).splitlines() or [""])[0].rstrip(".")
    code = getattr(error, "code", None)
    if code in _READ_ONLY:
        return DatabaseReadOnly(reason)
    if code == _NO_ROOM:
        return DatabaseFull("the server could not write to its log of transactions")
    if code == _HALF_DONE:
        return DatabaseUnavailable(
            place, "its commit failed, which may have been done or not; look at its disk"
        )
    if code == _STOPPED:
        return DatabaseUnavailable(place, reason)
    match error:
        case kinds.ConstraintError():
            return DuplicateKey(reason)
        case kinds.AuthError():
            return DatabaseRefused("wrong user or password")
        case kinds.IncompleteCommit():
            return DatabaseUnavailable(
                place, "it was lost during a commit, which may have been done or not"
            )
        case kinds.DatabaseUnavailable() | kinds.NotALeader():
            return DatabaseUnavailable(place, reason)
        case kinds.TransientError():
            return WriteConflict(1, reason)
        case kinds.Neo4jError():
            return DatabaseRefused(reason)
    return DatabaseUnavailable(place, reason)


def is_outage(kinds: Any, error: CmdbError) -> bool:
    """Return whether an error of ours tells that no connection can be had."""
    cause = error.__cause__
    if isinstance(cause, kinds.IncompleteCommit):
        return False
    return isinstance(cause, kinds.ServiceUnavailable | kinds.DatabaseUnavailable)


def may_succeed_again(error: CmdbError) -> bool:
    """Return whether the same work may succeed when it is done again."""
    if isinstance(error, DatabaseReadOnly):
        return False  # the driver would try again, in case of a member that has just lost its lead
    retryable = getattr(error.__cause__, "is_retryable", None)
    return bool(retryable and retryable())
