"""Does every process tell how an import ended, and tell failed, interrupted and running apart?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmdb.errors import BadFile, CmdbError, DatabaseFull, UnknownRecord
from cmdb.model.import_reports import ImportReport, ImportRequest
from cmdb.model.inventory import ImportRun
from cmdb.model.records import ImportInput
from cmdb.model.rights import Caller
from cmdb.services.context import Context
from cmdb.services.import_batches import BatchWriter
from cmdb.services.import_failures import announce
from cmdb.services.local_operations import LocalOperations
from cmdb.snapshot import Snapshots
from cmdb.store import run_life
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.contract.services import EVERYBODY, operations_over
from tests.contract.stores import SetClock, store_over
from tests.peers.unavailable import skip_for_good

HEADER = b'{"format": "cmdb-records", "version": 1}\n'
RACK = b'{"class": "Rack", "key": "R-1", "name": "R-1"}\n'
REQUEST = ImportRequest("tool", "records", run_id="run-1")
RUNNING = ImportRun("run-1", "tool", "source=tool", "records", "f", "running", "records", 5, 1)


class Process:
    """One process over the database of a test: its own store, and what people do there."""

    def __init__(self, connection: Connection) -> None:
        self.store = store_over(connection)

    def operations(self, caller: Caller | None = None) -> LocalOperations:
        return operations_over(self.store, SetClock(), caller or EVERYBODY)

    def run_of(self, caller: Caller | None = None, run_id: str = "run-1") -> Any:
        return self.operations(caller).find_run(run_id)

    def takes(self, path: Path, request: ImportRequest = REQUEST) -> ImportReport:
        return self.operations().import_inventory(ImportInput(path, name=path.name), request)


@pytest.fixture
def begun(connection: Connection) -> Iterator[Callable[[], Process]]:
    """Begins a process; all of them say no more of their runs in the end."""
    made: list[Process] = []

    def begin() -> Process:
        made.append(Process(connection))
        return made[-1]

    yield begin
    for process in made:
        process.store.stop_beating()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.jsonl"
    path.write_bytes(HEADER + RACK)
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(b"{broken\n")
    return path


def test_another_process_tells_why_an_import_could_not_be_read(
    begun: Callable[[], Process], broken: Path
) -> None:
    with pytest.raises(BadFile) as caught:
        begun().takes(broken)

    run = begun().run_of()
    assert (run.state, run.error["code"]) == ("failed", "BAD_FILE")
    assert run.error["message"] == caught.value.message
    assert run.ended_at is not None
    assert [each.id for each in begun().operations().list_runs().runs] == ["run-1"]


def test_another_process_tells_that_an_import_has_finished(
    begun: Callable[[], Process], good: Path
) -> None:
    begun().takes(good)

    run = begun().run_of()
    assert (run.state, run.error) == ("finished", {})
    assert run.report["decided"] == {"create": 1}


def test_a_dry_run_leaves_nothing_on_record(begun: Callable[[], Process], broken: Path) -> None:
    process = begun()
    with pytest.raises(BadFile):
        process.takes(broken, replace(REQUEST, is_dry_run=True))

    with pytest.raises(UnknownRecord):
        process.run_of()


class FullStore(GraphStore):
    """A store whose disk is full whenever inventory is written."""

    def apply(self, *_: Any, **__: Any) -> Any:
        raise DatabaseFull("64 MB are wanted on /var/lib/cmdb/data, 3 MB are there")


def test_an_import_that_failed_on_its_way_tells_no_path_and_goes_on_when_sent_again(
    connection: Connection, begun: Callable[[], Process], good: Path
) -> None:
    begun()
    full = operations_over(FullStore(connection, SetClock()), SetClock())
    with pytest.raises(DatabaseFull):
        full.import_inventory(ImportInput(good, name=good.name), REQUEST)

    failed = begun().run_of()
    report = begun().takes(good)

    assert (failed.state, failed.error["code"]) == ("failed", "DATABASE_FULL")
    assert "data, 3 MB are there" in failed.error["message"]
    assert "/var" not in str(failed.error)
    assert report.is_resumed
    assert begun().run_of().state == "finished"


def test_who_may_neither_import_nor_see_all_learns_the_code_alone(
    begun: Callable[[], Process], broken: Path
) -> None:
    with pytest.raises(BadFile):
        begun().takes(broken)
    viewer = Caller("v", frozenset({"viewer"}))
    importer = Caller("i", frozenset({"importer"}), source="tool")

    told, whole = begun().run_of(viewer), begun().run_of(importer)

    assert told.error["code"] == whole.error["code"] == "BAD_FILE"
    assert "broken.jsonl" not in str(told.error)
    assert "broken.jsonl" in whole.error["message"]


def test_a_run_whose_process_was_killed_is_interrupted_once_nobody_beats_for_it(
    connection: Connection, begun: Callable[[], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = begun()
    killed.store.save_run(RUNNING)
    assert killed.run_of().state == "running"
    killed.store.stop_beating()
    # Another process of a shared database may be at work still; of an embedded one there is none.
    assert begun().run_of().state == ("running" if connection.is_shared else "interrupted")

    monkeypatch.setattr(run_life, "LOST_SECONDS", -1.0)

    run = begun().run_of()
    assert (run.state, run.error["code"]) == ("interrupted", "INTERRUPTED")
    assert run.ended_at is not None
    assert begun().operations().list_runs().runs == (run,)


def test_a_process_that_works_for_long_shows_that_it_lives(
    connection: Connection, begun: Callable[[], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not connection.is_shared:
        skip_for_good("an embedded database has one process")
    monkeypatch.setattr(run_life, "BEAT_SECONDS", 0.05)
    begun().store.save_run(RUNNING)
    look = "MATCH (r:ImportRun {id: 'run-1'}) RETURN r.alive_at AS at"
    first = connection.read(look)[0][0]

    until = time.monotonic() + 30
    while connection.read(look)[0][0] <= first + 200:
        assert time.monotonic() < until
        time.sleep(0.02)

    assert begun().run_of().state == "running"


def test_an_announced_run_is_known_everywhere_and_forgotten_if_nothing_comes(
    begun: Callable[[], Process],
) -> None:
    process = begun()
    store = process.store
    announce(Context(store, Snapshots(store, store.registry), SetClock(), EVERYBODY), REQUEST)
    announced = process.run_of()

    process.store.withdraw_run("run-1")

    assert announced.state == "reading"
    with pytest.raises(UnknownRecord):
        begun().run_of()


def test_a_run_that_is_taken_up_under_another_id_is_told_of_under_both(
    begun: Callable[[], Process], good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BatchWriter, "write_at_once", stop)
        with pytest.raises(CmdbError, match="whole"):
            begun().takes(good)
    before = begun().run_of()

    begun().takes(good, replace(REQUEST, run_id="run-2"))

    assert (before.state, before.error["code"]) == ("interrupted", "INTERRUPTED")
    first, second = begun().run_of(), begun().run_of(run_id="run-2")
    assert first.state == second.state == "finished"
    assert (second.id, second.report) == ("run-2", first.report)
    assert [run.id for run in begun().operations().list_runs().runs] == ["run-1"]
