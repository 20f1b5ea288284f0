"""Does an import in batches, stopped anywhere and resumed, end where one in a single piece ends?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.errors import BadInput, Forbidden, Interrupted
from cmdb.model.import_reports import ImportReport, ImportRequest
from cmdb.model.records import ImportInput, Item, Problem, Record
from cmdb.model.rights import Caller
from cmdb.services import import_inventory
from cmdb.services.context import Context
from tests.fakes.importing import EarlyWriter, LateWriter, Listed, NoSnapshots, use_batches_of
from tests.fakes.memory_store import MemoryStore
from tests.property.strategies_records import record_sets

EXAMPLES = {"long": 2_000, "ci": 300}.get(os.environ.get("CMDB_TEST_SIZE", ""), 60)
AT = datetime(2030, 1, 1, tzinfo=UTC)
ADMINISTRATOR = Caller("tester", frozenset({"administrator"}))


class Still:
    def now(self) -> datetime:
        return AT


class Stopping(MemoryStore):
    """Stops the run, as Ctrl-C does, before a certain write."""

    left: int = 1_000_000

    def apply(self, *args: Any, **kwargs: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().apply(*args, **kwargs)


def run(
    store: MemoryStore, items: Sequence[Item], *, caller: Caller = ADMINISTRATOR, **options: Any
) -> ImportReport:
    context = Context(store, NoSnapshots(), Still(), caller)  # type: ignore[arg-type]  # the part that is used
    request = ImportRequest("s", "listed", observed_at=AT, confirm_deletions=True, **options)
    return import_inventory.import_inventory(context, Listed(items), ImportInput(name="x"), request)


def strangers(pairs: Sequence[tuple[Record, int]]) -> list[Record]:
    return [record for record, _ in pairs]


WRITERS = st.sampled_from([EarlyWriter, LateWriter])


@given(record_sets(), st.integers(1, 4), st.integers(0, 6), WRITERS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_batches_and_stops_end_where_one_piece_ends(
    monkeypatch: pytest.MonkeyPatch,
    pairs: list[tuple[Record, int]],
    size: int,
    stop: int,
    writer: type[Executor],
) -> None:
    records = strangers(pairs)
    whole = MemoryStore()
    run(whole, records)

    with monkeypatch.context() as patch:
        use_batches_of(patch, size, writer=writer)
        parted = Stopping()
        parted.left = stop
        try:
            run(parted, records)
        except Interrupted:
            parted.left = 1_000_000
            assert run(parted, records).is_resumed

    assert parted.picture() == whole.picture()


@given(record_sets(), record_sets(), st.integers(1, 3), WRITERS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_second_run_leaves_what_its_records_say(
    monkeypatch: pytest.MonkeyPatch,
    first: list[tuple[Record, int]],
    second: list[tuple[Record, int]],
    size: int,
    writer: type[Executor],
) -> None:
    whole, parted = MemoryStore(), MemoryStore()
    for pairs in (first, second):
        run(whole, strangers(pairs))
    with monkeypatch.context() as patch:
        use_batches_of(patch, size, writer=writer)
        for pairs in (first, second):
            run(parted, strangers(pairs))

    assert parted.picture() == whole.picture()


def host(name: str, **attributes: object) -> Record:
    return Record(
        "Host", key=name, name=name, attributes={"fqdn": f"{name}.example.org", **attributes}
    )


@pytest.mark.parametrize("size", [2, 1_000])
def test_an_identical_import_changes_nothing(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    use_batches_of(monkeypatch, size)
    store = MemoryStore()
    records = [host(f"h{i}") for i in range(7)]
    first = run(store, records)

    again = run(store, records)

    assert first.decided == {"create": 7}
    assert again.decided == {"unchanged": 7}
    assert (again.first_revision, store.head().revision) == (0, first.last_revision)


def test_a_dry_run_writes_nothing_and_says_what_would_happen() -> None:
    store = MemoryStore()
    run(store, [host("a"), host("b")])
    before = store.head().sequence

    plan = run(store, [host("a", os="linux"), host("c")], is_dry_run=True)

    assert [(line.name, line.verdict) for line in plan.plan] == [("a", "update"), ("c", "create")]
    assert store.head().sequence == before
    assert [run.state for run in store.runs.values()] == ["finished"]


def test_a_mac_that_many_hosts_carry_identifies_nothing_in_any_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = [host(f"h{i}", macs=["02:00:00:00:00:01"]) for i in range(6)]
    pictures = []
    for size in (1, 2, 100):
        use_batches_of(monkeypatch, size)
        store = MemoryStore()
        run(store, records)
        pictures.append(store.picture())

    assert len(pictures[0]["cis"]) == 6
    assert pictures[0] == pictures[1] == pictures[2]


def test_problems_are_counted_and_do_not_stop_the_run() -> None:
    store = MemoryStore()
    items: list[Item] = [
        host("a", shoe_size=9),
        Record("Spaceship", key="s"),
        Problem("f:1", "", "no"),
    ]

    report = run(store, items)

    assert report.decided == {"create": 1}
    assert report.problems_total == 3
    assert [p.field for p in report.problems] == ["shoe_size", "class", ""]


def test_too_many_tombstones_are_refused_unless_confirmed() -> None:
    store = MemoryStore()
    gone = [replace(host(f"h{i}"), deleted=True) for i in range(2)]
    run(store, [host("h0"), host("h1")])
    context = Context(store, NoSnapshots(), Still(), ADMINISTRATOR)  # type: ignore[arg-type]  # the part that is used

    with pytest.raises(BadInput, match="2 of 2"):
        import_inventory.import_inventory(
            context, Listed(gone), ImportInput(name="x"), ImportRequest("s", "listed")
        )

    assert {c["lifecycle"] for c in store.cis.values()} == {"in_use"}
    assert run(store, gone).decided == {"retire": 2}


def test_an_importer_writes_its_own_source_only() -> None:
    mine = Caller("robot", frozenset({"importer"}), source="s")
    other = Caller("robot", frozenset({"importer"}), source="t")
    foreign = [Record("Host", key="a", attributes={"fqdn": "a.example.org"}, source="t")]

    run(MemoryStore(), [host("a")], caller=mine)
    with pytest.raises(Forbidden):
        run(MemoryStore(), [host("a")], caller=other)
    with pytest.raises(Forbidden):
        run(MemoryStore(), foreign, caller=mine)
