"""Do bulk rows and checkpoints come back as they were stored, on every engine?"""

from __future__ import annotations

import random
from typing import Any

import pytest

from cmdb.model.shipped import shipped_registry
from cmdb.store import snapshot_rows
from cmdb.store.connection import Connection, Transaction
from cmdb.store.schema import MAKE_HEAD, migrate
from cmdb.store.snapshot_rows import checkpoint_before, graph_rows, save_checkpoint

MAKE_CIS = "UNWIND $rows AS r CREATE (c:CI) SET c = r"
MAKE_EDGE = """
MATCH (a:CI {id: $dependent}) MATCH (b:CI {id: $provider})
CREATE (a)-[e:%s]->(b) SET e = $values
"""


@pytest.fixture
def database(connection: Connection) -> Connection:
    """A database with the schema and an empty log."""
    migrate(connection, shipped_registry())
    connection.write(lambda tx: tx.run(MAKE_HEAD, {"genesis": ""}))
    return connection


def fill(connection: Connection) -> None:
    cis = [
        {"id": "1", "class": "Host", "name": "Größe", "lifecycle": "in_use", "a_mttr_hours": 2.5},
        {"id": "2", "class": "RedundancyGroup", "name": "g", "lifecycle": "stale", "a_k_min": 1},
        {"id": "3", "class": "Host", "name": "", "lifecycle": "retired", "merged_into": "1",
         "restricted_to": ["t1", "t2"]},
    ]  # fmt: skip
    edges = [
        ("has_member", "2", "1", {"id": "r1", "live": True, "confidence": 1.0}),
        ("has_member", "2", "3", {"id": "r2", "live": False, "confidence": 0.0}),
        ("has_member", "2", "3", {"id": "r3", "live": False, "strength": "soft"}),
        ("depends_on", "1", "3", {"id": "r4", "live": True, "confidence": 0.5,
                                  "tolerates_seconds": 30.0, "inferred_by": "rule"}),
        ("owned_by", "1", "3", {"id": "r5", "live": True}),
    ]  # fmt: skip

    def work(tx: Transaction) -> None:
        tx.run(MAKE_CIS, {"rows": cis})
        for name, dependent, provider, values in edges:
            params = {"dependent": dependent, "provider": provider, "values": values}
            tx.run(MAKE_EDGE % name, params)

    connection.write(work)


def test_an_empty_database_gives_empty_columns(database: Connection) -> None:
    rows = graph_rows(database, shipped_registry())

    assert rows.revision == 0
    assert set(map(len, rows.cis.values())) == {0}
    assert all(not columns["id"] for columns in rows.relationships.values())


def test_every_value_stands_in_the_row_of_its_ci(database: Connection) -> None:
    fill(database)

    cis = graph_rows(database, shipped_registry()).cis

    by_id = {
        values[0]: dict(zip(cis, values, strict=True)) for values in zip(*cis.values(), strict=True)
    }
    assert sorted(by_id) == ["1", "2", "3"]
    assert by_id["1"]["name"] == "Größe"
    assert (by_id["1"]["a_mttr_hours"], by_id["2"]["a_mttr_hours"]) == (2.5, None)
    assert (by_id["1"]["a_k_min"], by_id["2"]["a_k_min"]) == (None, 1)
    assert (by_id["3"]["merged_into"], by_id["1"]["merged_into"]) == ("1", None)
    assert (by_id["3"]["restricted_to"], by_id["1"]["restricted_to"]) == (["t1", "t2"], None)


def test_relationships_come_by_type_with_the_ended_ones_whose_values_matter(
    database: Connection,
) -> None:
    fill(database)

    found = graph_rows(database, shipped_registry()).relationships

    members, needs = found["has_member"], found["depends_on"]
    assert sorted(zip(members["id"], members["live"], members["strength"], strict=True)) == [
        ("r1", True, None),
        ("r3", False, "soft"),
    ]
    assert {name: values[0] for name, values in needs.items()} == {
        "id": "r4", "dependent": "1", "provider": "3", "live": True, "strength": None,
        "tolerates_seconds": 30.0, "confidence": 0.5, "inferred_by": "rule",
    }  # fmt: skip
    assert "owned_by" not in found


def test_the_newest_checkpoint_at_or_before_a_revision_is_found(database: Connection) -> None:
    save_checkpoint(database, 5, b"five")
    save_checkpoint(database, 9, b"nine")

    assert checkpoint_before(database, 4) is None
    assert checkpoint_before(database, 5) == (5, b"five")
    assert checkpoint_before(database, 8) == (5, b"five")
    assert checkpoint_before(database, 100) == (9, b"nine")


def test_a_large_checkpoint_comes_back_from_its_parts(database: Connection) -> None:
    content = random.Random(1).randbytes(2_000_000)

    save_checkpoint(database, 3, content)

    counted = database.read("MATCH (c:Checkpoint) RETURN count(c) AS n, max(size(c.body)) AS m")
    assert counted[0][0] == 3
    assert counted[0][1] <= 1_000_000
    assert checkpoint_before(database, 3) == (3, content)


def test_a_checkpoint_of_the_same_revision_is_replaced(database: Connection) -> None:
    save_checkpoint(database, 3, b"first")
    save_checkpoint(database, 3, b"second")
    save_checkpoint(database, 3, b"second")

    assert checkpoint_before(database, 3) == (3, b"second")
    assert database.read("MATCH (c:Checkpoint) RETURN count(c) AS n") == [(1,)]


def test_a_checkpoint_that_was_interrupted_does_not_count(
    database: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(database, 3, b"whole")
    monkeypatch.setattr(snapshot_rows, "PART_CHARACTERS", 8)
    save_checkpoint(database, 5, b"in many parts")
    database.write(lambda tx: tx.run("MATCH (c:Checkpoint {revision: 5, part: 1}) DELETE c"))

    assert checkpoint_before(database, 9) == (3, b"whole")


def test_a_small_estate_read_at_once_gives_the_rows_of_a_large_one(
    database: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    at_once = graph_rows(database, shipped_registry())

    monkeypatch.setattr(snapshot_rows, "SMALL_ESTATE", 0)
    by_type = graph_rows(database, shipped_registry())

    assert _sorted(at_once.relationships) == _sorted(by_type.relationships)
    assert at_once.cis == by_type.cis


def _sorted(relationships: Any) -> Any:
    return {
        name: sorted(map(repr, zip(*columns.values(), strict=True)))
        for name, columns in relationships.items()
    }
