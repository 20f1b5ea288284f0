"""Does a key that too many carry identify nothing on every engine, and identify again after?"""

from __future__ import annotations

import pytest

from cmdb.errors import StalePlan
from cmdb.model.changes import Carrier, Stamp
from cmdb.model.records import Record
from cmdb.model.rights import SEES_ALL
from cmdb.model.selection import Selection
from cmdb.model.source_records import SourceRecord, origin_of
from cmdb.store.connection import Connection, Transaction
from cmdb.store.graph_store import GraphStore
from cmdb.store.schema import MIGRATIONS
from tests.contract.stores import decided, kept, poured, store_over

MAC = "02:00:00:00:00:01"
KEY = f"Host|macs={MAC}"


@pytest.fixture
def store(connection: Connection) -> GraphStore:
    return store_over(connection)


def carrying(number: int, mac: str = MAC, at: int = 1) -> SourceRecord:
    return kept(Record("Host", key=f"h{number}", attributes={"macs": [mac]}), observed_ms=at)


def corrected(number: int) -> SourceRecord:
    return carrying(number, f"02:00:00:00:01:0{number}", at=2)


def count_cis(store: GraphStore) -> int:
    return len(store.select(Selection(fields=("name",)), SEES_ALL).rows)


def carriers(store: GraphStore) -> set[Carrier]:
    return set(store.carriers([KEY]))


def carriers_of(*records: SourceRecord) -> set[Carrier]:
    return {Carrier(KEY, record.id, origin_of(record)) for record in records}


def test_four_carriers_are_apart_and_the_three_left_are_one(store: GraphStore) -> None:
    hosts = [carrying(number) for number in range(5)]
    for host in hosts:
        poured(store, host)
    identifier = store.identifiers([KEY])[KEY]
    assert (count_cis(store), identifier.ci_id) == (5, "")
    assert set(identifier.witnesses) < {host.id for host in hosts}
    assert carriers(store) == carriers_of(*hosts)

    poured(store, corrected(0))
    assert (count_cis(store), carriers(store)) == (5, carriers_of(*hosts[1:]))

    poured(store, corrected(1))
    healed = store.identifiers([KEY])[KEY]
    assert (count_cis(store), carriers(store)) == (3, set())
    assert (bool(healed.ci_id), healed.is_placeholder) == (True, False)


def test_a_placeholder_that_nobody_carries_any_more_is_gone(store: GraphStore) -> None:
    poured(store, *[carrying(number) for number in range(4)])

    poured(store, *[corrected(number) for number in range(4)])

    assert (store.identifiers([KEY]), carriers(store)) == ({}, set())


def test_two_writers_that_take_carriers_away_at_once_do_not_both_count_the_other(
    store: GraphStore,
) -> None:
    poured(store, *[carrying(number) for number in range(5)])
    one, two = (decided(store, [corrected(number)]) for number in (0, 1))
    store.apply(one.changes, Stamp("tester"))

    with pytest.raises(StalePlan):
        store.apply(two.changes, Stamp("tester"))

    poured(store, corrected(1))
    assert count_cis(store) == 3


def as_before_carriers_were_kept(connection: Connection) -> None:
    def work(tx: Transaction) -> None:
        tx.run("MATCH (c:Carrier) DELETE c")
        tx.run("MATCH (m:Migration) WHERE m.number >= 2 DELETE m")
        tx.run("MATCH (i:Identifier {ci_id: ''}) SET i.is_placeholder = true REMOVE i.witnesses")

    connection.write(work)


@pytest.mark.parametrize("times", [1, 2])
def test_placeholders_from_before_carriers_were_kept_get_theirs(
    store: GraphStore, connection: Connection, times: int
) -> None:
    hosts = [carrying(number) for number in range(5)]
    poured(store, *hosts)
    as_before_carriers_were_kept(connection)

    for _ in range(times):
        MIGRATIONS[1](connection)

    assert carriers(store) == carriers_of(*hosts)
    assert len(store.identifiers([KEY])[KEY].witnesses) == 4
    assert store.uncertain_placeholders() == []


def test_a_placeholder_from_before_that_too_few_carry_is_uncertain(
    store: GraphStore, connection: Connection
) -> None:
    hosts = [carrying(number) for number in range(4)]
    poured(store, *hosts)
    as_before_carriers_were_kept(connection)
    without = {"id": hosts[0].id, "body": '{"attributes":{},"class":"Host"}'}
    connection.write(
        lambda tx: tx.run("MATCH (s:SourceRecord {id: $id}) SET s.body = $body", without)
    )

    store.setup()

    assert store.uncertain_placeholders() == [KEY]
    assert carriers(store) == carriers_of(*hosts[1:])
