"""How large is the log, for how long is its content kept, and how is it erased?

The policy and the size are facts of the log's head and entries; what is erased leaves its hashes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from cmdb.errors import UnknownRevision
from cmdb.model.changes import Applied, LogChange, Stamp
from cmdb.model.log import LogHead, StoredEntry
from cmdb.store.connection import Connection, Transaction
from cmdb.store.log_rows import ENTRIES, erase_in, write_logged

READ_DAYS = "MATCH (h:LogHead {id: 'log'}) RETURN coalesce(h.retention_days, 0) AS days"
SAVE_DAYS = "MATCH (h:LogHead {id: 'log'}) SET h.retention_days = $days RETURN h.revision AS r"
LOG_SIZE = """
MATCH (e:LogEntry)
RETURN count(e) AS entries,
       coalesce(sum(size(e.body) + size(e.header) + size(e.change_hashes)), 0) AS bytes
"""
CHECKPOINTS = """
MATCH (c:Checkpoint)
RETURN count(DISTINCT c.revision) AS checkpoints, coalesce(max(c.revision), 0) AS newest
"""
FORGET_CHECKPOINTS = "MATCH (c:Checkpoint) WHERE c.revision < $revision DELETE c"


def read_days(connection: Connection) -> int:
    """Return for how many days payloads are kept, 0 for ever."""
    rows = connection.read(READ_DAYS)
    return int(rows[0][0]) if rows else 0


def save_days(connection: Connection, days: int, stamp: Stamp, now_ms: int) -> Applied:
    """Store for how many days payloads are kept, with a log entry if that is another policy."""

    def work(tx: Transaction, _head: LogHead) -> Sequence[LogChange]:
        before = int(tx.run(READ_DAYS)[0][0])
        if before == days:
            return []
        tx.run(SAVE_DAYS, {"days": days})
        return [LogChange("settings", "retention", 0, {"days": before}, {"days": days})]

    return write_logged(connection, stamp, now_ms, work, {"days": days})


def erase_logged(
    connection: Connection,
    erasures: Mapping[int, Sequence[int]],
    change: LogChange,
    stamp: Stamp,
    now_ms: int,
) -> Applied:
    """Erase payloads, by revision, and append an entry that tells of it, as one transaction."""

    def work(tx: Transaction, _head: LogHead) -> Sequence[LogChange]:
        _erase(erasures, tx)
        return [change]

    return write_logged(connection, stamp, now_ms, work, dict(change.after))


def erase_more(connection: Connection, erasures: Mapping[int, Sequence[int]]) -> None:
    """Erase payloads, by revision, that an entry of the log tells of already."""
    connection.write(partial(_erase, erasures))


def _erase(erasures: Mapping[int, Sequence[int]], tx: Transaction) -> None:
    for revision, indexes in erasures.items():
        rows = tx.run(ENTRIES, {"first": revision, "last": revision})
        if not rows:
            raise UnknownRevision(str(revision))
        erase_in(tx, StoredEntry(*rows[0]), indexes)


def read_size(connection: Connection) -> tuple[int, int, int, int]:
    """Return entries, their bytes as stored, checkpoints and the revision of the newest one."""
    entries, size = connection.read(LOG_SIZE)[0]
    checkpoints, newest = connection.read(CHECKPOINTS)[0]
    return int(entries), int(size), int(checkpoints), int(newest)


def forget_checkpoints(connection: Connection, revision: int) -> None:
    """Delete the checkpoints of states before a revision."""
    connection.write(lambda tx: tx.run(FORGET_CHECKPOINTS, {"revision": revision}))
