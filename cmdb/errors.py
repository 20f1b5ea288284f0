"""Which errors can a caller meet, and what should they do about each?

    CmdbError
    ├── BadInput                what was asked for cannot be read            exit 2
    │   ├── BadFile               a whole file is refused, nothing written
    │   ├── BadValue              one field of a request is wrong
    │   ├── UnknownFormat         no importer of that name
    │   ├── BadSettings           an environment variable is wrong
    │   └── LimitExceeded         a request is over a limit: which, and by how much
    ├── NotFound                what was named is not there                  exit 3
    │   ├── UnknownCI             with the nearest names
    │   ├── UnknownClass          with the nearest classes
    │   ├── UnknownRelationshipType
    │   ├── UnknownRelationship   no live relationship has that id
    │   ├── UnknownRevision       before the first, after the last, or erased
    │   └── UnknownRecord         no incident, change, preview, token or run of that id
    ├── AmbiguousName           several CIs carry that name                  exit 3
    ├── Conflict                the world has moved since it was read        exit 4
    │   ├── StaleVersion          a CI or relationship changed meanwhile
    │   ├── StalePlan             what the plan was computed from has moved
    │   ├── KeyReused             an idempotency key came with another request
    │   ├── WriteConflict         a transaction lost every retry
    │   └── DuplicateKey          a uniqueness constraint refused a write
    ├── Unauthenticated         no token, or one that does not hold          exit 5
    ├── Forbidden               the caller may not                           exit 5
    ├── IllegalTransition       a state machine refuses, legal moves named   exit 4
    ├── DatabaseError           the database cannot serve                    exit 6
    │   ├── DatabaseLocked        another process has the folder open
    │   ├── DatabaseUnavailable   no answer, or lost on the way
    │   ├── DatabaseRefused       wrong password, missing right, bad query
    │   ├── DatabaseReadOnly      it takes no writes; reads go on
    │   ├── DatabaseFull          no room to write; reads go on
    │   ├── DatabaseTooNew        written by a newer version of this program
    │   ├── DatabaseUnfinished    a copy or restore into it was interrupted
    │   └── NotInitialised        no database here yet
    ├── ServerError             the server of this product cannot answer     exit 6
    │   ├── ServerUnavailable     no answer, or lost on the way
    │   ├── ServerFull            no room for what is sent to it
    │   ├── EngineUnavailable     no process can be started for exact figures
    │   └── ServerRefused         an answer that this client cannot read
    ├── LogBroken               the hash chain does not verify               exit 7
    └── Interrupted             stopped by the user; whole batches remain    exit 130

Every error has a stable `code` (what a program reads), facts as attributes (`facts`), and a message
that says what happened, where, and what to do. No error carries a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class CmdbError(Exception):
    """The root: catch this to catch everything this product raises on purpose."""

    code: ClassVar[str] = "CMDB"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts: dict[str, Any] = facts

    @property
    def message(self) -> str:
        """The sentence for a person."""
        return str(self.args[0])

    @classmethod
    def kinds(cls) -> list[type[CmdbError]]:
        """Return this class and all below it, parents first."""
        return [cls, *(kind for child in cls.__subclasses__() for kind in child.kinds())]


class BadInput(CmdbError):
    """What was asked for cannot be read."""

    code = "BAD_INPUT"


class BadFile(BadInput):
    """A whole file is refused; nothing of it was written."""

    code = "BAD_FILE"

    def __init__(self, path: str, reason: str, hint: str = "", *, place: str = "") -> None:
        where = f"{path}:{place}" if place else path
        tail = f" {hint}" if hint else ""
        facts = {"path": path, "place": place, "reason": reason, "hint": hint}
        super().__init__(f"{where}: {reason}.{tail} Nothing was written.", **facts)


class BadValue(BadInput):
    """One field of a request is wrong."""

    code = "BAD_VALUE"

    def __init__(self, field: str, reason: str, hint: str = "") -> None:
        tail = f" {hint}" if hint else ""
        super().__init__(f"{field}: {reason}.{tail}", field=field, reason=reason, hint=hint)


class UnknownFormat(BadInput):
    """No importer of that name is installed."""

    code = "UNKNOWN_FORMAT"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"No importer reads the format {name!r}. Installed: {', '.join(known)}.",
            name=name,
            known=list(known),
        )


class BadSettings(BadInput):
    """An environment variable or option of the installation is wrong."""

    code = "BAD_SETTINGS"

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(f"{setting}: {reason}.", setting=setting, reason=reason)


class LimitExceeded(BadInput):
    """A request is over a limit."""

    code = "LIMIT_EXCEEDED"

    def __init__(self, limit: str, allowed: float, found: float, hint: str = "") -> None:
        tail = f" {hint}" if hint else ""
        super().__init__(
            f"The request is over the limit of {limit}: {found:.12g} where {allowed:.12g} are "
            f"allowed.{tail}",
            limit=limit,
            allowed=allowed,
            found=found,
        )


class NotFound(CmdbError):
    """What was named is not there."""

    code = "NOT_FOUND"

    kind: ClassVar[str] = "thing"

    def __init__(self, name: str, nearest: Sequence[str] = ()) -> None:
        hint = f" Did you mean {', '.join(nearest)}?" if nearest else ""
        super().__init__(
            f"There is no {self.kind} {name!r}.{hint}", name=name, nearest=list(nearest)
        )


class UnknownCI(NotFound):
    """No CI has that id or name."""

    code = "UNKNOWN_CI"
    kind = "CI"


class UnknownClass(NotFound):
    """No CI class of that name is registered."""

    code = "UNKNOWN_CLASS"
    kind = "CI class"


class UnknownRelationshipType(NotFound):
    """No relationship type of that name is registered."""

    code = "UNKNOWN_RELATIONSHIP_TYPE"
    kind = "relationship type"


class UnknownRelationship(NotFound):
    """No live relationship has that id."""

    code = "UNKNOWN_RELATIONSHIP"
    kind = "relationship"


class UnknownRevision(NotFound):
    """The log has no such revision, or its content was erased by policy."""

    code = "UNKNOWN_REVISION"
    kind = "revision"

    def __init__(self, name: str, nearest: Sequence[str] = (), *, reason: str = "") -> None:
        super().__init__(name, nearest)
        if reason:
            self.args = (f"Revision {name} cannot be read: {reason}.",)
            self.facts["reason"] = reason


class UnknownRecord(NotFound):
    """No record of that kind has that id."""

    code = "UNKNOWN_RECORD"

    def __init__(self, kind: str, name: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(name, nearest)
        hint = f" Did you mean {', '.join(nearest)}?" if nearest else ""
        self.args = (f"There is no {kind} {name!r}.{hint}",)
        self.facts["kind"] = kind


class AmbiguousName(CmdbError):
    """Several CIs carry that name; the candidates are `Class/name (id)`."""

    code = "AMBIGUOUS_NAME"

    def __init__(self, name: str, candidates: Sequence[str]) -> None:
        how = "by id" if "/" in name else "by Class/name or by id"
        told = f"{name!r} names {len(candidates)} CIs: {', '.join(candidates)}. Say which {how}."
        super().__init__(told, name=name, candidates=list(candidates))


class Conflict(CmdbError):
    """The world has moved since it was read: read again and decide again."""

    code = "CONFLICT"


class StaleVersion(Conflict):
    """A CI or relationship was changed after the caller read it."""

    code = "STALE_VERSION"

    def __init__(self, subject: str, expected: int, actual: int) -> None:
        super().__init__(
            f"{subject} is at version {actual}, not {expected}: it was changed meanwhile. "
            "Read it again and repeat the change.",
            subject=subject,
            expected=expected,
            actual=actual,
        )


class StalePlan(Conflict):
    """What a plan was computed from has moved; compute it again."""

    code = "STALE_PLAN"

    def __init__(self, moved: Sequence[str]) -> None:
        shown = ", ".join(moved[:5]) + (" …" if len(moved) > 5 else "")
        super().__init__(
            f"The plan is out of date: {shown} changed after it was computed. Plan again.",
            moved=list(moved),
        )


class KeyReused(Conflict):
    """An idempotency key came a second time, with another request."""

    code = "KEY_REUSED"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The idempotency key {key!r} belongs to another request. Use a new key.", key=key
        )


class WriteConflict(Conflict):
    """A transaction met other writers at every retry."""

    code = "WRITE_CONFLICT"

    def __init__(self, attempts: int, reason: str = "") -> None:
        super().__init__(
            f"The write met other writers {attempts} times and was given up; nothing was "
            f"written. Try again. {reason}".strip(),
            attempts=attempts,
            reason=reason,
        )


class DuplicateKey(Conflict):
    """A uniqueness constraint of the database refused a write."""

    code = "DUPLICATE_KEY"

    def __init__(self, reason: str = "") -> None:
        super().__init__(f"Another write made the same thing first. {reason}".strip())


class Unauthenticated(CmdbError):
    """Nobody is known by what was presented."""

    code = "UNAUTHENTICATED"

    def __init__(self, reason: str = "there is no token") -> None:
        super().__init__(
            f"Who asks is not known: {reason}. Send `Authorization: Bearer <token>`; an "
            "administrator makes tokens with `cmdb token create`.",
            reason=reason,
        )


class Forbidden(CmdbError):
    """The caller lacks the right."""

    code = "FORBIDDEN"

    def __init__(
        self,
        actor: str,
        action: str,
        subject: str = "",
        hint: str = "Ask an administrator for the role.",
    ) -> None:
        what = f"{action} {subject}".strip()
        super().__init__(
            f"{actor} may not {what}. {hint}",
            actor=actor,
            action=action,
            subject=subject,
        )


class IllegalTransition(CmdbError):
    """A state machine refuses a move."""

    code = "ILLEGAL_TRANSITION"

    def __init__(self, subject: str, state: str, wanted: str, legal: Sequence[str]) -> None:
        ways = f"It can become {', '.join(legal)}." if legal else "It does not change any more."
        super().__init__(
            f"{subject} is {state}; it cannot become {wanted}. {ways}",
            subject=subject,
            state=state,
            wanted=wanted,
            legal=list(legal),
        )


class DatabaseError(CmdbError):
    """The database cannot serve."""

    code = "DATABASE"


class DatabaseLocked(DatabaseError):
    """Another process has the embedded database open."""

    code = "DATABASE_LOCKED"

    def __init__(self, path: str, holder: str = "") -> None:
        who = f" ({holder})" if holder else ""
        super().__init__(
            f"Another process{who} has the database at {path} open. Stop it, or talk to the "
            "server that has it open with --url.",
            path=path,
            holder=holder,
        )


class DatabaseUnavailable(DatabaseError):
    """No answer from the database, or the connection was lost."""

    code = "DATABASE_UNAVAILABLE"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"The database at {address} does not answer: {reason}.", address=address, reason=reason
        )


class DatabaseRefused(DatabaseError):
    """The database refused: credentials, rights or the statement."""

    code = "DATABASE_REFUSED"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database refused: {reason}.", reason=reason)


class DatabaseReadOnly(DatabaseError):
    """The database takes no writes; reads go on."""

    code = "DATABASE_READ_ONLY"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The database takes no writes: {reason}. Reads go on; nothing was written.",
            reason=reason,
        )


class DatabaseFull(DatabaseError):
    """There is no room to write; reads go on."""

    code = "DATABASE_FULL"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The database has no room to write: {reason}. Reads go on; nothing was written. "
            "Free some space and try again.",
            reason=reason,
        )


class DatabaseTooNew(DatabaseError):
    """A newer version of this program wrote the database."""

    code = "DATABASE_TOO_NEW"

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"The database has schema {found}; this program knows up to {known}. Upgrade the "
            "program.",
            found=found,
            known=known,
        )


class DatabaseUnfinished(DatabaseError):
    """A copy or a restore into the database was interrupted."""

    code = "DATABASE_UNFINISHED"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The database ({address}) holds the beginning of a copy that was interrupted. Run the "
            "same `cmdb db copy` or `cmdb db restore` again, or with --anew.",
            address=address,
        )


class NotInitialised(DatabaseError):
    """There is no database here yet."""

    code = "NOT_INITIALISED"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"There is no database at {address}. Run `cmdb init` first.", address=address
        )


class ServerError(CmdbError):
    """The server of this product cannot answer."""

    code = "SERVER"


class ServerUnavailable(ServerError):
    """No answer from the server, or the connection was lost."""

    code = "SERVER_UNAVAILABLE"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"The server at {address} does not answer: {reason}.", address=address, reason=reason
        )


class ServerFull(ServerError):
    """The server has no room for what is sent to it; everything else goes on."""

    code = "SERVER_FULL"


class EngineUnavailable(ServerError):
    """The process that computes exact figures cannot be started."""

    code = "ENGINE_UNAVAILABLE"


class ServerRefused(ServerError):
    """The server answered what this client cannot read."""

    code = "SERVER_REFUSED"

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"The server at {address} cannot be worked with: {reason}.",
            address=address,
            reason=reason,
        )


class LogBroken(CmdbError):
    """The hash chain of the log does not verify."""

    code = "LOG_BROKEN"

    def __init__(self, revision: int, reason: str) -> None:
        super().__init__(
            f"The log is broken at revision {revision}: {reason}. Compare with a backup or an "
            "anchor kept elsewhere.",
            revision=revision,
            reason=reason,
        )


class Interrupted(CmdbError):
    """Stopped by the user; whole batches remain and the run can be resumed."""

    code = "INTERRUPTED"
