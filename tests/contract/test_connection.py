"""Does every connection keep the promises of `cmdb.store.connection`?"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from cmdb.errors import DatabaseRefused, DuplicateKey, WriteConflict
from cmdb.store.connection import (
    Connection,
    Ddl,
    EdgeType,
    FullText,
    Index,
    NodeType,
    Row,
    Transaction,
    Unique,
    search_words,
    with_retry,
)

SCHEMA: list[Ddl] = [
    NodeType("Thing"),
    NodeType("LogHead"),
    NodeType("LogEntry"),
    EdgeType("KNOWS"),
    Unique("Thing", "key"),
    Index("Thing", "rank", kind="integer"),
    FullText("thing_words", "Thing", ("words",)),
    Unique("LogHead", "id"),
    Unique("LogEntry", "revision", kind="integer"),
]
CREATE = "UNWIND $rows AS row CREATE (t:Thing) SET t = row"
COUNT = "MATCH (t:Thing) RETURN count(t) AS number"
TAKE_HEAD = (
    "MATCH (h:LogHead {id: 'log'}) SET h.lock = $lock RETURN h.revision AS revision, h.hash AS hash"
)
MOVE_HEAD = "MATCH (h:LogHead {id: 'log'}) SET h.revision = $revision, h.hash = $hash"
APPEND = "CREATE (e:LogEntry {revision: $revision, prev_hash: $prev, hash: $hash, body: $body})"


@pytest.fixture
def database(connection: Connection) -> Connection:
    connection.setup(SCHEMA)
    return connection


def create(database: Connection, *rows: dict[str, Any]) -> None:
    database.write(lambda tx: tx.run(CREATE, {"rows": list(rows)}))


def test_setup_may_run_again(database: Connection) -> None:
    create(database, {"key": "a"})

    database.setup(SCHEMA)

    assert database.read(COUNT) == [(1,)]


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (t:Thing {key: 'a'}) RETURN t.none AS z, t.key AS k, null AS n, t.rank AS a",
        "MATCH (t:Thing {key: 'a'}) WITH t ORDER BY t.rank RETURN t.none AS z, t.key AS k, "
        "null AS n, t.rank AS a",
        "MATCH (t:Thing {key: 'a'}) RETURN DISTINCT t.none AS z, t.key AS k, null AS n, "
        "t.rank AS a ORDER BY a",
        "MATCH (t:Thing {key: 'a'}) OPTIONAL MATCH (t)-[:KNOWS]->(o:Thing) "
        "RETURN o.key AS z, t.key AS k, o.rank AS n, max(t.rank) AS a",
        "MATCH (t:Thing {key: 'a'}) RETURN t.none AS z, t.key AS k, null AS n, t.rank AS a "
        "UNION MATCH (t:Thing {key: 'nobody'}) RETURN t.key AS z, t.key AS k, 1 AS n, 2 AS a",
    ],
    ids=["plain", "with", "distinct", "optional", "union"],
)
def test_columns_come_in_the_order_of_return_with_nulls_in_place(
    database: Connection, text: str
) -> None:
    create(database, {"key": "a", "rank": 7})

    assert database.read(text) == [(None, "a", None, 7)]
    assert database.write(lambda tx: tx.run(text)) == [(None, "a", None, 7)]


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        2**31,
        2**53 + 1,
        2**63 - 1,
        -(2**63),
        0.1,
        -0.0,
        1e300,
        1.0,
        True,
        False,
        "",
        "Größe 東京 🦀 \u0000 \u0001 \u2028 \\u0001 \\ \" ' ` $x",
        '{"nested": {"list": [1, null, "ü"]}}',
        "9" * 30,
        [],
        ["a", "", "ü"],
        [1, 2**60],
        [1.5, 2.0],
        [True, False],
    ],
    ids=repr,
)
def test_values_come_back_as_they_were_stored(database: Connection, value: Any) -> None:
    database.write(lambda tx: tx.run("CREATE (t:Thing {key: 'alone', v: $v})", {"v": value}))
    create(database, {"key": "in rows", "v": value})

    found = database.read("MATCH (t:Thing) RETURN t.v AS v, properties(t) AS p ORDER BY t.key")

    assert [repr(row[0]) for row in found] == [repr(value)] * 2
    assert [repr(row[1]["v"]) for row in found] == [repr(value)] * 2


def test_whole_numbers_and_fractions_stay_apart_in_rows(database: Connection) -> None:
    create(database, {"key": "a", "whole": 3, "fraction": 3.0, "big": 2**40})

    row = database.read(
        "MATCH (t:Thing {whole: 3, big: $big}) RETURN t.fraction AS f, t.whole / 2 AS h",
        {"big": 2**40},
    )

    assert [repr(value) for value in row[0]] == ["3.0", "1"]


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "\ud800", Decimal("0.1"), {1, 2}], ids=repr)
def test_values_that_cannot_be_kept_are_refused(database: Connection, value: object) -> None:
    with pytest.raises(ValueError, match=r"parameter|64 bits|Unicode"):
        create(database, {"key": "a", "v": value})
    with pytest.raises(ValueError, match=r"parameter|64 bits|Unicode"):
        database.write(lambda tx: tx.run("CREATE (t:Thing {key: 'b', v: $v})", {"v": value}))

    assert database.read(COUNT) == [(0,)]


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
        pytest.skip("this server does not honour the access mode of Bolt")

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
        pytest.skip("this engine needs the lock of its own connection, which Bolt does not take")
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


def test_words_are_found_as_prefixes_and_all_must_match(database: Connection) -> None:
    names = ["Web-01.prod (Zürich)", "web-02.test", "webhook", "DB_01 prod", "STRASSE"]
    create(database, *({"key": name, "words": search_words(name)} for name in names))

    def found(query: str) -> set[str]:
        ids = database.read("MATCH (t:Thing) RETURN t.key AS k, t.words AS w")
        assert len(ids) == len(names)
        return {id_ for id_, _ in database.search_text("thing_words", query)}

    create_ids = "MATCH (t:Thing) SET t.id = t.key"
    database.write(lambda tx: tx.run(create_ids))
    assert found("WEB") == {"Web-01.prod (Zürich)", "web-02.test", "webhook"}
    assert found("web 01") == {"Web-01.prod (Zürich)"}
    assert found("01-PROD") == {"Web-01.prod (Zürich)", "DB_01 prod"}
    assert found("zür") == {"Web-01.prod (Zürich)"}
    assert found("straße") == {"STRASSE"}
    assert found("nothing") == set()
    assert [id_ for id_, _ in database.search_text("thing_words", "web", 2)][:1] != ["webhook"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "*",
        "*:*",
        '"',
        "(",
        "a AND",
        "NOT",
        "web~2",
        "/.*/",
        "[a TO z]",
        "\\",
        "' OR 1=1 //",
    ],
)
def test_no_sign_in_a_search_has_a_meaning(database: Connection, query: str) -> None:
    create(database, {"key": "a", "id": "a", "words": "web server"})

    assert database.search_text("thing_words", query) == []


@pytest.mark.parametrize(
    "value",
    ["' OR 1=1 //", "a'}) DETACH DELETE (t) //", "$key", "`", "a\\", "} RETURN 1 //", "\u0000"],
)
def test_no_parameter_is_read_as_text_of_the_statement(database: Connection, value: str) -> None:
    create(database, {"key": "a"}, {"key": value})

    assert database.read("MATCH (t:Thing {key: $key}) RETURN t.key AS k", {"key": value}) == [
        (value,)
    ]
    rows = {"rows": [{"key": value}]}
    many = "UNWIND $rows AS row MATCH (t:Thing {key: row.key}) RETURN t.key AS k"
    assert database.read(many, rows) == [(value,)]
    assert database.read(COUNT) == [(2,)]


def test_names_in_the_schema_are_names() -> None:
    with pytest.raises(ValueError, match="not a name"):
        Unique("Thing", "key) UNIQUE; DROP TYPE Thing")


def test_one_record_may_hold_long_lists(database: Connection) -> None:
    number = 5_000
    create(database, *({"key": f"k{i:06}", "rank": i, "w": "ü" * 20} for i in range(number)))

    rows = database.read("MATCH (t:Thing) RETURN collect(t.key) AS k, collect(properties(t)) AS p")

    [(keys, all_properties)] = rows
    assert sorted(keys) == [f"k{i:06}" for i in range(number)]
    assert sorted(p["rank"] for p in all_properties) == list(range(number))


def test_many_rows_come_complete_and_in_order(database: Connection) -> None:
    rows = database.read("UNWIND range(1, 10000) AS i RETURN i AS i, null AS n")

    assert rows == [(i, None) for i in range(1, 10_001)]


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
