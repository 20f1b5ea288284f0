"""Does the embedded engine behave as a guest in the user's process and folders?"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cmdb.errors import DatabaseLocked, DatabaseRefused, DatabaseUnavailable
from cmdb.store.arcadedb import open_arcadedb
from cmdb.store.connection import Ddl, NodeType, Transaction, Unique
from tests.peers.unavailable import posix_only

ROOT = Path(__file__).parents[2]
SCHEMA: list[Ddl] = [NodeType("Thing"), Unique("Thing", "key")]
OPEN = """
import sys
from pathlib import Path
from cmdb.errors import CmdbError
from cmdb.store.arcadedb import open_arcadedb
try:
    connection = open_arcadedb(Path(sys.argv[1]), heap="256m", start="short")
except CmdbError as error:
    print(error.code)
else:
    connection.write(lambda tx: tx.run("CREATE (t:Thing {key: 'child'})"))
    print(connection.read("MATCH (t:Thing) RETURN t.key AS k ORDER BY k"))
    if len(sys.argv) == 2:
        connection.close()
"""


def open_in_another_process(folder: Path, cwd: Path, *more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(folder), *more],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_data_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data with blanks"
    first = open_arcadedb(folder)
    first.setup(SCHEMA)
    first.write(lambda tx: tx.run("CREATE (t:Thing {key: 'a'})"))
    first.close()

    second = open_arcadedb(folder)

    second.setup(SCHEMA)
    assert second.read("MATCH (t:Thing) RETURN t.key AS k") == [("a",)]
    second.close()


def test_a_second_process_is_told_that_the_folder_is_locked(tmp_path: Path) -> None:
    held = open_arcadedb(tmp_path / "data")

    said = open_in_another_process(tmp_path / "data", tmp_path)

    assert said == "DATABASE_LOCKED"
    held.close()


def test_the_collectors_of_both_languages_do_not_call_each_other(tmp_path: Path) -> None:
    held = open_arcadedb(tmp_path / "data")

    assert "_jpype" not in {each.__module__ for each in gc.callbacks}
    held.close()


def test_a_second_opening_in_this_process_is_told_too(tmp_path: Path) -> None:
    held = open_arcadedb(tmp_path / "data")

    with pytest.raises(DatabaseLocked):
        open_arcadedb(tmp_path / "data")

    assert held.read("RETURN 1 AS one") == [(1,)]
    held.close()


@pytest.mark.parametrize("ending", [(), ("without closing",)], ids=["closed", "not closed"])
def test_another_process_leaves_nothing_but_data(tmp_path: Path, ending: tuple[str, ...]) -> None:
    folder, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    elsewhere.mkdir()
    prepared = open_arcadedb(folder)
    prepared.setup(SCHEMA)
    prepared.close()

    assert open_in_another_process(folder, elsewhere, *ending) == "[('child',)]"

    assert list(elsewhere.iterdir()) == []
    again = open_arcadedb(folder)
    assert again.read("MATCH (t:Thing) RETURN count(t) AS n") == [(1,)]
    again.close()


def test_several_databases_live_in_one_process(tmp_path: Path) -> None:
    one, two = open_arcadedb(tmp_path / "one"), open_arcadedb(tmp_path / "two", heap="2g")
    for database in (one, two):
        database.setup(SCHEMA)

    one.write(lambda tx: tx.run("CREATE (t:Thing {key: 'a'})"))

    assert one.read("MATCH (t:Thing) RETURN count(t) AS n") == [(1,)]
    assert two.read("MATCH (t:Thing) RETURN count(t) AS n") == [(0,)]
    one.close()
    assert two.read("MATCH (t:Thing) RETURN count(t) AS n") == [(0,)]
    two.close()


def test_a_closed_database_says_so_and_closes_twice(tmp_path: Path) -> None:
    database = open_arcadedb(tmp_path / "data")
    database.close()
    database.close()

    with pytest.raises(DatabaseUnavailable):
        database.read("RETURN 1 AS one")
    with pytest.raises(DatabaseUnavailable):
        database.write(lambda tx: tx.run("RETURN 1 AS one"))


def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")

    with pytest.raises(DatabaseUnavailable, match="File exists"):
        open_arcadedb(tmp_path / "data")


def test_inside_a_write_only_its_transaction_is_used(tmp_path: Path) -> None:
    database = open_arcadedb(tmp_path / "data")

    def nested(_: Transaction) -> None:
        database.write(lambda tx: tx.run("RETURN 1 AS one"))

    def reading(_: Transaction) -> None:
        database.read("RETURN 1 AS one")

    for wrong in (nested, reading):
        with pytest.raises(RuntimeError):
            database.write(wrong)
    database.close()


def test_what_only_this_engine_could_return_is_refused(tmp_path: Path) -> None:
    database = open_arcadedb(tmp_path / "data")
    database.setup(SCHEMA)
    database.write(lambda tx: tx.run("CREATE (t:Thing {key: 'a'})"))

    with pytest.raises(DatabaseRefused, match="scalars, lists and maps"):
        database.read("MATCH (t:Thing) RETURN t")

    database.close()


TERMINATED = """
import sys, time
from pathlib import Path
from cmdb.store.arcadedb import open_arcadedb
open_arcadedb(Path(sys.argv[1]), start="short")
print("open", flush=True)
time.sleep(60)
"""


@posix_only
def test_a_termination_signal_ends_the_process_without_a_crash(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINATED, str(tmp_path / "db")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"

    process.terminate()

    assert process.wait(timeout=30) == -signal.SIGTERM
    process.stdout.close()
    open_arcadedb(tmp_path / "db").close()
