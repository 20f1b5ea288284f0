"""How is a whole database kept in one file that any engine can be filled from?

Lines of JSON, compressed by zstd: a header, one line a page, and a footer with the count of each
shape, a sum over its content and the digest of all lines before. A file is read to its end and
found whole before anything of it is used.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import zstandard

from cmdb.errors import BadFile
from cmdb.ports import Progress
from cmdb.store.pages import Page, Shape, Tally, check_shape

FORMAT = "cmdb-backup"
VERSION = 1
_LEVEL = 6
_LONGEST_LINE_BYTES = 1 << 28
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Header:
    """What an archive says of itself.

    Attributes:
        program: Version of the program that made it.
        schema: Number of the last migration.
        revision: Of the newest log entry.
        hash: Of the newest log entry.
        sequence: Of the log's head.
        made_at: Epoch milliseconds.
        total: Number of rows.
        types: Relationship types.
    """

    program: str
    schema: int
    revision: int
    hash: str
    sequence: int
    made_at: int
    total: int
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that was read to its end and is whole."""

    path: Path
    header: Header
    tally: Tally
    digest: str

    def pages(self) -> Iterator[Page]:
        """Yield its pages."""
        for line in _Lines(self.path):
            if "rows" in line:
                yield _page(line)


def write_archive(
    path: Path, header: Header, pages: Iterable[Page], progress: Progress | None = None
) -> Tally:
    """Write an archive and return what is in it; it has its name only when it is whole.

    Raises:
        BadFile: There is a file already, or it cannot be written.
    """
    part = path.with_name(path.name + _PART)
    tally = Tally()
    try:
        if path.exists():
            raise BadFile(str(path), "the file exists already", "Name another one.")
        # It holds hashes of tokens and everything about everything: for its owner alone.
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(descriptor, "wb") as file,
            zstandard.ZstdCompressor(_LEVEL, write_checksum=True).stream_writer(
                file, closefd=False
            ) as packed,
        ):
            digest = hashlib.sha256()
            _put(packed, digest, {"format": FORMAT, "version": VERSION, **asdict(header)})
            for page in pages:
                tally.add(page)
                _put(packed, digest, {"shape": str(page.shape), "rows": page.rows})
                if progress is not None:
                    progress("write", sum(tally.counts.values()), header.total)
            _put(packed, digest, _footer(tally) | {"digest": digest.hexdigest()})
            packed.flush(zstandard.FLUSH_FRAME)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadFile(str(path), error.strerror or "it cannot be written") from error
    return tally


def read_archive(path: Path, progress: Progress | None = None) -> Archive:
    """Return an archive, once all of it was read and found whole.

    Raises:
        BadFile: It is no archive, of a newer program, damaged or cut off.
    """
    tally = Tally()
    lines = _Lines(path)
    header = _header(path, lines)
    for line in lines:
        if "rows" in line:
            try:
                page = _page(line)
            except (TypeError, ValueError) as error:
                raise BadFile(str(path), "it holds a page that cannot be read") from error
            check_shape(page.shape)
            tally.add(page)
            if progress is not None:
                progress("check", sum(tally.counts.values()), header.total)
            continue
        if line != _footer(tally) | {"digest": lines.before}:
            raise BadFile(str(path), "it is damaged: its content is not what its end says")
        if next(lines, None) is not None:
            raise BadFile(str(path), "it goes on after its end")
        return Archive(path, header, tally, lines.before)
    raise BadFile(str(path), "it is cut off", "Use another backup.")


class _Lines:
    """The documents of a file, and the digest of all but the last one read."""

    def __init__(self, path: Path) -> None:
        self.before = ""
        self._path = path
        self._digest = hashlib.sha256()
        self._documents = self._read()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        return next(self._documents)

    def _read(self) -> Iterator[dict[str, Any]]:
        try:
            with (
                self._path.open("rb") as file,
                zstandard.ZstdDecompressor().stream_reader(file) as unpacked,
                io.BufferedReader(unpacked, 1 << 20) as buffered,
            ):
                while line := buffered.readline(_LONGEST_LINE_BYTES):
                    self.before = self._digest.hexdigest()
                    self._digest.update(line)
                    document = orjson.loads(line)
                    if not isinstance(document, dict):
                        raise BadFile(str(self._path), "it is no backup of this program")
                    yield document
        except OSError as error:
            raise BadFile(str(self._path), error.strerror or "it cannot be read") from error
        except (zstandard.ZstdError, ValueError) as error:
            raise BadFile(str(self._path), "it is damaged, or no backup of this program") from error


def _header(path: Path, lines: _Lines) -> Header:
    first = next(lines, None) or {}
    if first.pop("format", None) != FORMAT:
        raise BadFile(str(path), "it is no backup of this program")
    if (version := first.pop("version", None)) != VERSION:
        raise BadFile(
            str(path), f"its format is {version}, this program reads {VERSION}", "Upgrade it."
        )
    try:
        return Header(**{**first, "types": tuple(first["types"])})
    except (KeyError, TypeError) as error:
        raise BadFile(str(path), "its header cannot be read") from error


def _page(line: dict[str, Any]) -> Page:
    return Page(Shape.parse(line["shape"]), line["rows"])


def _footer(tally: Tally) -> dict[str, Any]:
    return {
        "counts": {str(shape): n for shape, n in sorted(tally.counts.items())},
        "sums": {str(shape): f"{value:064x}" for shape, value in sorted(tally.sums.items())},
    }


def _put(file: zstandard.ZstdCompressionWriter, digest: Any, document: dict[str, Any]) -> None:
    line = orjson.dumps(document) + b"\n"
    file.write(line)
    digest.update(line)
