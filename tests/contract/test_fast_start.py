"""Which cache of loaded classes does the embedded engine trust, and when is one made?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cmdb.store.fast_start import cache_arguments, find_cache, is_cache_wanted, make_cache
from tests.peers.unavailable import posix_only

TRAININGS = {
    "good": "import pathlib; pathlib.Path('made.aot').write_bytes(b'classes' * 1000)",
    "failing": "raise SystemExit(1)",
    "idle": "",
    "telling": "import os, sys; print(*os.environ, file=open(sys.argv[1], 'w'))",
}
Make = Callable[..., tuple[bool, bool]]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make a cache by a stand-in for the training; return whether it was made, and announced."""
    for name in ("ARCADEDB_JVM_ARGS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS"):
        monkeypatch.delenv(name, raising=False)
    modules = tmp_path / "modules"
    modules.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(modules))

    def made(folder: Path, training: str = "good", *arguments: str) -> tuple[bool, bool]:
        (modules / f"{training}_training.py").write_text(TRAININGS[training])
        announced: list[bool] = []
        is_made = make_cache(
            folder, [f"{training}_training", *arguments], lambda: announced.append(True)
        )
        return is_made, announced == [True]

    return made


def found_in(folder: Path) -> Path:
    cache = find_cache(folder)
    assert cache is not None
    return cache


def test_a_cache_that_was_made_is_found_and_used(tmp_path: Path, make: Make) -> None:
    folder = tmp_path / "deep" / "with blanks"

    before, made, after = find_cache(folder), make(folder), find_cache(folder)

    assert before is None
    assert made == (True, True)
    assert after is not None
    assert f"-XX:AOTCache={after}" in cache_arguments(folder)
    assert list(folder.iterdir()) == [after]


@posix_only
def test_nobody_else_can_write_to_it(tmp_path: Path, make: Make) -> None:
    make(tmp_path / "cache")

    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert found_in(tmp_path / "cache").stat().st_mode & 0o777 == 0o600


@posix_only
@pytest.mark.parametrize("open_to", [0o770, 0o707])
def test_where_others_may_write_it_is_neither_trusted_nor_made(
    tmp_path: Path, make: Make, open_to: int
) -> None:
    folder = tmp_path / "cache"
    make(folder)
    folder.chmod(open_to)

    assert find_cache(folder) is None
    assert make(folder) == (False, False)


@pytest.mark.parametrize("content", [b"", b"classes" * 999, b"klasses" + b"classes" * 999])
def test_a_damaged_cache_is_as_good_as_none(tmp_path: Path, make: Make, content: bytes) -> None:
    folder = tmp_path / "cache"
    make(folder)
    found_in(folder).write_bytes(content)

    assert cache_arguments(folder) == []


def test_other_options_of_the_machine_have_a_cache_of_their_own(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    make(folder)

    monkeypatch.setenv("ARCADEDB_JVM_ARGS", "-XX:+UseZGC")

    assert find_cache(folder) is None
    assert make(folder) == (True, True)
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("option", ["-XX:AOTCache=mine", "-Xshare:off", "-XX:SharedArchiveFile=x"])
def test_a_user_who_shares_classes_otherwise_is_left_alone(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    folder = tmp_path / "cache"
    make(folder)

    monkeypatch.setenv("JAVA_TOOL_OPTIONS", f"-Xint {option}")

    assert not is_cache_wanted()
    assert cache_arguments(folder) == []
    assert make(folder) == (False, False)


@pytest.mark.parametrize("training", ["failing", "idle"])
def test_a_training_that_makes_nothing_leaves_nothing(
    tmp_path: Path, make: Make, training: str
) -> None:
    assert make(tmp_path / "cache", training) == (False, True)
    assert list((tmp_path / "cache").iterdir()) == []


@posix_only
def test_a_folder_that_the_machine_cannot_be_told_is_not_used(tmp_path: Path, make: Make) -> None:
    folder = tmp_path / "one:other"

    assert make(folder) == (False, False)
    assert cache_arguments(folder) == []


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, make: Make) -> None:
    (tmp_path / "file").touch()

    assert make(tmp_path / "file" / "cache") == (False, False)
    assert cache_arguments(tmp_path / "file" / "cache") == []


def test_the_training_learns_no_setting_of_this_product(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDB_TOKEN", "secret")
    told = tmp_path / "told"

    make(tmp_path / "cache", "telling", str(told))

    assert "ARCADEDB_JVM_ARGS" in told.read_text()
    assert "CMDB_" not in told.read_text()


def test_old_caches_and_what_was_abandoned_go_when_a_new_one_comes(
    tmp_path: Path, make: Make
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    long_ago = time.time() - 10_000
    for number in range(5):
        (folder / f"engine-1-{number}.aot").touch()
        os.utime(folder / f"engine-1-{number}.aot", (long_ago + number, long_ago + number))
    for name in ("making-old", "making-new"):
        (folder / name).mkdir()
    os.utime(folder / "making-old", (long_ago, long_ago))

    make(folder)

    kept = {path.name for path in folder.iterdir()} - {found_in(folder).name}
    assert kept == {"engine-1-4.aot", "engine-1-3.aot", "engine-1-2.aot", "making-new"}


def test_without_a_folder_there_is_none() -> None:
    assert cache_arguments(None) == []
