"""Do records sent by hand of a tool end as an import's would, and is each change told in order?"""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest

from cmdb.errors import (
    BadValue,
    Forbidden,
    KeyReused,
    LimitExceeded,
    UnknownRecord,
    UnknownRevision,
)
from cmdb.model.import_reports import ImportRequest
from cmdb.model.records import ImportInput
from cmdb.model.rights import Caller
from cmdb.ports import EditReason, UpsertRequest
from cmdb.services import feed
from cmdb.services.local_operations import LocalOperations
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.services import WHY, link, machine, operations_over, upserted
from tests.contract.stores import SetClock, store_over

HEADER = {"format": "cmdb-records", "version": 1}
IMPORTER = Caller("scanner", frozenset({"importer"}), source="s")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def store(connection: Connection, clock: SetClock) -> GraphStore:
    return store_over(connection, clock)


@pytest.fixture
def operations(store: GraphStore, clock: SetClock) -> LocalOperations:
    return operations_over(store, clock)


def as_file(*records: dict[str, Any]) -> ImportInput:
    return ImportInput(stream=io.BytesIO(b"\n".join(map(orjson.dumps, [HEADER, *records]))))


def test_each_record_gets_its_verdict_in_order_and_all_are_one_entry(
    operations: LocalOperations, store: GraphStore
) -> None:
    upserted(operations, machine("old"), machine("same"))
    records = [
        machine("old", os="new"),
        {"class": "Nothing", "key": "x"},
        {**machine("new"), "links": [link("old")]},
        machine("same"),
        {"surprise": 1},
        {**machine("part", cpu_count="many"), "deleted": False},
    ]

    report = operations.upsert_records(UpsertRequest("s", records), WHY)

    verdicts = [(result.key, result.verdict) for result in report.results]
    assert verdicts == [
        ("old", "update"),
        ("x", "rejected"),
        ("new", "create"),
        ("same", "unchanged"),
        ("", "rejected"),
        ("part", "create"),
    ]
    assert report.decided == {"create": 2, "rejected": 2, "unchanged": 1, "update": 1}
    assert [bool(result.problems) for result in report.results] == [
        False, True, False, False, True, True,
    ]  # fmt: skip
    assert report.revision == store.head().revision == 2
    assert store.entries(2, 2)[0].header["source"] == "s"
    assert [n.other.name for n in operations.show_ci("new").providers] == ["old"]
    for result in report.results:
        assert bool(result.ci) == (result.verdict != "rejected")


def test_the_inventory_is_as_an_import_of_the_same_records_leaves_it(
    operations: LocalOperations, store: GraphStore
) -> None:
    records = [machine("a", os="x"), {**machine("b"), "links": [link("a")]}]
    operations.upsert_records(UpsertRequest("s", records), WHY)
    head = store.head().revision

    report = operations.import_inventory(as_file(*records), ImportRequest("s", "records"))

    assert report.decided == {"unchanged": 2}
    assert store.head().revision == head


def test_a_retry_returns_the_first_answer_and_writes_nothing(
    operations: LocalOperations, store: GraphStore
) -> None:
    once = EditReason("because", idempotency_key="k")
    request = UpsertRequest("s", [machine("a"), {"class": "Nothing"}])
    first = operations.upsert_records(request, once)
    operations.set_attributes("a", {"os": "by hand"}, WHY)

    assert operations.upsert_records(request, once) == first
    assert store.head().revision == 2
    with pytest.raises(KeyReused):
        operations.upsert_records(UpsertRequest("s", [machine("b")]), once)


def test_a_retry_of_what_changed_nothing_returns_the_first_answer_too(
    operations: LocalOperations,
) -> None:
    upserted(operations, machine("a"))
    once = EditReason("because", idempotency_key="k")
    request = UpsertRequest("s", [machine("a")])
    first = operations.upsert_records(request, once)
    upserted(operations, machine("a", os="changed"))

    again = operations.upsert_records(request, once)

    assert (first.revision, first.decided) == (0, {"unchanged": 1})
    assert again == first


def test_of_two_records_of_one_thing_the_later_one_counts(operations: LocalOperations) -> None:
    early = {**machine("a", os="early"), "observed_at": "2029-01-01T00:00:00Z"}
    late = {**machine("a", os="late"), "observed_at": "2029-01-02T00:00:00Z"}

    report = operations.upsert_records(UpsertRequest("s", [late, early]), WHY)

    assert [result.verdict for result in report.results] == ["create", "superseded"]
    assert operations.find_ci("a").attributes["os"] == "late"


def test_credentials_are_left_out_and_told(operations: LocalOperations) -> None:
    record = machine("a", password="hunter2")

    report = operations.upsert_records(UpsertRequest("s", [record]), WHY)

    assert report.results[0].verdict == "create"
    assert report.results[0].problems
    assert "hunter2" not in orjson.dumps(report.to_json()).decode()
    assert "password" not in operations.find_ci("a").attributes


def test_more_records_than_allowed_are_refused_and_as_many_taken(
    operations: LocalOperations,
) -> None:
    records = [machine(f"m{number}") for number in range(1_001)]
    with pytest.raises(LimitExceeded) as refused:
        operations.upsert_records(UpsertRequest("s", records), WHY)

    assert (refused.value.facts["allowed"], refused.value.facts["found"]) == (1_000, 1_001)
    assert operations.upsert_records(UpsertRequest("s", records[1:]), WHY).decided == {
        "create": 1_000
    }


def test_an_importer_writes_its_own_source_and_no_other(store: GraphStore, clock: SetClock) -> None:
    importer = operations_over(store, clock, IMPORTER)
    foreign = {**machine("b"), "source": "other"}

    assert upserted(importer, machine("a"))[0]

    with pytest.raises(Forbidden):
        importer.upsert_records(UpsertRequest("other", [machine("b")]), WHY)
    with pytest.raises(Forbidden):
        importer.upsert_records(UpsertRequest("s", [foreign]), WHY)
    with pytest.raises(Forbidden):
        importer.import_inventory(as_file(foreign), ImportRequest("s", "records"))
    assert store.head().revision == 1
    assert {source.name for source in operations_over(store, clock).list_sources().sources} == {
        "manual", "s",
    }  # fmt: skip


@pytest.mark.parametrize("source", ["", "manual", "a\nb"])
def test_a_source_that_is_none_is_refused(operations: LocalOperations, source: str) -> None:
    with pytest.raises(BadValue):
        operations.upsert_records(UpsertRequest(source, [machine("a")]), WHY)


def test_the_feed_tells_every_entry_once_and_in_order_whatever_the_page(
    operations: LocalOperations, store: GraphStore
) -> None:
    for number in range(7):
        upserted(operations, machine(f"m{number}"))

    told, after = [], 0
    while True:
        page = operations.read_feed(after, 3)
        told += [entry.entry.revision for entry in page.entries]
        after = page.revision
        if not page.has_next:
            break

    assert told == [1, 2, 3, 4, 5, 6, 7]
    assert operations.read_feed(7).entries == ()
    assert (operations.read_feed(7).revision, operations.read_feed(7).has_next) == (7, False)
    upserted(operations, machine("later"))
    (entry,) = operations.read_feed(7).entries
    assert [change.after["name"] for change in entry.changes] == ["later"]
    assert store.head().revision == entry.entry.revision


def test_a_page_of_large_entries_ends_early_and_goes_on(
    operations: LocalOperations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_CHANGES", 3)
    upserted(operations, machine("a"), machine("b"))
    upserted(operations, machine("c"), machine("d"))
    upserted(operations, machine("e"))

    page = operations.read_feed(0)

    assert ([e.entry.revision for e in page.entries], page.revision) == ([1, 2], 2)
    assert page.has_next
    assert [e.entry.revision for e in operations.read_feed(2).entries] == [3]


def test_erased_content_is_told_as_erased(operations: LocalOperations) -> None:
    upserted(operations, machine("a"))
    operations.purge_payloads(1, None, WHY)

    (change,) = operations.read_feed(0).entries[0].changes

    assert change.is_erased
    assert (change.after, change.subject) == ({}, "")


def test_a_feed_from_another_log_is_refused(operations: LocalOperations) -> None:
    upserted(operations, machine("a"))

    with pytest.raises(UnknownRevision):
        operations.read_feed(2)
    with pytest.raises(BadValue):
        operations.read_feed(-1)
    with pytest.raises(BadValue):
        operations.read_feed(0, 0)
    with pytest.raises(LimitExceeded):
        operations.read_feed(0, 1_001)
    assert len(operations.read_feed(0, 1_000).entries) == 1


def test_runs_are_listed_with_their_reports_and_quote_only_to_those_who_may_see(
    operations: LocalOperations, store: GraphStore, clock: SetClock
) -> None:
    bad = {"class": "Nothing", "key": "x"}
    done = operations.import_inventory(as_file(machine("a"), bad), ImportRequest("s", "records"))
    operations.import_inventory(as_file(machine("b")), ImportRequest("t", "records"))

    run = operations.find_run(done.run_id)

    assert (run.state, run.source, run.report) == ("finished", "s", done.to_json())
    assert [each.source for each in operations.list_runs().runs] == ["t", "s"]
    assert operations.list_runs("s").runs == (run,)
    viewer = operations_over(store, clock, Caller("v", frozenset({"viewer"})))
    seen = viewer.find_run(done.run_id).report
    assert seen["decided"] == {"create": 1}
    assert "problems" not in seen
    own = operations_over(store, clock, IMPORTER).find_run(done.run_id).report
    assert own["problems"]["total"] == 1
    with pytest.raises(UnknownRecord):
        operations.find_run("none")
