"""Which bytes does an import send? One file as it is, or several as the parts of a form.

Files are opened one after the other while they are sent, each attempt anew.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cmdb.errors import BadFile
from cmdb.model.records import ImportInput

PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Upload:
    """A body to send.

    Attributes:
        content: Opens it anew for each attempt.
        content_type: Of the body.
        newest_at: When the newest of the files was last changed; None for a stream.
    """

    content: Callable[[], Iterator[bytes]]
    content_type: str
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Part:
    field: str
    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


def upload_of(source: ImportInput, mapping: Path | None) -> Upload:
    """Return the body for an input: the file itself, or a form for a folder or with a mapping.

    Raises:
        BadFile: There is no such file, or it cannot be read.
    """
    parts = _parts_of(source)
    if mapping is not None:
        parts.append(_file_part("mapping", mapping.name, mapping))
    newest_at = None if source.path is None else _newest_at(source.path)
    is_folder = source.path is not None and source.path.is_dir()
    if len(parts) == 1 and not is_folder:
        return Upload(lambda: _pieces(parts[0]), "application/octet-stream", newest_at)
    boundary = secrets.token_hex(16)
    kind = f"multipart/form-data; boundary={boundary}"
    return Upload(lambda: _form(parts, boundary), kind, newest_at)


def _parts_of(source: ImportInput) -> list[_Part]:
    if source.path is None:
        if source.stream is None:
            raise BadFile(source.name, "there is nothing to read", "Name a file.")
        stream = source.stream
        return [_Part("file", source.name, lambda: nullcontext(stream))]
    if not source.path.is_dir():
        return [_file_part("file", source.path.name, source.path)]
    folder = source.path
    parts = [
        _file_part("file", path.relative_to(folder).as_posix(), path) for path in _walk(folder)
    ]
    if not parts:
        raise BadFile(source.name, "the folder holds no file", "Name the folder with the files.")
    return parts


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in order; hidden ones are left out, as importers do."""

    def refuse(error: OSError) -> None:
        raise _unreadable(str(error.filename), error)

    for at, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(at, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _file_part(field: str, name: str, path: Path) -> _Part:
    if not path.exists():
        raise BadFile(name, "there is no such file", "Check the path.")
    if not path.is_file():
        reason = "this is a device, pipe or socket, not a file"
        raise BadFile(name, reason, "Pipe it into standard input and name - instead.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise _unreadable(name, error) from error
    return _Part(field, name, lambda: path.open("rb"))


def _form(parts: list[_Part], boundary: str) -> Iterator[bytes]:
    for part in parts:
        name = part.name.translate({ord('"'): "%22", 10: "%0A", 13: "%0D"})
        head = (
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="{part.field}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        yield head.encode()
        yield from _pieces(part)
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _pieces(part: _Part) -> Iterator[bytes]:
    try:
        with part.open() as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise _unreadable(part.name, error) from error


def _newest_at(path: Path) -> datetime | None:
    files = [path, *(_walk(path) if path.is_dir() else ())]
    times = [file.stat().st_mtime for file in files if file.is_file()]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _unreadable(name: str, error: OSError) -> BadFile:
    reason = error.strerror or type(error).__name__
    return BadFile(name, f"it cannot be read ({reason})", "Check the file and its rights.")
