"""Does every connection keep its promises about transactions, threads and errors?"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cmdb.errors import DatabaseRefused, DuplicateKey, WriteConflict
from cmdb.store.connection import Connection, Row, Transaction, Unique, with_retry
from tests.contract.things import COUNT, CREATE, SCHEMA, create
from tests.peers.unavailable import skip_for_good

TAKE_HEAD = (
    "MATCH (h:LogHead {id: 'log'}) SET h.lock = $lock RETURN h.revision AS revision, h.hash AS hash"
)
MOVE_HEAD = "MATCH (h:LogHead {id: 'log'}) SET h.revision = $revision, h.hash = $hash"
APPEND = "CREATE (e:LogEntry {revision: $revision, prev_hash: $prev, hash: $hash, body: $body})"


@pytest.fixture
def database(connection: Connection) -> Connection:
    connection.setup(SCHEMA)
    return connection


def test_setup_may_run_again(database: Connection) -> None:
    create(database, {"key": "a"})

    database.setup(SCHEMA)

    assert database.read(COUNT) == [(1,)]


def test_an_exception_rolls_back_and_passes_through(database: Connection) -> None:
    def fail(tx: Transaction) -> None:
        tx.run(CREATE, {"rows": [{"key": "a"}]})
        assert tx.run(COUNT) == [(1,)]
        raise LookupError("on purpose")

    with pytest.raises(LookupError, match="on purpose"):
        database.write(fail)

    assert database.read(COUNT) == [(0,)]
    create(database, {"key": "a"})
    assert database.read(COUNT) == [(1,)]


def test_a_write_returns_what_the_function_returned(database: Connection) -> None:
    assert database.write(lambda tx: tx.run("RETURN 1 AS one")) == [(1,)]


def test_a_duplicate_is_named_and_writes_nothing(database: Connection) -> None:
    create(database, {"key": "a"})

    with pytest.raises(DuplicateKey):
        create(database, {"key": "b"}, {"key": "a"})

    assert database.read(COUNT) == [(1,)]


def test_the_loser_of_a_merge_reads_the_winner(database: Connection) -> None:
    text = "MERGE (t:Thing {key: $key}) ON CREATE SET t.ci = $ci RETURN t.ci AS ci"

    first = database.write(lambda tx: tx.run(text, {"key": "serial:1", "ci": "one"}))
    second = database.write(lambda tx: tx.run(text, {"key": "serial:1", "ci": "two"}))

    assert first == second == [("one",)]


def test_a_bad_statement_is_refused(database: Connection) -> None:
    with pytest.raises(DatabaseRefused):
        database.read("MATCH (t:Thing RETURN t")
    with pytest.raises(DatabaseRefused):
        database.write(lambda tx: tx.run("MATCH (t:Thing) RETURN other.key AS k"))


def test_reading_never_writes(database: Connection, kind: str) -> None:
    if kind == "arcadedb-bolt":
        skip_for_good("this server does not honour the access mode of Bolt")

    with pytest.raises(DatabaseRefused):
        database.read("CREATE (t:Thing {key: 'a'})")

    assert database.read(COUNT) == [(0,)]


def test_reading_asynchronously_gives_the_same_rows(database: Connection) -> None:
    create(database, *({"key": f"k{i:03}", "rank": i} for i in range(300)))
    text = "MATCH (t:Thing) WHERE t.rank < $most RETURN t.key AS k, t.none AS n ORDER BY k"

    async def read() -> list[list[Row]]:
        try:
            reads = [database.read_async(text, {"most": 100}) for _ in range(10)]
            return await asyncio.gather(*reads)
        finally:
            await database.close_async()

    assert asyncio.run(read()) == [database.read(text, {"most": 100})] * 10


def test_writers_at_once_leave_a_log_without_gaps(database: Connection, kind: str) -> None:
    if kind == "arcadedb-bolt":
        skip_for_good("this engine needs the lock of its own connection, which Bolt does not take")
    head = {"rows": [{"id": "log", "revision": 0, "hash": "h0"}]}
    database.write(lambda tx: tx.run("UNWIND $rows AS row CREATE (h:LogHead) SET h = row", head))
    writers, each = 4, 12
    together = threading.Barrier(writers)

    def append(tx: Transaction) -> None:
        [(revision, before)] = tx.run(TAKE_HEAD, {"lock": threading.get_ident()})
        entry = {"revision": revision + 1, "hash": f"h{revision + 1}"}
        tx.run(MOVE_HEAD, entry)
        tx.run(APPEND, {**entry, "prev": before, "body": "x" * 2000})

    def work(_: int) -> None:
        together.wait()
        for _ in range(each):
            database.write(append)

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(work, range(writers)))

    log = database.read(
        "MATCH (e:LogEntry) RETURN e.revision AS r, e.prev_hash AS p, e.hash AS h ORDER BY r"
    )
    assert log == [(i, f"h{i - 1}", f"h{i}") for i in range(1, writers * each + 1)]


def test_a_conflict_that_passes_is_tried_again(database: Connection) -> None:
    # Two writers that take the same two nodes in opposite order: one must give way and come back.
    create(database, {"key": "a", "rank": 0}, {"key": "b", "rank": 0})
    text = "MATCH (t:Thing {key: $key}) SET t.rank = t.rank + 1"
    met = threading.Barrier(2)

    def both(order: str) -> int:
        tries = 0

        def once(tx: Transaction) -> None:
            nonlocal tries
            tries += 1
            tx.run(text, {"key": order[0]})
            if tries == 1:
                # It breaks where the engine lets one writer in at a time.
                with contextlib.suppress(threading.BrokenBarrierError):
                    met.wait(1)
            tx.run(text, {"key": order[1]})

        database.write(once)
        return tries

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(both, ["ab", "ba"]))

    ranks = database.read("MATCH (t:Thing) RETURN t.rank AS r")
    assert ranks == [(2,), (2,)]


def test_names_in_the_schema_are_names() -> None:
    with pytest.raises(ValueError, match="not a name"):
        Unique("Thing", "key) UNIQUE; DROP TYPE Thing")


def test_a_conflict_without_end_says_how_often_it_was_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)

    def always() -> None:
        raise WriteConflict(1, "on purpose")

    with pytest.raises(WriteConflict, match="12 times"):
        with_retry(always, is_transient=lambda _: True)

    assert len(pauses) == 11
    assert max(pauses) <= 1.5
