"""Are the relationships of many CIs, and chosen log entries, the same on every engine?"""

from __future__ import annotations

import pytest

from cmdb.errors import BadValue, UnknownRelationshipType
from cmdb.model.records import Link, Record, Reference
from cmdb.model.rights import SEES_ALL
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.stores import kept, poured, store_over


def application(name: str, *needs: str, link: str = "depends_on") -> Record:
    links = tuple(Link(link, Reference("BusinessService", {"name": other})) for other in needs)
    return Record("BusinessService", key=name, name=name, links=links)


@pytest.fixture
def store(connection: Connection) -> GraphStore:
    """A hub that five services rely on, one of which relies on two of the others as well."""
    store = store_over(connection)
    names = ("a", "b", "c", "d")
    records = [application("hub"), *(application(name, "hub") for name in names)]
    poured(store, *[kept(record) for record in records])
    poured(store, kept(application("top", "hub", "a", "b")))
    return store


def id_of(store: GraphStore, name: str) -> str:
    (ci,) = store.find_by_name(name, "", SEES_ALL)
    return ci.id


def test_each_has_its_providers_by_their_id(store: GraphStore) -> None:
    top, a, hub = (id_of(store, name) for name in ("top", "a", "hub"))

    found = store.find_adjacent(
        [top, a, hub, top, "absent"], SEES_ALL, direction="providers", types=None, limit=10
    )

    assert set(found) == {top, a}
    assert sorted(ci.name for _, ci in found[top]) == ["a", "b", "hub"]
    assert [ci.id for _, ci in found[top]] == sorted(ci.id for _, ci in found[top])
    for edge, other in [*found[top], *found[a]]:
        assert edge.provider == other.id
        assert edge.dependent in (top, a)
        assert (edge.type, edge.is_live) == ("depends_on", True)
    assert sorted(edge.id for edge, _ in found[top]) == sorted(
        edge.id for edge in store.find_relationships([top], SEES_ALL)
    )


def test_dependents_are_paged_by_cursor(store: GraphStore) -> None:
    hub = id_of(store, "hub")

    told = []
    after = ""
    while page := store.find_adjacent(
        [hub], SEES_ALL, direction="dependents", types=None, limit=2, after=after
    ).get(hub):
        told += page
        after = f"{page[-1][1].id}:{page[-1][0].id}"

    everything = store.find_adjacent([hub], SEES_ALL, direction="dependents", types=None, limit=10)[
        hub
    ]
    assert told == everything
    assert [ci.name for _, ci in sorted(told, key=lambda pair: pair[1].name)] == [
        "a",
        "b",
        "c",
        "d",
        "top",
    ]


def test_types_choose(store: GraphStore) -> None:
    hub = id_of(store, "hub")

    def count(types: list[str] | None) -> int:
        found = store.find_adjacent([hub], SEES_ALL, direction="dependents", types=types, limit=10)
        return len(found.get(hub, []))

    assert count(None) == count(["depends_on"]) == 5
    assert count(["has_member"]) == count([]) == 0
    with pytest.raises(UnknownRelationshipType):
        count(["no_such_type"])


@pytest.mark.parametrize("after", ["x", ":", "x:", ":x"])
def test_what_is_no_cursor_is_refused(store: GraphStore, after: str) -> None:
    with pytest.raises(BadValue):
        store.find_adjacent(
            ["x"], SEES_ALL, direction="providers", types=None, limit=1, after=after
        )


def test_ended_relationships_are_not_told(store: GraphStore) -> None:
    top = id_of(store, "top")
    poured(store, kept(application("top", "hub"), observed_ms=2))

    found = store.find_adjacent([top], SEES_ALL, direction="providers", types=None, limit=10)

    assert [ci.name for _, ci in found[top]] == ["hub"]


def test_chosen_entries_are_read_in_order(store: GraphStore) -> None:
    head = store.head().revision
    assert head == 2

    chosen = store.entries_of([2, 1, 2, 99])

    assert chosen == store.entries(1, 2)
    assert store.entries_of([]) == []
