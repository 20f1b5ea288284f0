"""How are log entries read and appended? Every write transaction starts and ends here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from cmdb.errors import KeyReused, LogBroken
from cmdb.model.changes import Applied, LogChange, Stamp
from cmdb.model.inventory import to_epoch_ms
from cmdb.model.log import LogHead, Packed, StoredEntry, changes_in, erase, seal
from cmdb.store.connection import Connection, Params, Row, Transaction

TAKE_HEAD = """
MATCH (h:LogHead {id: 'log'}) SET h.lock = $lock WITH h SET h.sequence = h.sequence + 1
RETURN h.revision AS revision, h.hash AS hash, h.at AS at, h.sequence - 1 AS sequence,
       coalesce(h.registry, 0) AS registry
"""
READ_HEAD = """
MATCH (h:LogHead {id: 'log'})
RETURN h.revision AS revision, h.hash AS hash, h.at AS at, h.sequence AS sequence,
       coalesce(h.registry, 0) AS registry
"""
APPEND = """
MATCH (h:LogHead {id: 'log'}) SET h.revision = $revision, h.hash = $hash, h.at = $at
CREATE (e:LogEntry {revision: $revision, at: $at, prev_hash: $prev_hash, hash: $hash,
                    header: $header, change_hashes: $change_hashes, body: $body})
"""
ENTRIES = """
UNWIND range($first, $last) AS r MATCH (e:LogEntry {revision: r})
RETURN e.revision AS revision, e.at AS at, e.prev_hash AS prev_hash, e.hash AS hash,
       e.header AS header, e.change_hashes AS change_hashes, e.body AS body
ORDER BY revision
"""
SOME_ENTRIES = """
UNWIND $revisions AS r MATCH (e:LogEntry {revision: r})
RETURN e.revision AS revision, e.at AS at, e.prev_hash AS prev_hash, e.hash AS hash,
       e.header AS header, e.change_hashes AS change_hashes, e.body AS body
ORDER BY revision
"""
HASH_LENGTHS = """
UNWIND range($first, $last) AS r MATCH (e:LogEntry {revision: r})
RETURN size(e.change_hashes) AS length, count(*) AS entries
"""
REVISION_AT = """
MATCH (e:LogEntry) WHERE e.at <= $at RETURN e.revision AS revision ORDER BY e.at DESC LIMIT 1
"""
FIND_ANSWER = """
MATCH (k:Idempotency {key: $key})
RETURN k.request_digest AS digest, k.revision AS revision, k.answer AS answer
"""
KEEP_ANSWER = """
CREATE (k:Idempotency {key: $key, request_digest: $digest, revision: $revision, answer: $answer})
"""
REPLACE_BODY = "MATCH (e:LogEntry {revision: $revision}) SET e.body = $body"


def read_head(connection: Connection) -> LogHead:
    """Return the newest entry's revision, hash and time."""
    rows = connection.read(READ_HEAD)
    if not rows:
        raise LogBroken(0, "the head is missing")
    return LogHead(*rows[0])


def take_head(tx: Transaction, lock: str) -> LogHead:
    """Return the head and hold it until the transaction ends: this is what orders writers."""
    rows = tx.run(TAKE_HEAD, {"lock": lock})
    if not rows:
        raise LogBroken(0, "the head is missing")
    return LogHead(*rows[0])


def first_answer(tx: Transaction, stamp: Stamp) -> Applied | None:
    """Return the answer that this idempotency key got before, or None.

    Raises:
        KeyReused: The key belongs to another request.
    """
    return _answer(stamp, lambda params: tx.run(FIND_ANSWER, params))


def find_answer(connection: Connection, stamp: Stamp) -> Applied | None:
    """Return the answer that this idempotency key got before, or None; see `first_answer`."""
    return _answer(stamp, lambda params: connection.read(FIND_ANSWER, params))


def _answer(stamp: Stamp, find: Callable[[Params], list[Row]]) -> Applied | None:
    if not stamp.idempotency_key:
        return None
    rows = find({"key": stamp.idempotency_key})
    if not rows:
        return None
    digest, revision, answer = rows[0]
    if digest != stamp.request_digest:
        raise KeyReused(stamp.idempotency_key)
    return Applied(revision, orjson.loads(answer), is_repeated=True)


def write_logged(
    connection: Connection,
    stamp: Stamp,
    now_ms: int,
    work: Callable[[Transaction, LogHead], Sequence[LogChange]],
    answer: Mapping[str, Any] | None = None,
) -> Applied:
    """Write what is no inventory in one transaction, with one log entry if it changed anything.

    Args:
        connection: The database.
        stamp: Who and why; its idempotency key makes a retry return the first answer.
        now_ms: The time of the entry.
        work: Writes, and returns the changes as the log keeps them; may run more than once.
        answer: What to keep for a retry.
    """
    kept = answer or {}

    def attempt(tx: Transaction) -> Applied:
        head = take_head(tx, stamp.request_id or "settings")
        if (repeated := first_answer(tx, stamp)) is not None:
            return repeated
        if not (changes := work(tx, head)):
            keep_answer(tx, stamp, head.revision, kept)
            return Applied(head.revision, kept)
        at = next_time(head, now_ms)
        return Applied(append(tx, head, stamp, changes, at=at, answer=kept), kept)

    return connection.write(attempt)


def append(
    tx: Transaction,
    head: LogHead,
    stamp: Stamp,
    changes: Sequence[LogChange] | Packed,
    *,
    at: int,
    answer: Mapping[str, Any],
) -> int:
    """Write the entry that follows the head and return its revision."""
    header = {name: value for name, value in asdict(stamp).items() if value}
    entry = seal(head, at, {**header, "answer": dict(answer)}, changes)
    tx.run(APPEND, asdict(entry))
    keep_answer(tx, stamp, entry.revision, answer)
    return entry.revision


def keep_answer(tx: Transaction, stamp: Stamp, revision: int, answer: Mapping[str, Any]) -> None:
    """Remember the answer to an idempotency key."""
    if stamp.idempotency_key:
        facts = {
            "key": stamp.idempotency_key,
            "digest": stamp.request_digest,
            "revision": revision,
            "answer": orjson.dumps(dict(answer)).decode(),
        }
        tx.run(KEEP_ANSWER, facts)


def next_time(head: LogHead, now_ms: int) -> int:
    """Return the time of the next entry: it never runs backwards, whatever the clock says."""
    return max(now_ms, head.at + 1)


def read_stored(connection: Connection, first: int, last: int) -> list[StoredEntry]:
    """Return entries as stored, both ends included, in order."""
    if last < first:
        return []
    return [StoredEntry(*row) for row in connection.read(ENTRIES, {"first": first, "last": last})]


def read_some(connection: Connection, revisions: Sequence[int]) -> list[StoredEntry]:
    """Return the entries of these revisions as stored, in order."""
    wanted = sorted(set(revisions))
    rows = connection.read(SOME_ENTRIES, {"revisions": wanted}) if wanted else []
    return [StoredEntry(*row) for row in rows]


def count_changes(connection: Connection, first: int, last: int) -> int:
    """Return how many changes these entries have, without reading one of them."""
    if last < first:
        return 0
    rows = connection.read(HASH_LENGTHS, {"first": first, "last": last})
    return sum(changes_in(length) * entries for length, entries in rows)


def read_revision_at(connection: Connection, at: datetime) -> int:
    """Return the last revision recorded at or before a moment; 0 if none."""
    rows = connection.read(REVISION_AT, {"at": to_epoch_ms(at)})
    return int(rows[0][0]) if rows else 0


def erase_in(tx: Transaction, stored: StoredEntry, indexes: Sequence[int]) -> None:
    """Erase payloads of one entry."""
    erased = erase(stored, indexes)
    tx.run(REPLACE_BODY, {"revision": stored.revision, "body": erased.body})
