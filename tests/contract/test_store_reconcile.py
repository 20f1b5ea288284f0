"""Do merges, pending relationships and winners come out the same on every engine?"""

from __future__ import annotations

import pytest

from cmdb.errors import DatabaseTooNew
from cmdb.model.changes import Stamp
from cmdb.model.records import Link, Record, Reference
from cmdb.model.rights import SEES_ALL
from cmdb.model.selection import Nested, Selection
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.stores import host, kept, poured, store_over


@pytest.fixture
def store(connection: Connection) -> GraphStore:
    return store_over(connection)


def names(store: GraphStore) -> list[str]:
    page = store.select(Selection(fields=("name",)), SEES_ALL)
    return [row[0] for row in page.rows]


def providers(store: GraphStore, name: str) -> list[str]:
    selection = Selection(fields=("name",), relations={"p": Nested(fields=("name",))})
    page = store.select(selection, SEES_ALL)
    return [
        row[0]
        for place, own in enumerate(page.rows)
        if own[0] == name
        for row in page.nested["p"][place]
    ]


def test_a_record_that_bridges_two_cis_merges_them(store: GraphStore) -> None:
    by_name = Record("Host", key="1", name="a", attributes={"fqdn": "a.example.org"})
    by_serial = host("s", serial="s1")
    user = Record(
        "SoftwareComponent",
        key="u",
        name="user",
        attributes={"repository": "r"},
        links=[Link("runs_on", Reference("Host", {"fqdn": "a.example.org"}))],
    )
    poured(store, kept(by_name))
    poured(store, kept(by_serial))
    poured(store, kept(user))
    assert len(names(store)) == 3

    poured(store, kept(host("both", serial="s1", fqdn="a.example.org"), observed_ms=5))

    assert names(store) == ["both", "user"]
    assert providers(store, "user") == ["both"]


def test_a_relationship_to_something_unknown_waits_for_it(store: GraphStore) -> None:
    later = Reference("Host", {"fqdn": "later.example.org"})
    poured(store, kept(host("a")), kept(host("b")))
    poured(store, kept(Record("Host", key="c", name="c", attributes={"serial": "c", "vendor": "v"},
                              links=[Link("depends_on", later)])))  # fmt: skip
    assert store.has_pending()
    assert providers(store, "c") == []

    poured(store, kept(Record("Host", key="l", name="l", attributes=dict(later.values))))

    assert providers(store, "c") == ["l"]
    assert not store.has_pending()


def test_the_source_of_higher_precedence_wins_and_the_other_is_kept(store: GraphStore) -> None:
    store.save_precedence({"good": 5}, Stamp("tester"))
    poured(store, kept(host("a", os="right"), source="good", observed_ms=1))
    poured(store, kept(host("a", os="wrong"), source="bad", observed_ms=9))

    ci = store.find_by_name("a", "", SEES_ALL)[0]

    assert ci.attributes["os"] == "right"
    assert len(store.source_records_of([ci.id])) == 2


def test_the_same_record_again_writes_no_entry(store: GraphStore) -> None:
    poured(store, kept(host("a")))

    poured(store, kept(host("a")))

    assert store.head().revision == 1


def test_a_relationship_that_is_no_longer_stated_ends_and_can_return(store: GraphStore) -> None:
    link = Link("depends_on", Reference("Host", {"serial": "b", "vendor": "acme"}))
    linked = Record("PhysicalServer", key="a", name="a",
                    attributes={"serial": "a", "vendor": "acme"}, links=[link])  # fmt: skip
    poured(store, kept(host("b")), kept(linked))
    assert providers(store, "a") == ["b"]

    poured(store, kept(host("a"), observed_ms=2))
    assert providers(store, "a") == []

    poured(store, kept(linked, observed_ms=3))
    assert providers(store, "a") == ["b"]


def test_a_name_in_any_case_and_any_script_is_found_and_searched(store: GraphStore) -> None:
    poured(store, kept(host("Größe-01", serial="Ünïcode/7")))

    assert store.find_by_name("GRÖSSE-01", "", SEES_ALL)[0].name == "Größe-01"
    assert [hit.name for hit in store.search("ünïcode", SEES_ALL)] == ["Größe-01"]


def test_a_database_of_a_newer_program_is_refused(
    store: GraphStore, connection: Connection
) -> None:
    store.setup()
    connection.write(lambda tx: tx.run("CREATE (m:Migration {number: 99, applied_at: 0})"))

    with pytest.raises(DatabaseTooNew):
        store.setup()
