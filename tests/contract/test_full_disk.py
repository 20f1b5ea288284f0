"""When a disk is full or may not be written to, do writes say so while reads go on?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import neo4j
import pytest

from cmdb.errors import CmdbError, DatabaseFull, DatabaseReadOnly, DatabaseUnavailable
from cmdb.store.arcadedb import open_arcadedb
from cmdb.store.connection import NodeType
from cmdb.store.neo4j import Neo4j, open_neo4j
from tests.contract.stores import host, kept, poured, store_over
from tests.contract.things import COUNT, SCHEMA, create
from tests.peers.neo4j_server import LONG_TERM, Neo4jServer
from tests.peers.unavailable import (
    linux_only,
    needed_program,
    skip_for_good,
    skipped_where_unavailable,
)

ROOT = Path(__file__).parents[2]
OWN_DISK = """
mount -t tmpfs -o size=40m tmpfs "$1" || exit 77
"$2" -m tests.kills.full_disk "$1" filler "$3"
"$2" -c "
import sys
from pathlib import Path
from cmdb.store.arcadedb import open_arcadedb
found = open_arcadedb(Path(sys.argv[1])).read('MATCH (c:CI) RETURN count(c) AS n')
print('reopened', found[0][0])
" "$1/graph"
"""
LOCKED_AWAY = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77
"$2" -c "
import sys
from pathlib import Path
from cmdb.errors import CmdbError
from cmdb.store.arcadedb import open_arcadedb
from tests.contract.stores import host, kept, poured, store_over
store = store_over(open_arcadedb(Path(sys.argv[1])))
print('read', store.head().revision)
try:
    poured(store, kept(host('late')))
except CmdbError as error:
    print('met', error.code)
print('read', store.head().revision)
store.close()
" "$1/graph"
"""


def lines_of(script: str, folder: Path, *words: object) -> list[list[str]]:
    """Run a script whose mounts only it sees; skip where this system does not allow them."""
    alone = [needed_program("unshare"), "--map-root-user", "--mount"]
    tried = said_by([*alone, "mount", "-t", "tmpfs", "tmpfs", str(folder)])
    if tried.returncode != 0:
        skip_for_good(f"a test may not make mounts of its own: {tried.stderr.strip()}")
    shell = [*alone, "sh", "-c", script, "sh"]
    done = said_by([*shell, str(folder), sys.executable, *(str(word) for word in words)])
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


def said_by(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@linux_only
def test_a_disk_that_fills_up_ends_writes_and_not_reads(tmp_path: Path) -> None:
    said = lines_of(OWN_DISK, tmp_path, 8_000_000)

    assert said == [
        *([["met", "DATABASE_FULL"]] * 4),
        ["refused", "3"],
        ["read", "3", "3"],
        ["acknowledged", "53", "53"],
        ["reopened", "53"],
    ]


@linux_only
def test_a_commit_that_meets_the_very_end_costs_nothing_acknowledged(tmp_path: Path) -> None:
    said = lines_of(OWN_DISK, tmp_path, 0)

    assert ["met", "DATABASE_FULL"] in said
    [(_, acknowledged, counted)] = [words for words in said if words[0] == "acknowledged"]
    assert int(acknowledged) >= 53
    assert said[-1] == ["reopened", counted]
    assert acknowledged == counted


def test_files_that_may_not_grow_cost_nothing_acknowledged(tmp_path: Path) -> None:
    child = [sys.executable, "-m", "tests.kills.full_disk", str(tmp_path), "limit", "0"]

    said = [line.split() for line in said_by(child).stdout.splitlines()]

    assert ["met", "DATABASE_FULL"] in said
    assert said[-1][0] == "acknowledged"
    again = open_arcadedb(tmp_path / "graph")
    assert again.read("MATCH (c:CI) RETURN count(c) AS n") == [(int(said[-1][1]),)]
    assert said[-1][1] == said[-1][2]
    again.close()


def test_the_reserve_is_kept_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "graph"
    store_over(open_arcadedb(folder)).close()
    free = shutil.disk_usage(tmp_path).free
    full = open_arcadedb(folder, reserve_bytes=2 * free)
    store = store_over(full)

    with pytest.raises(DatabaseFull, match="kept free"):
        poured(store, kept(host("late")))
    with pytest.raises(DatabaseFull, match="kept free"):
        full.setup([NodeType("Late")])
    assert store.head().revision == 0
    store.close()

    roomy = store_over(open_arcadedb(folder))
    assert poured(roomy, kept(host("late"))).revision == 1
    roomy.close()


@linux_only
def test_a_folder_that_may_not_be_written_to_is_read(tmp_path: Path) -> None:
    store = store_over(open_arcadedb(tmp_path / "graph"))
    poured(store, kept(host("early")))
    store.close()

    said = lines_of(LOCKED_AWAY, tmp_path)

    assert said == [["read", "1"], ["met", "DATABASE_READ_ONLY"], ["read", "1"]]
    again = store_over(open_arcadedb(tmp_path / "graph"))
    assert poured(again, kept(host("late"))).revision == 2
    again.close()


@pytest.mark.server
def test_a_neo4j_that_is_read_only_is_read(tmp_path: Path) -> None:
    with skipped_where_unavailable():
        server = Neo4jServer(LONG_TERM, tmp_path)
    with server:
        first = open_neo4j(server.url, "", "")
        first.setup(SCHEMA)
        create(first, {"key": "a"})
        first.close()
        server.stop()
        server.start("server.databases.default_to_read_only=true\n")
        connection = open_neo4j(server.url, "", "")

        with pytest.raises(DatabaseReadOnly):
            create(connection, {"key": "b"})

        assert connection.read(COUNT) == [(1,)]
        connection.close()


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", DatabaseReadOnly),
        ("Neo.ClientError.General.WriteOnReadOnlyAccessDatabase", DatabaseReadOnly),
        ("Neo.DatabaseError.Transaction.TransactionLogError", DatabaseFull),
        ("Neo.DatabaseError.Transaction.TransactionCommitFailed", DatabaseUnavailable),
        ("Neo.DatabaseError.Transaction.TransactionStartFailed", DatabaseUnavailable),
    ],
)
def test_a_code_of_the_server_has_its_meaning(code: str, meant: type[CmdbError]) -> None:
    connection = Neo4j("bolt://127.0.0.1:1", None, {})
    error = neo4j.exceptions.Neo4jError._hydrate_neo4j(code=code, message="said")

    def fail() -> NoReturn:
        raise error

    with pytest.raises(meant):
        connection._guarded(fail)
    connection.close()
