"""Is a link gone that is withdrawn while another writer finds its other end?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cmdb.errors import StalePlan
from cmdb.model.changes import Stamp
from cmdb.model.records import Link, Record, Reference
from cmdb.store.connection import Connection
from tests.contract.stores import decided, host, kept, poured, store_over

DB = Reference("PhysicalServer", {"serial": "db", "vendor": "acme"})
EDGES = "MATCH (:CI)-[r:depends_on]->(:CI) RETURN r.live AS live"
WAITING = "MATCH (p:Pending) RETURN count(p) AS number"
STAMP = Stamp("tester")


def linked() -> Record:
    return replace(host("web"), links=[Link("depends_on", DB)])


def live_edges(connection: Connection) -> int:
    return sum(bool(row[0]) for row in connection.read(EDGES))


def test_a_withdrawal_that_rests_on_a_wait_is_refused_once_the_wait_is_over(
    connection: Connection,
) -> None:
    store = store_over(connection)
    poured(store, kept(linked(), observed_ms=1))
    making = decided(store, [kept(host("db"), source="other")])
    withdrawing = decided(store, [kept(host("web"), observed_ms=2)])

    store.apply(making.changes, STAMP)

    assert live_edges(connection) == 1
    with pytest.raises(StalePlan):
        store.apply(withdrawing.changes, STAMP)
    poured(store, kept(host("web"), observed_ms=2))
    assert live_edges(connection) == 0
    assert connection.read(WAITING)[0][0] == 0


def test_a_withdrawal_that_nothing_disturbs_is_written(connection: Connection) -> None:
    store = store_over(connection)
    poured(store, kept(linked(), observed_ms=1))

    poured(store, kept(host("web"), observed_ms=2))
    poured(store, kept(host("db"), source="other"))

    assert live_edges(connection) == 0
    assert connection.read(WAITING)[0][0] == 0
