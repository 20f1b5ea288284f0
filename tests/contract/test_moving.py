"""Is a database the same after it was moved to another engine, and is half of one told apart?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from cmdb.errors import BadFile, BadValue, DatabaseRefused, DatabaseUnfinished
from cmdb.model.changes import ChangeSet, Stamp
from cmdb.model.nodes import Node, NodeChange
from cmdb.model.rights import SEES_ALL
from cmdb.services.blast_radius import blast_radius
from cmdb.services.verify_log import verify_log
from cmdb.store import moving
from cmdb.store.arcadedb import ArcadeDB, open_arcadedb
from cmdb.store.connection import Connection, Transaction
from cmdb.store.graph_store import GraphStore
from cmdb.store.moves import backup, check_backup, copy, restore
from cmdb.store.pages import Page, count_rows, read_pages, write_page
from tests.contract.stores import SetClock, store_over
from tests.kills.child import context_over
from tests.kills.estate import estate
from tests.kills.replica import import_records

PROVIDERS = """
MATCH (a:CI)-[r:depends_on]->(b:CI) RETURN DISTINCT b.id AS id ORDER BY id LIMIT 5
"""
BODY = {"title": "é😀", "affected": []}


@pytest.fixture
def filled(connection: Connection) -> GraphStore:
    """A store with CIs, relationships, runs, a checkpoint, an answer kept, and an incident."""
    store = store_over(connection)
    context = context_over(store, "mover")
    import_records(context, "test", list(estate(seed=3, size=60)))
    ci = store.find_by_name("server 1", "", SEES_ALL)[0].id
    for number in (1, 2):
        node = Node("incident", f"i-{number}", 0, "closed", BODY, (ci,), begin_at=5)
        changes = ChangeSet(nodes=(NodeChange(None, node),))
        store.apply(changes, Stamp("mover", idempotency_key=f"k-{number}"), answer={"n": 1.0})
    store.save_checkpoint(store.head().revision, b"content" * 1_000)
    store.save_seen("run", b"digests")
    return store


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[ArcadeDB]:
    """An empty embedded database."""
    opened = open_arcadedb(tmp_path / "beside")
    yield opened
    opened.close()


def everything(connection: Connection) -> dict[str, list[bytes]]:
    """Return all rows of each shape as bytes that tell 1 from 1.0, in an order of their own."""
    found: dict[str, list[bytes]] = {}
    for page in read_pages(connection.read, count_rows(connection.read)):
        rows = [orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in page.rows]
        found.setdefault(str(page.shape), []).extend(rows)
    return {shape: sorted(rows) for shape, rows in found.items()}


def radius_in(connection: Connection) -> Any:
    context = context_over(GraphStore(connection, SetClock()), "asker")
    return blast_radius(context, [row[0] for row in connection.read(PROVIDERS)])


def wipe(connection: Connection) -> None:
    while connection.write(lambda tx: tx.run(moving.EMPTY))[0][0]:
        pass


def test_there_and_back_nothing_is_lost_or_altered(
    connection: Connection, filled: GraphStore, beside: ArcadeDB
) -> None:
    before, log = everything(connection), filled.stored_entries(1, filled.head().revision)
    radius = radius_in(connection)
    assert {"CI", "Incident", "LogEntry", "Checkpoint", "ImportSeen", "Migration"} <= before.keys()
    assert "Incident CONCERNS CI" in before
    assert len(radius.hits) > 0

    copy(connection, beside, is_anew=False)

    there = store_over(beside)
    assert everything(beside) == before
    assert there.stored_entries(1, there.head().revision) == log
    assert radius_in(beside) == radius
    assert verify_log(context_over(there, "auditor")).entries == len(log)

    wipe(connection)
    copy(beside, connection, is_anew=False)

    assert everything(connection) == before
    back = store_over(connection)
    assert back.stored_entries(1, back.head().revision) == log
    assert radius_in(connection) == radius
    # It goes on from where it was.
    assert written(back, "i-3") == len(log) + 1


def written(store: GraphStore, name: str) -> int:
    node = Node("incident", name, 0, "closed", BODY)
    return store.apply(ChangeSet(nodes=(NodeChange(None, node),)), Stamp("mover")).revision


def test_a_backup_is_restored_into_an_empty_database_of_either_engine(
    connection: Connection, filled: GraphStore, beside: ArcadeDB, tmp_path: Path
) -> None:
    before, path = everything(connection), tmp_path / "own.backup"
    head, _, digest = backup(connection, path)
    assert head == filled.head()
    assert path.stat().st_mode & 0o777 == 0o600

    archive = check_backup(path)
    assert restore(archive, beside, is_anew=False)[2] == archive.digest == digest
    wipe(connection)
    restore(archive, connection, is_anew=False)

    assert everything(beside) == before
    assert everything(connection) == before


def test_a_database_that_holds_something_is_refused_and_left_alone(
    connection: Connection, filled: GraphStore, beside: ArcadeDB
) -> None:
    written(store_over(beside), "i-9")
    own = everything(beside)

    with pytest.raises(BadValue, match="not empty"):
        copy(connection, beside, is_anew=False)
    with pytest.raises(BadValue, match="not empty"):
        copy(connection, beside, is_anew=True)

    assert everything(beside) == own
    assert filled.head().revision > 0


def test_one_that_was_only_initialised_counts_as_empty(
    connection: Connection, filled: GraphStore, beside: ArcadeDB
) -> None:
    store_over(beside)

    copy(connection, beside, is_anew=False)

    assert store_over(beside).head() == filled.head()


def broken_after(monkeypatch: pytest.MonkeyPatch, pages: int) -> list[Page]:
    """Let writing fail after some pages; return those that are written from now on."""
    seen: list[Page] = []

    def write(tx: Transaction, page: Page) -> None:
        if len(seen) == pages:
            raise DatabaseRefused("the power is gone")
        write_page(tx, page)
        seen.append(page)

    monkeypatch.setattr(moving, "write_page", write)
    return seen


def test_a_broken_copy_is_not_opened_and_goes_on_where_it_was(
    connection: Connection, filled: GraphStore, beside: ArcadeDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        first = broken_after(broken, 5)
        with pytest.raises(DatabaseRefused, match="power"):
            copy(connection, beside, is_anew=False)
    assert len(first) == 5
    with pytest.raises(DatabaseUnfinished):
        store_over(beside)

    with monkeypatch.context() as watched:
        second = broken_after(watched, -1)
        copy(connection, beside, is_anew=False)

    total = len(list(read_pages(connection.read, count_rows(connection.read))))
    assert len(second) == total - 5
    assert everything(beside) == everything(connection)
    assert store_over(beside).head() == filled.head()


def test_a_copy_that_was_ended_before_its_first_page_is_not_opened_and_can_be_made_again(
    connection: Connection, filled: GraphStore, beside: ArcadeDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_: Connection) -> None:
        raise DatabaseRefused("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(moving, "_empty", ended)
        with pytest.raises(DatabaseRefused, match="power"):
            copy(connection, beside, is_anew=False)
    with pytest.raises(DatabaseUnfinished):
        store_over(beside)

    copy(connection, beside, is_anew=False)

    assert everything(beside) == everything(connection)
    assert store_over(beside).head() == filled.head()


def test_a_broken_copy_of_an_earlier_state_is_begun_anew_on_request_only(
    connection: Connection, filled: GraphStore, beside: ArcadeDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken_after(broken, 5)
        with pytest.raises(DatabaseRefused):
            copy(connection, beside, is_anew=False)
    written(filled, "i-7")

    with pytest.raises(BadValue, match="--anew"):
        copy(connection, beside, is_anew=False)
    copy(connection, beside, is_anew=True)

    assert everything(beside) == everything(connection)


def test_what_arrives_altered_is_told(
    connection: Connection, filled: GraphStore, beside: ArcadeDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(tx: Transaction, page: Page) -> None:
        rows = page.rows
        if str(page.shape) == "CI":
            rows = [{**row, "name": row["name"] + "!"} for row in rows]
        write_page(tx, Page(page.shape, rows))

    monkeypatch.setattr(moving, "write_page", write)
    with pytest.raises(DatabaseRefused, match="'CI' content"):
        copy(connection, beside, is_anew=False)

    assert filled.head().revision > 0
    with pytest.raises(DatabaseUnfinished):
        store_over(beside)


def test_what_this_program_does_not_know_is_not_left_behind_in_silence(
    connection: Connection, filled: GraphStore, beside: ArcadeDB
) -> None:
    connection.write(lambda tx: tx.run("CREATE (s:Stranger {id: 'x'})"))

    with pytest.raises(DatabaseRefused, match="Stranger"):
        copy(connection, beside, is_anew=False)

    assert filled.head().revision > 0


def test_a_backup_takes_no_file_that_is_there(filled: GraphStore, tmp_path: Path) -> None:
    path = tmp_path / "kept.backup"
    path.write_text("mine")

    with pytest.raises(BadFile, match="exists"):
        backup(filled._connection, path)

    assert path.read_text() == "mine"
    assert list(tmp_path.glob("*.part")) == []
