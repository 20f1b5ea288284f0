"""Are data sources listed, paged and ranked alike on every engine?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.errors import Interrupted, KeyReused, StalePlan
from cmdb.model.changes import Stamp
from cmdb.model.inventory import DataSource, ImportRun
from cmdb.model.records import Link, Record, Reference
from cmdb.model.rights import SEES_ALL, Caller
from cmdb.ports import EditReason, Progress
from cmdb.services import rank_sources
from cmdb.services.context import Context
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.stores import SetClock, decided, host, kept, poured, store_over
from tests.fakes.importing import NoSnapshots


@pytest.fixture
def store(connection: Connection) -> GraphStore:
    return store_over(connection)


def ran(name: str, source: str, state: str, ended_at: int) -> ImportRun:
    return ImportRun(name, source, "z", "records", "f", state, "links", 0, 1, ended_at)


def shown(store: GraphStore, name: str) -> Any:
    return store.find_by_name(name, "", SEES_ALL)[0].attributes.get("os")


def rank(
    store: GraphStore,
    source: str,
    precedence: int,
    reason: EditReason | str = "for a reason",
    progress: Progress | None = None,
) -> Any:
    caller = Caller("tester", frozenset({"administrator"}))
    context = Context(store, NoSnapshots(), SetClock(), caller)  # type: ignore[arg-type]  # the part that is used
    return rank_sources.rank_source(context, source, precedence, reason, progress)


def test_the_record_ids_of_a_source_come_page_by_page_in_order(store: GraphStore) -> None:
    mine = [kept(host(f"h{number}"), source="mine") for number in range(7)]
    poured(store, *mine, *(kept(host(f"o{number}"), source="other") for number in range(5)))
    pages: list[list[str]] = []

    while page := store.record_ids_of("mine", pages[-1][-1] if pages else "", 3):
        pages.append(page)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [record_id for page in pages for record_id in page] == sorted(r.id for r in mine)
    assert store.record_ids_of("nobody") == []


def test_sources_of_records_runs_and_precedence_are_counted(store: GraphStore) -> None:
    poured(store, kept(host("a"), source="both"), kept(host("b"), source="both"))
    store.save_run(ran("1", "both", "finished", 700))
    store.save_run(ran("2", "both", "finished", 900))
    store.save_run(ran("3", "both", "running", 0))
    store.save_run(ran("4", "begun", "interrupted", 950))
    store.save_precedence({"ranked": -3}, Stamp("tester"))

    found = store.data_sources()

    assert found == [
        DataSource("begun", has_runs=True),
        DataSource("both", records=2, has_runs=True, last_finished_at=900),
        DataSource("ranked", precedence=-3),
    ]


def test_an_empty_inventory_has_no_sources(store: GraphStore) -> None:
    assert store.data_sources() == []


def test_the_same_precedence_again_writes_no_entry(store: GraphStore) -> None:
    first = store.save_precedence({"a": -2}, Stamp("tester"))

    again = store.save_precedence({"a": -2}, Stamp("tester"))

    assert (first.revision, again.revision, store.head().revision) == (1, 1, 1)
    assert store.precedence() == {"a": -2}


def test_what_was_decided_by_an_earlier_precedence_is_refused(store: GraphStore) -> None:
    early = decided(store, [kept(host("a", os="x"))])
    store.save_precedence({"other": 1}, Stamp("tester"))

    with pytest.raises(StalePlan, match="precedence"):
        store.apply(early.changes, Stamp("tester"))
    assert poured(store, kept(host("a", os="x"))).revision == 2


def test_a_rank_changes_the_values_and_relationships_that_are_shown(store: GraphStore) -> None:
    db = Reference("Host", {"serial": "db", "vendor": "acme"})

    def app(os: str, strength: str) -> Record:
        values = {"serial": "app", "vendor": "acme", "os": os}
        links = [Link("depends_on", db, strength=strength)]
        return Record("PhysicalServer", key="app", name="app", attributes=values, links=links)

    poured(store, kept(host("db")))
    poured(store, kept(app("old", "hard"), source="a", observed_ms=1))
    poured(store, kept(app("new", "soft"), source="b", observed_ms=2))
    app_id = store.find_by_name("app", "", SEES_ALL)[0].id

    def state() -> tuple[Any, str | None]:
        (edge,) = store.find_relationships([app_id], SEES_ALL)
        return shown(store, "app"), edge.strength

    before = state()
    report = rank(store, "b", 4)
    ranked = state()
    rank(store, "a", 5)

    assert (before, ranked, state()) == (("new", "hard"), ("new", "soft"), ("old", "hard"))
    assert (report.cis, report.relationships, report.first_revision) == (0, 1, 4)
    entries = store.entries(4, store.head().revision)
    assert [entry.header["reason"] for entry in entries] == ["for a reason"] * 4


def test_a_ranking_with_a_key_that_was_stopped_is_finished_by_its_retry(
    store: GraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_sources, "FIRST_BATCH", 1)
    for name in ("x", "y"):
        poured(store, kept(host(name, os="old"), source="a", observed_ms=1))
        poured(store, kept(host(name, os="new"), source="b", observed_ms=2))
    once = EditReason("because", idempotency_key="k", request_id="r")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        rank(store, "a", 5, once, stop)
    began = store.head().revision - 1
    with pytest.raises(KeyReused):
        rank(store, "a", 6, once)
    finished = rank(store, "a", 5, once)
    rank(store, "a", 0)
    head = store.head()
    again = rank(store, "a", 5, once)

    assert (finished.before, finished.precedence, finished.records) == (0, 5, 2)
    assert (finished.cis, finished.first_revision) == (1, began)
    assert again == finished
    assert store.head() == head
    assert store.entries(began, began)[0].header["request_id"] == "r"
