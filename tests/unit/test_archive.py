"""Is a backup that is damaged in any way refused, and a whole one read?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from cmdb.errors import BadFile, DatabaseTooNew
from cmdb.store.archive import Header, read_archive, write_archive
from cmdb.store.moves import check_backup
from cmdb.store.pages import Page, Shape
from cmdb.store.schema import MIGRATIONS

PAGES = [
    Page(Shape("CI"), [{"id": "a", "weight": 1.0}, {"id": "b", "weight": 1, "name": "é😀"}]),
    Page(Shape("CI", "depends_on", "CI"), [["a", "b", {"id": "r", "live": True}]]),
]


def header(schema: int = len(MIGRATIONS)) -> Header:
    return Header("1", schema, 7, "f" * 64, 9, 1, 3, ("depends_on",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "own.backup"
    write_archive(made, header(), PAGES)
    return made


def lines(path: Path) -> list[bytes]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
        return unpacked.read().splitlines(keepends=True)


def written(path: Path, content: list[bytes]) -> Path:
    path.write_bytes(zstandard.ZstdCompressor().compress(b"".join(content)))
    return path


def test_what_was_written_is_read(path: Path) -> None:
    archive = read_archive(path)

    assert archive.header == header()
    assert list(archive.pages()) == PAGES
    assert list(archive.pages()) == PAGES
    assert archive.tally.counts == {Shape("CI"): 2, Shape("CI", "depends_on", "CI"): 1}


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    def failing() -> Iterator[Any]:
        yield PAGES[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(BadFile, match="No space left"):
        write_archive(tmp_path / "new", header(), failing())

    assert list(tmp_path.iterdir()) == []


def test_one_altered_value_is_noticed(path: Path) -> None:
    content = lines(path)
    content[1] = content[1].replace(b'"weight":1.0', b'"weight":2.0')

    with pytest.raises(BadFile, match="damaged"):
        read_archive(written(path, content))


@pytest.mark.parametrize("left_out", [1, 2])
def test_a_page_left_out_is_noticed(path: Path, left_out: int) -> None:
    content = lines(path)
    del content[left_out]

    with pytest.raises(BadFile, match="damaged"):
        read_archive(written(path, content))


def test_pages_in_another_order_are_noticed(path: Path) -> None:
    first, one, two, last = lines(path)

    with pytest.raises(BadFile, match="damaged"):
        read_archive(written(path, [first, two, one, last]))


def test_an_end_that_is_missing_is_noticed(path: Path) -> None:
    with pytest.raises(BadFile, match="cut off"):
        read_archive(written(path, lines(path)[:-1]))


def test_something_after_the_end_is_noticed(path: Path) -> None:
    content = lines(path)

    with pytest.raises(BadFile, match="after its end"):
        read_archive(written(path, [*content, content[1]]))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_is_cut_anywhere_is_noticed(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(BadFile):
        read_archive(path)


@pytest.mark.parametrize("place", [0, 40, -5])
def test_a_flipped_bit_is_noticed(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)

    with pytest.raises(BadFile):
        read_archive(path)


@pytest.mark.parametrize("content", [b"", b"text", zstandard.ZstdCompressor().compress(b"[1]\n")])
def test_any_other_file_is_no_backup(tmp_path: Path, content: bytes) -> None:
    other = tmp_path / "other"
    other.write_bytes(content)

    with pytest.raises(BadFile, match="no backup"):
        read_archive(other)


def test_one_of_a_later_format_says_so(path: Path) -> None:
    content = lines(path)
    content[0] = orjson.dumps({**orjson.loads(content[0]), "version": 2}) + b"\n"

    with pytest.raises(BadFile, match="format is 2"):
        read_archive(written(path, content))


def test_one_of_a_newer_program_is_refused_and_of_an_older_one_is_not(tmp_path: Path) -> None:
    write_archive(tmp_path / "newer", header(schema=len(MIGRATIONS) + 1), PAGES)
    write_archive(tmp_path / "older", header(schema=1), PAGES)

    with pytest.raises(DatabaseTooNew):
        check_backup(tmp_path / "newer")
    assert check_backup(tmp_path / "older").header.schema == 1


def test_a_file_that_is_absent_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="No such file"):
        read_archive(tmp_path / "absent")
