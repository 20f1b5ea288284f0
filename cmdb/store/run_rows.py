"""How are import runs, what they saw, and data sources kept? Bookkeeping beside the inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import orjson

from cmdb.model.changes import Applied, LogChange, Stamp
from cmdb.model.inventory import UNDER_WAY, DataSource, ImportRun
from cmdb.model.log import LogHead, compress
from cmdb.store.connection import Connection, Row, Transaction
from cmdb.store.log_rows import write_logged
from cmdb.store.run_life import RunLife

SAVE_RUN = """
MERGE (r:ImportRun {id: $id}) SET r = $row
SET r.worker = $worker, r.alive_at = timestamp() RETURN r.id AS id
"""
CLAIM_RUN = """
MERGE (r:ImportRun {id: $id}) SET r.claimed_by = $worker
RETURN properties(r) AS row, timestamp() AS now
"""
FIND_RUNS = """
MATCH (r:ImportRun)
WHERE ($source = '' OR r.source = $source) AND ($any_scope OR r.scope = $scope)
  AND ($state = '' OR r.state = $state) AND coalesce(r.continues, '') = ''
RETURN properties(r) AS row, timestamp() AS now ORDER BY r.started_at DESC, r.id DESC LIMIT $limit
"""
FIND_RUN = """
MATCH (r:ImportRun {id: $id}) RETURN properties(r) AS row, timestamp() AS now
"""
STOP_READING = """
MATCH (r:ImportRun {id: $id}) WHERE r.state = 'reading'
SET r.state = 'interrupted' RETURN r.fingerprint AS fingerprint
"""
FORGET_RUN = "MATCH (r:ImportRun {id: $id}) DELETE r"
SAVE_SEEN = "MERGE (s:ImportSeen {id: $id}) SET s.run = $run, s.body = $body RETURN s.id AS id"
PRECEDENCE = "MATCH (d:DataSource) RETURN collect([d.name, d.precedence]) AS rows"
SAVE_SOURCE = "MERGE (d:DataSource {name: $name}) SET d.precedence = $precedence RETURN d.name AS n"
RECORDS_BY_SOURCE = "MATCH (s:SourceRecord) RETURN s.source AS source, count(s) AS records"
RUNS_BY_SOURCE = """
MATCH (r:ImportRun) WHERE r.fingerprint <> ''
RETURN r.source AS source, r.state AS state, max(r.ended_at) AS ended_at
"""
_SEEN_PART_BYTES = 700_000
_FIELDS = frozenset(each.name for each in fields(ImportRun))


def write_run(tx: Transaction, run: ImportRun, worker: str) -> None:
    """Store a run of a process inside a transaction."""
    tx.run(SAVE_RUN, {"id": run.id, "row": _row(run), "worker": worker})


def save_run(connection: Connection, run: ImportRun, life: RunLife) -> None:
    """Store a run in a transaction of its own."""
    life.begin(run)
    try:
        connection.write(lambda tx: write_run(tx, run, life.worker))
    finally:
        life.end(run)


def claim_run(connection: Connection, run: ImportRun, life: RunLife) -> ImportRun | None:
    """Store a run as one of this process, or return the one of its id that must not be touched.

    Written to before it is looked at, the row is locked: of two processes one comes first.
    """
    has_begun = False

    def work(tx: Transaction) -> ImportRun | None:
        nonlocal has_begun
        if has_begun:
            # A first attempt, which was not written.
            life.drop(run.id)
        row, now_ms = tx.run(CLAIM_RUN, {"id": run.id, "worker": life.worker})[0]
        found = _run(life, row, now_ms) if "state" in row else None
        if found is not None and found.state in (*UNDER_WAY, "finished"):
            has_begun = False
            return found
        has_begun = True
        life.begin(run)
        write_run(tx, run, life.worker)
        return None

    try:
        return connection.write(work)
    except BaseException:
        if has_begun:
            life.drop(run.id)
        raise


def withdraw_run(connection: Connection, run_id: str, life: RunLife) -> None:
    """Forget an announced run; note one that had begun before as interrupted."""

    def work(tx: Transaction) -> None:
        rows = tx.run(STOP_READING, {"id": run_id})
        if rows and not rows[0][0]:
            tx.run(FORGET_RUN, {"id": run_id})

    life.drop(run_id)
    connection.write(work)


def find_runs(
    connection: Connection,
    life: RunLife,
    *,
    source: str,
    scope: str | None,
    state: str,
    limit: int,
) -> list[ImportRun]:
    """Return runs, newest first, without those that are another one taken up."""
    asked = {
        "source": source,
        "scope": scope or "",
        "any_scope": scope is None,
        "state": state,
        "limit": limit,
    }
    return [_run(life, *row) for row in connection.read(FIND_RUNS, asked)]


def find_run(connection: Connection, life: RunLife, run_id: str) -> ImportRun | None:
    """Return the run of that id, or None."""
    rows = connection.read(FIND_RUN, {"id": run_id})
    return _run(life, *rows[0]) if rows else None


def save_seen(connection: Connection, run_id: str, digests: bytes) -> None:
    """Keep the digests of the records that a run saw."""

    def work(tx: Transaction) -> None:
        for part, start in enumerate(range(0, max(len(digests), 1), _SEEN_PART_BYTES)):
            body = compress(digests[start : start + _SEEN_PART_BYTES])
            tx.run(SAVE_SEEN, {"id": f"{run_id}/{part}", "run": run_id, "body": body})

    connection.write(work)


def read_precedence(connection: Connection) -> dict[str, int]:
    """Return the precedence of data sources, higher wins."""
    return _precedence(connection.read(PRECEDENCE))


def precedence_in(tx: Transaction) -> dict[str, int]:
    """Return the precedence of data sources as a transaction sees it."""
    return _precedence(tx.run(PRECEDENCE))


def write_precedence(tx: Transaction, precedence: Mapping[str, int]) -> None:
    """Store the precedence of data sources inside a transaction."""
    for name, value in sorted(precedence.items()):
        tx.run(SAVE_SOURCE, {"name": name, "precedence": value})


def save_precedence(
    connection: Connection,
    precedence: Mapping[str, int],
    stamp: Stamp,
    now_ms: int,
    answer: Mapping[str, Any] | None = None,
) -> Applied:
    """Store the precedence of data sources, with a log entry if it is another."""

    def work(tx: Transaction, _head: LogHead) -> Sequence[LogChange]:
        before = precedence_in(tx)
        after = {**before, **precedence}
        if after == before:
            return []
        write_precedence(tx, precedence)
        return [LogChange("settings", "precedence", 0, before, after)]

    return write_logged(connection, stamp, now_ms, work, answer)


def find_sources(connection: Connection) -> list[DataSource]:
    """Return every data source that records, runs or a stored precedence name, by name."""
    precedence = read_precedence(connection)
    records: dict[str, int] = dict(connection.read(RECORDS_BY_SOURCE))
    ended: dict[str, int] = {}
    for source, state, ended_at in connection.read(RUNS_BY_SOURCE):
        ended[source] = max(ended.get(source, 0), ended_at if state == "finished" else 0)
    return [
        DataSource(
            name,
            records=records.get(name, 0),
            has_runs=name in ended,
            last_finished_at=ended.get(name, 0),
            precedence=precedence.get(name),
        )
        for name in sorted({*precedence, *records, *ended})
    ]


def _precedence(rows: Sequence[Row]) -> dict[str, int]:
    pairs: list[tuple[str, int]] = rows[0][0] if rows else []
    return dict(pairs)


def _row(run: ImportRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "source": run.source,
        "scope": run.scope,
        "format": run.format,
        "fingerprint": run.fingerprint,
        "state": run.state,
        "phase": run.phase,
        "done": run.done,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "counts": orjson.dumps(dict(run.counts)).decode(),
        "is_complete": run.is_complete,
        "continues": run.continues,
        "asked": run.asked,
    }


def _run(life: RunLife, row: Mapping[str, Any], now_ms: int) -> ImportRun:
    known = {name: value for name, value in row.items() if name in _FIELDS}
    return life.seen(ImportRun(**{**known, "counts": orjson.loads(row["counts"])}), row, now_ms)
