"""Does a process that never asked for the log's head work with the registry as it stands?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cmdb.errors import UnknownClass
from cmdb.model.selection import Selection
from cmdb.ports import Listing, NewRelationship
from cmdb.services.context import Context
from cmdb.services.local_operations import LocalOperations
from cmdb.services.local_service import LocalService
from cmdb.snapshot import Snapshots
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from cmdb.store.log_rows import READ_HEAD
from tests.api.serving import CountingConnection
from tests.contract.services import EVERYBODY, WHY, machine, operations_over, upserted
from tests.contract.stores import SetClock, store_over

BLADE: dict[str, Any] = {
    "name": "Blade",
    "parent": "PhysicalServer",
    "layer": "compute",
    "rules": ["slot"],
    "attributes": [{"name": "slot"}],
    "summary": "A server in a chassis.",
}
COOLED: dict[str, Any] = {
    "name": "cooled_by",
    "inverse": "cools",
    "strength": "hard",
    "several": "all",
}


def blade(slot: str) -> dict[str, Any]:
    return {"class": "Blade", "key": slot, "name": slot, "attributes": {"slot": slot}}


@pytest.fixture
def one(connection: Connection) -> LocalOperations:
    """Return the process that changes the registries."""
    return operations_over(store_over(connection), SetClock())


@pytest.fixture
def other(one: LocalOperations, connection: Connection) -> LocalOperations:
    """Return another process, which has used the registries before they change."""
    assert one is not None
    made = operations_over(GraphStore(connection, SetClock()), SetClock())
    assert made.list_cis(Listing("PhysicalServer")).cis == ()
    return made


def grown(one: LocalOperations) -> list[str]:
    """Return a machine and a blade that is cooled by it, both registered and made elsewhere."""
    one.register_class(BLADE, WHY)
    one.register_type(COOLED, WHY)
    ids = upserted(one, machine("m"), blade("b"))
    one.add_relationship(NewRelationship("cooled_by", ids[1], ids[0]), WHY)
    return ids


def test_a_list_of_a_class_holds_those_of_a_new_class_below_it(
    one: LocalOperations, other: LocalOperations
) -> None:
    grown(one)

    found = other.list_cis(Listing("PhysicalServer"))

    assert sorted(ci.name for ci in found.cis) == ["b", "m"]


def test_a_new_class_can_be_asked_for_and_an_unknown_one_cannot(
    one: LocalOperations, other: LocalOperations
) -> None:
    grown(one)

    assert [ci.name for ci in other.list_cis(Listing("Blade")).cis] == ["b"]
    with pytest.raises(UnknownClass):
        other.list_cis(Listing("Blad"))


def test_relationships_of_a_new_type_are_shown(
    one: LocalOperations, other: LocalOperations
) -> None:
    _, cooled = grown(one)

    assert [each.relationship.type for each in other.show_ci(cooled).providers] == ["cooled_by"]


def test_an_outage_spreads_over_a_new_type(one: LocalOperations, other: LocalOperations) -> None:
    machine_id, cooled = grown(one)

    hits = other.blast_radius([machine_id]).hits

    assert [hit.ci.id for hit in hits] == [cooled]


def test_edits_and_records_of_a_new_class_are_taken(
    one: LocalOperations, other: LocalOperations
) -> None:
    grown(one)

    made = other.add_ci("Blade", "c", {"slot": "c"}, {}, WHY)
    (sent,) = upserted(other, blade("d"))

    assert {made.id, sent} <= {ci.id for ci in one.list_cis(Listing("Blade")).cis}


class HeadCounting(CountingConnection):
    """Counts how often the head is read."""

    heads = 0

    def read(self, text: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        self.heads += text == READ_HEAD
        return super().read(text, params)


def test_a_request_asks_for_the_head_once_however_much_it_reads(
    one: LocalOperations, connection: Connection
) -> None:
    counting = HeadCounting(connection)
    store = GraphStore(counting, SetClock())
    context = Context(store, Snapshots(store, store.registry), SetClock(), EVERYBODY)
    service = LocalService(context, lambda _: pytest.fail("no import"), dict, lambda _: iter(()))
    assert service.reading(EVERYBODY).select_cis(Selection(class_name="PhysicalServer")).cis == ()
    ids = grown(one)
    counting.heads = 0

    reading = service.reading(EVERYBODY)
    found = reading.select_cis(Selection(class_name="PhysicalServer"))
    first_request = counting.heads
    pages = reading.adjacent(ids, "providers", None, 10)
    later = service.reading(EVERYBODY)
    _ = [later.select_cis(Selection(class_name="Blade")) for _ in range(3)]

    assert len(found.cis) == 2
    assert sum(len(page.items) for page in pages.values()) == 1
    assert first_request <= 2  # once to see that it has moved, once with the definitions
    assert counting.heads == first_request + 1
