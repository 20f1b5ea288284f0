"""Does a server remove what a killed one left of its uploads, and nothing else?"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from cmdb.server.upload_folders import LOCK, PREFIX, UploadFolders, remove_left_behind

pytest.importorskip("fcntl", reason="on Windows nothing tells whether a server lives")

CHILD = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from cmdb.server.upload_folders import UploadFolders
(UploadFolders().make() / "input").write_bytes(b"x")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which everything temporary is made from now on."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_process_left_is_removed_and_that_of_a_living_one_stays(place: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        (input_file,) = place.glob(f"{PREFIX}*/*/input")
        while_living = remove_left_behind(place), input_file.exists()
        child.kill()
        child.wait()

        UploadFolders()

    assert while_living == ([], True)
    assert list(place.iterdir()) == []


def test_what_is_not_a_folder_of_a_server_stays(place: Path) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (place / f"{PREFIX}link").symlink_to(elsewhere)
    (place / f"{PREFIX}unlocked").mkdir()
    (place / f"{PREFIX}file").touch()
    pointing = place / f"{PREFIX}pointing"
    pointing.mkdir()
    (pointing / LOCK).symlink_to(elsewhere / LOCK)
    before = sorted(place.rglob("*"))

    removed = remove_left_behind(place)

    assert (removed, sorted(place.rglob("*"))) == ([], before)


def test_a_server_that_ends_leaves_nothing_and_its_folder_is_made_again_if_it_is_gone(
    place: Path,
) -> None:
    folders = UploadFolders()
    first = folders.make()
    for path in (first, folders.path / LOCK):
        path.rmdir() if path.is_dir() else path.unlink()
    folders.path.rmdir()

    again = folders.make()
    assert again.is_dir()
    folders.close()
    folders.close()

    assert list(place.iterdir()) == []
