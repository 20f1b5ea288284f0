"""Which of several processes that start at once changes the schema, while the others wait?

Whoever makes the lock node. It beats while it works; a node that stands still for the length of the
lease belongs to a process that was killed, and the next one takes it over. Nobody compares clocks:
each waits by its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from cmdb.errors import CmdbError, DatabaseRefused, DuplicateKey, WriteConflict
from cmdb.store.connection import Connection, NodeType, Transaction, Unique, pause_seconds

LEASE_SECONDS = 20.0
_POLL_SECONDS = 0.2
_SETUP_ATTEMPTS = 10

MAKE = "CREATE (l:SchemaLock {id: 'schema', holder: $me, beat: 0}) RETURN l.beat AS beat"
LOOK = "MATCH (l:SchemaLock {id: 'schema'}) RETURN l.holder AS holder, l.beat AS beat"
TAKE_OVER = """
MATCH (l:SchemaLock {id: 'schema'}) SET l.touched = $me
WITH l WHERE l.holder = $holder AND l.beat = $beat
SET l.holder = $me, l.beat = l.beat + 1 RETURN l.beat AS beat
"""
BEAT = """
MATCH (l:SchemaLock {id: 'schema'}) SET l.touched = $me
WITH l WHERE l.holder = $me
SET l.beat = l.beat + 1 RETURN l.beat AS beat
"""
LEAVE = "MATCH (l:SchemaLock {id: 'schema'}) WHERE l.holder = $me DELETE l"


class SchemaLock:
    """The lock, as its holder has it."""

    def __init__(self, connection: Connection, me: str) -> None:
        self._connection = connection
        self._me = me

    def check(self, tx: Transaction) -> None:
        """Return if the lock is still ours; asked inside the transaction that notes a step.

        Raises:
            WriteConflict: Another process took us for dead, and goes on in our place.
        """
        if not tx.run(BEAT, {"me": self._me}):
            raise WriteConflict(1, "another process changes the schema")

    def leave(self) -> None:
        """Give the lock back, if it is still ours."""
        self._connection.write(lambda tx: tx.run(LEAVE, {"me": self._me}))

    def beat(self, ended: threading.Event, every_seconds: float) -> None:
        """Show that we are alive, until the work has ended."""
        while not ended.wait(every_seconds):
            with suppress(CmdbError):  # what does not pass shows where the step is noted
                self._connection.write(self.check)


@contextmanager
def schema_lock(
    connection: Connection, *, lease_seconds: float = LEASE_SECONDS
) -> Iterator[SchemaLock]:
    """Hold the lock for the length of the block, once no other process holds it."""
    lock = SchemaLock(connection, _take(connection, lease_seconds))
    ended = threading.Event()
    beating = threading.Thread(
        target=lock.beat, args=(ended, lease_seconds / 4), name="cmdb-schema-lock", daemon=True
    )
    beating.start()
    try:
        yield lock
    finally:
        ended.set()
        beating.join()
        lock.leave()


def _take(connection: Connection, lease_seconds: float) -> str:
    """Return the name under which the lock was taken."""
    me = uuid4().hex
    _make_room(connection)
    seen: tuple[str, int] | None = None
    since = time.monotonic()
    while True:
        rows = connection.read(LOOK)
        if not rows:
            if _is_made(connection, me):
                return me
        elif rows[0] != seen:
            seen, since = (rows[0][0], rows[0][1]), time.monotonic()
        elif time.monotonic() - since >= lease_seconds and _is_taken_over(connection, me, seen):
            return me
        time.sleep(_POLL_SECONDS)


def _make_room(connection: Connection) -> None:
    """Make the constraint that lets one of many be the first, although many make it at once."""
    for attempt in range(1, _SETUP_ATTEMPTS + 1):
        try:
            connection.setup([NodeType("SchemaLock"), Unique("SchemaLock", "id")])
            break
        except (DatabaseRefused, WriteConflict):
            if attempt == _SETUP_ATTEMPTS:
                raise
            time.sleep(pause_seconds(attempt))


def _is_made(connection: Connection, me: str) -> bool:
    try:
        connection.write(lambda tx: tx.run(MAKE, {"me": me}))
    except DuplicateKey:
        return False
    return True


def _is_taken_over(connection: Connection, me: str, seen: tuple[str, int]) -> bool:
    given = {"me": me, "holder": seen[0], "beat": seen[1]}
    return bool(connection.write(lambda tx: tx.run(TAKE_OVER, given)))
