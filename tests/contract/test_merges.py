"""Is what was merged into a CI found, through chains, and in databases from before the index?"""

from __future__ import annotations

import pytest

from cmdb.model.rights import SEES_ALL
from cmdb.model.shipped import shipped_registry
from cmdb.ports import NewAffected, NewChange, NewIncident, RecordListing, Target
from cmdb.store import schema
from cmdb.store.connection import Connection
from cmdb.store.merges import find_merged_into
from cmdb.store.schema import MIGRATIONS, migrate
from tests.contract.practice_estate import (
    ADMIN,
    FIRST_DOUBLE,
    SECOND_DOUBLE,
    WHY,
    Shop,
    merge_doubles,
    minutes,
    with_doubles,
)

PAIRS = (("b", "a"), ("c", "b"), ("d", "c"), ("e", "a"), ("x", "y"))
MAKE = "UNWIND $rows AS r CREATE (c:CI) SET c = r RETURN count(c) AS n"
LINES = [{"id": gone, "merged_into": into} for gone, into in PAIRS] + [{"id": "a"}, {"id": "y"}]


def fill(connection: Connection, rows: list[dict[str, str]]) -> None:
    connection.write(lambda tx: tx.run(MAKE, {"rows": rows}))


def test_chains_lead_to_the_one_that_was_asked_for(connection: Connection) -> None:
    migrate(connection, shipped_registry())
    fill(connection, LINES)

    assert find_merged_into(connection, ["a"]) == {"b": "a", "c": "a", "d": "a", "e": "a"}
    assert find_merged_into(connection, ["y", "c", "y"]) == {"x": "y", "d": "c"}
    assert find_merged_into(connection, ["d", "absent"]) == {}
    assert find_merged_into(connection, []) == {}


def test_a_circle_ends(connection: Connection) -> None:
    migrate(connection, shipped_registry())
    fill(connection, [{"id": "a", "merged_into": "b"}, {"id": "b", "merged_into": "a"}])

    assert find_merged_into(connection, ["a"]) == {"b": "a"}


def test_the_migration_finds_merges_from_before_it_and_can_be_repeated(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(schema, "MIGRATIONS", MIGRATIONS[:3])
        assert migrate(connection, shipped_registry()) == 3
    fill(connection, LINES)

    assert migrate(connection, shipped_registry()) == len(MIGRATIONS)
    MIGRATIONS[3](connection)

    assert find_merged_into(connection, ["a", "y"]).keys() == {"b", "c", "d", "e", "x"}
    gone = "MATCH (c:CI) WHERE c.merged_into IS NULL RETURN c.id AS id ORDER BY id"
    assert connection.read(gone) == [("a",), ("y",)]


def test_lists_about_a_ci_hold_what_was_attached_to_those_merged_into_it(
    connection: Connection,
) -> None:
    shop = Shop(connection)
    with_doubles(shop)
    operations = shop.as_(ADMIN)
    named = ("db", FIRST_DOUBLE, SECOND_DOUBLE, "web-1")
    for name in named:
        operations.open_incident(NewIncident(name, (NewAffected(name),)), WHY)
        targets = (Target(name),)
        operations.plan_change(NewChange(name, targets, minutes(1), minutes(2)), WHY)

    def told(ci: str, *, first: int = 50) -> list[list[str]]:
        listing = RecordListing(cis=(ci,), first=first)
        incidents = operations.list_incidents(listing).incidents
        return [
            [incident.title for incident in incidents],
            [change.title for change in operations.list_changes(listing).changes],
        ]

    apart = told("db")
    ids = [operations.show_ci(name).ci.id for name in named[:3]]
    merge_doubles(shop)

    assert apart == [["db"], ["db"]]
    for each in ("db", *ids):
        assert told(each) == [[SECOND_DOUBLE, FIRST_DOUBLE, "db"]] * 2
    assert told("db", first=2) == [[SECOND_DOUBLE, FIRST_DOUBLE]] * 2
    assert told("web-1") == [["web-1"], ["web-1"]]
    chain = shop.store.get_cis(ids, SEES_ALL)
    assert [chain[ci].merged_into for ci in ids] == ["", ids[0], ids[1]]
