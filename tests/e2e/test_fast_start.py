"""Are commands faster after `init`, and do they work where what makes them so is broken?"""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cmdb.store.fast_start import find_cache
from tests.e2e.command_line import CommandLine, Ended

LOADED = """
import sys
from pathlib import Path
from arcadedb_embedded.jvm import start_jvm
from cmdb.store.fast_start import cache_arguments
from cmdb.store.jvm import java_class
log = f"-Xlog:class+load:file={sys.argv[2]}"
start_jvm(heap_size=sys.argv[3], jvm_args=[*cache_arguments(Path(sys.argv[1])), log])
java_class("com.arcadedb.database.DatabaseFactory")
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A cache that `init` made, and how that ended."""

    folder: Path
    first: Ended
    second: Ended


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("fast")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMDB_CACHE_DIR", str(folder / "cache"))
        init = CommandLine(folder / "data")
        yield Made(folder / "cache", init("init", "--json"), init("init", "--json"))


def test_init_makes_it_once_and_says_so_beside_the_answer(made: Made) -> None:
    assert (made.first.code, made.second.code) == (0, 0)
    assert made.first.json == made.second.json
    assert made.first.err.startswith("Preparing a faster start")
    assert made.second.err == ""
    assert find_cache(made.folder) is not None


@pytest.mark.parametrize("heap", ["64m", "2g"])
def test_the_engine_takes_its_classes_from_there(made: Made, tmp_path: Path, heap: str) -> None:
    log = tmp_path / "loaded.log"

    subprocess.run(
        [sys.executable, "-c", LOADED, str(made.folder), str(log), heap],
        capture_output=True, check=True,
    )  # fmt: skip

    lines = [line for line in log.read_text().splitlines() if "] com.arcadedb." in line]
    classes = [line for line in lines if "$$Lambda" not in line]
    assert classes
    assert [line for line in classes if "shared objects file" not in line] == []


@pytest.mark.parametrize("damage", ["none", "cut", "emptied", "replaced", "overwritten"])
def test_a_command_answers_and_prints_no_more_whatever_became_of_it(
    made: Made, estate: CommandLine, tmp_path: Path, damage: str
) -> None:
    cache = find_cache(made.folder)
    assert cache is not None
    whole = cache.read_bytes()
    middle = len(whole) // 3
    broken = {
        "none": whole,
        "cut": whole[: 2 * middle],
        "emptied": b"",
        "replaced": b"What is this?" * 100_000,
        "overwritten": whole[:middle] + bytes(1_000_000) + whole[middle + 1_000_000 :],
    }[damage]
    # All but the last pass for whole, so that the machine itself must find out.
    sum_of = whole if damage == "overwritten" else broken
    name = f"{cache.stem.rpartition('-')[0]}-{zlib.crc32(sum_of):08x}.aot"
    (tmp_path / "cache").mkdir(mode=0o700)
    (tmp_path / "cache" / name).write_bytes(broken)
    (tmp_path / "cache" / name).chmod(0o600)
    is_trusted = find_cache(tmp_path / "cache") is not None

    ended = subprocess.run(
        [sys.executable, "-m", "cmdb", "--data-dir", str(estate.data_dir), "ci", "list", "--json"],
        env={**os.environ, "CMDB_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert is_trusted == (damage != "overwritten")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == estate("ci", "list", "--json").out


def test_where_nothing_can_be_kept_init_works_and_says_nothing(
    cmdb: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CMDB_CACHE_DIR", str(tmp_path / "file" / "cache"))

    ended = cmdb("init")

    assert (ended.code, ended.err) == (0, "")


def test_doctor_says_whether_it_is_there_and_how_to_make_it(
    made: Made, estate: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(folder: Path) -> tuple[str, bool]:
        monkeypatch.setenv("CMDB_CACHE_DIR", str(folder))
        checks = {check["name"]: check for check in estate.json("doctor")["checks"]}
        return checks["fast start"]["outcome"], "cmdb init" in checks["fast start"]["hint"]

    assert said(made.folder) == ("ok", False)
    assert said(tmp_path / "none") == ("warning", True)
