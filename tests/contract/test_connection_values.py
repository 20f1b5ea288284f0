"""Do values and columns cross every connection unchanged?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cmdb.store.connection import Connection
from tests.contract.things import COUNT, SCHEMA, create


@pytest.fixture
def database(connection: Connection) -> Connection:
    connection.setup(SCHEMA)
    return connection


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
