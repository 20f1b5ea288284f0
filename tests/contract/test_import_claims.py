"""Does each run of an import have one process, and is every id that was told found afterwards?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from cmdb.model.import_reports import ImportRequest
from cmdb.model.inventory import ImportRun
from cmdb.services.context import Context
from cmdb.services.import_failures import announce
from cmdb.snapshot import Snapshots
from cmdb.store import run_life
from cmdb.store.connection import Connection
from tests.contract.services import EVERYBODY
from tests.contract.stores import SetClock
from tests.contract.test_import_runs import HEADER, RACK, REQUEST, Process

FIRST = ImportRun("run-1", "tool", "source=tool", "records", "f", "interrupted", "records", 5, 1)
CLAIMED = replace(FIRST, state="running")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.jsonl"
    path.write_bytes(HEADER + RACK)
    return path


def other_process(process: Process, connection: Connection) -> Process:
    """Another process, or the same one where the database has only one."""
    return Process(connection) if connection.is_shared else process


def stopped(process: Process, path: Path) -> ImportRun:
    """Return a run of a file that was begun and has not written yet."""
    run = process.store.find_run(process.takes(path).run_id)
    assert run is not None
    unfinished = replace(run, state="running", phase="records", done=0, ended_at=0, counts={})
    process.store.save_run(unfinished)
    return unfinished


def announced_by(process: Process, request: ImportRequest) -> ImportRun | None:
    store = process.store
    context = Context(store, Snapshots(store, store.registry), SetClock(), EVERYBODY)
    return announce(context, request)


def test_a_run_that_somebody_works_on_is_not_taken_up_by_another(
    connection: Connection, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_life, "BEAT_SECONDS", 0.1)
    first = Process(connection)
    other = other_process(first, connection)
    running = stopped(first, good)
    try:
        report = other.takes(good, replace(REQUEST, run_id="run-2"))

        assert (report.is_resumed, report.run_id) == (False, "run-2")
        assert first.run_of().state == "running"
        assert other.run_of(run_id="run-2").state == "finished"
        assert first.store.claim_run(running) == running
    finally:
        first.store.stop_beating()
        other.store.stop_beating()


def test_a_run_that_nobody_works_on_is_taken_up_and_known_by_both_ids(
    connection: Connection,
    good: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Process(connection)
    first.store.save_run(replace(stopped(first, good), state="interrupted"))
    first.store.stop_beating()
    monkeypatch.setattr(run_life, "LOST_SECONDS", -1.0)
    other = Process(connection)
    request = replace(REQUEST, run_id="run-2")

    assert announced_by(other, request) is None
    report = other.takes(good, request)

    assert (report.is_resumed, report.run_id) == (True, "run-1")
    assert other.run_of().state == other.run_of(run_id="run-2").state == "finished"
    assert Process(connection).run_of(run_id="run-2").id == "run-2"


def test_a_run_that_falls_silent_is_waited_for_and_taken_up(
    connection: Connection, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Process(connection)
    killed = stopped(first, good)
    first.store.stop_beating()
    monkeypatch.setattr(run_life, "LOST_SECONDS", 2.0)

    report = Process(connection).takes(good, replace(REQUEST, run_id=""))

    assert (report.is_resumed, report.run_id) == (True, killed.id)


def test_of_all_who_claim_a_run_at_once_one_gets_it(connection: Connection) -> None:
    first = Process(connection)
    processes = [other_process(first, connection) for _ in range(4)]
    first.store.save_run(FIRST)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda process: process.store.claim_run(CLAIMED), processes))
    for process in (first, *processes):
        process.store.stop_beating()

    assert sum(run is None for run in found) == 1
    assert {run.state for run in found if run is not None} == {"running"}


def test_a_new_run_is_claimed_once_and_a_finished_one_never(connection: Connection) -> None:
    first = Process(connection)
    other = other_process(first, connection)

    assert first.store.claim_run(CLAIMED) is None
    assert other.store.claim_run(CLAIMED) == CLAIMED
    finished = replace(CLAIMED, state="finished")
    first.store.save_run(finished)
    assert other.store.claim_run(CLAIMED) == finished
    for process in (first, other):
        process.store.stop_beating()


@pytest.mark.parametrize(
    ("state", "fingerprint", "digest", "is_begun"),
    [
        ("finished", "f", "d", False),
        ("finished", "f", "other", False),
        ("interrupted", "f", "d", True),
        ("interrupted", "f", "other", False),
        ("failed", "f", "d", True),
        ("failed", "f", "other", False),
        ("failed", "", "other", True),
    ],
)
def test_a_key_begins_again_only_what_is_the_same_or_wrote_nothing(
    connection: Connection, state: str, fingerprint: str, digest: str, *, is_begun: bool
) -> None:
    process = Process(connection)
    before = replace(FIRST, state=state, fingerprint=fingerprint, asked="d")
    process.store.save_run(before)
    request = replace(REQUEST, key="k", digest=digest)

    found = announced_by(process, request)
    process.store.stop_beating()

    stored = process.store.find_run("run-1")
    assert stored is not None
    assert (found is None) == is_begun
    assert stored.state == ("reading" if is_begun else state)
    assert stored.asked == (digest if is_begun else "d")
