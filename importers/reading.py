"""Which bytes does an importer read, and is the file fit to be read at all?

Opens files, folders and standard input for every importer, and refuses as a `BadFile` what cannot
be an input: missing, not readable, a device, empty, compressed, binary or too large.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from cmdb.errors import BadFile
from cmdb.model.records import ImportInput, ImportOptions

MIB: Final = 1024 * 1024
STREAMED_LIMIT: Final = 2048 * MIB
"""Most bytes of a file that is read row by row."""
WHOLE_LIMIT: Final = 256 * MIB
"""Most bytes of a file of which whole documents are held in memory."""
HEAD_BYTES: Final = 8192
_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"\xef\xbb\xbf")
_PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of an input: a path, or a stream without one, and how messages call it."""

    name: str
    path: Path | None = None
    stream: BinaryIO | None = None


class LimitedReader:
    """Reads bytes, and refuses the file once more than `limit` came.

    `head` is a look at the first bytes; they are read again by `read`.
    """

    def __init__(self, name: str, stream: BinaryIO, limit: int) -> None:
        self.name = name
        self.head = _read_head(name, stream)
        self._pending = self.head
        self._stream = stream
        self._left = limit - len(self.head)
        self._limit = limit

    def lower_limit(self, limit: int) -> None:
        """Allow fewer bytes than before, for a format that is held in memory whole."""
        self._left -= max(self._limit - limit, 0)
        self._limit = min(self._limit, limit)

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes (all of them if negative); empty at the end."""
        if self._pending:
            cut = len(self._pending) if size < 0 else size
            found, self._pending = self._pending[:cut], self._pending[cut:]
            if size >= 0:
                return found
            return found + self._take(-1)
        return self._take(size)

    def readline(self, size: int) -> bytes:
        """Return the next line with its end, or the first `size` bytes of a longer one."""
        if not self._pending:
            return self._counted(self._fetch_line(size))
        end = self._pending.find(b"\n") + 1
        cut = min(end or len(self._pending), size)
        found, self._pending = self._pending[:cut], self._pending[cut:]
        if end or len(found) == size:
            return found
        return found + self._counted(self._fetch_line(size - len(found)))

    def _take(self, size: int) -> bytes:
        wanted = self._left + 1 if size < 0 else min(size, self._left + 1)
        return self._counted(_guarded_read(self.name, self._stream, wanted))

    def _fetch_line(self, size: int) -> bytes:
        try:
            return self._stream.readline(size)
        except OSError as error:
            raise _unreadable(self.name, error) from error

    def _counted(self, found: bytes) -> bytes:
        self._left -= len(found)
        if self._left < 0:
            raise _too_large(self.name, self._limit)
        return found


def _read_head(name: str, stream: BinaryIO) -> bytes:
    head = b""
    while len(head) < HEAD_BYTES:
        found = _guarded_read(name, stream, HEAD_BYTES - len(head))
        if not found:
            break
        head += found
    return head


def _guarded_read(name: str, stream: BinaryIO, size: int) -> bytes:
    try:
        return stream.read(size) or b""
    except OSError as error:
        raise _unreadable(name, error) from error


def byte_limit(options: ImportOptions, default: int) -> int:
    """Return the limit that the option `max_bytes` sets, else the default.

    Raises:
        BadFile: The option is not a positive whole number.
    """
    text = options.extra.get("max_bytes", "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < len(text) < 19 or int(text) == 0:
        raise BadFile(
            "option max_bytes", f"{text!r} is not a number of bytes", "Give a whole number."
        )
    return int(text)


def input_name(source: ImportInput) -> str:
    """Return how messages call the input."""
    if source.name:
        return source.name
    return str(source.path) if source.path is not None else "standard input"


def find_files(source: ImportInput, suffixes: Sequence[str]) -> list[InputFile]:
    """Return the files of the input: itself, or those of a folder with these suffixes, sorted.

    Hidden folders and files are left out.

    Raises:
        BadFile: The path is missing or not readable, or the folder holds no such file.
    """
    if source.path is None or not source.path.is_dir():
        return [single_file(source)]
    found = sorted(_walk(source.path, suffixes))
    if not found:
        raise BadFile(
            input_name(source),
            f"the folder holds no {', '.join(suffixes)} file",
            "Name the folder that holds the files.",
        )
    return [InputFile(str(path.relative_to(source.path)), path) for path in found]


def _walk(folder: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise _unreadable(str(error.filename), error)

    for at, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            path = Path(at, name)
            if not name.startswith(".") and path.suffix.lower() in suffixes and path.is_file():
                yield path


def single_file(source: ImportInput) -> InputFile:
    """Return the input as the one file it must be.

    Raises:
        BadFile: It is a folder, or neither a path nor a stream.
    """
    name = input_name(source)
    if source.path is not None and source.path.is_dir():
        raise BadFile(name, "this is a folder, a file is needed", "Name one file.")
    if source.path is None and source.stream is None:
        raise BadFile(name, "there is nothing to read", "Name a file, or - for standard input.")
    return InputFile(name, source.path, source.stream)


@contextmanager
def open_bytes(file: InputFile, limit: int) -> Iterator[LimitedReader]:
    """Open a file for reading; a stream that the caller gave stays open afterwards.

    Raises:
        BadFile: Missing, not readable, a device, empty, compressed, binary or too large.
    """
    if file.path is None:
        if file.stream is None:
            raise BadFile(file.name, "there is nothing to read", "Name a file.")
        yield _checked(LimitedReader(file.name, file.stream, limit))
        return
    _check_path(file.name, file.path, limit)
    try:
        stream = file.path.open("rb")
    except OSError as error:
        raise _unreadable(file.name, error) from error
    with stream:
        yield _checked(LimitedReader(file.name, stream, limit))


def _check_path(name: str, path: Path, limit: int) -> None:
    try:
        facts = path.stat()
    except OSError as error:
        raise _unreadable(name, error) from error
    except ValueError as error:
        raise BadFile(name, "this is not a file name", "Name a file.") from error
    if stat.S_ISDIR(facts.st_mode):
        raise BadFile(name, "this is a folder, a file is needed", "Name one file.")
    if not stat.S_ISREG(facts.st_mode):
        raise BadFile(
            name,
            "this is a device, pipe or socket, not a file",
            "Pipe it into standard input and name - instead.",
        )
    if facts.st_size > limit:
        raise _too_large(name, limit)


def _checked(reader: LimitedReader) -> LimitedReader:
    head = reader.head
    if not head:
        raise BadFile(reader.name, "the file is empty", "Was its export cut off?")
    for mark, packer in _PACKED.items():
        if head.startswith(mark):
            raise BadFile(reader.name, f"the file is packed with {packer}", "Unpack it first.")
    if b"\x00" in head and not head.startswith(_BOMS) and not looks_like_utf16(head):
        raise BadFile(
            reader.name,
            "this is a binary file, text is needed",
            "Check that it is the file you meant.",
            place=f"byte {head.index(0)}",
        )
    return reader


def looks_like_utf16(head: bytes) -> str:
    """Return the encoding if bytes without a mark look like UTF-16 of mostly Latin text."""
    even, odd = head[0:512:2], head[1:512:2]
    if len(head) < 4 or not odd:
        return ""
    if even.count(0) <= len(even) // 20 and odd.count(0) >= len(odd) * 0.7:
        return "utf-16-le"
    if odd.count(0) <= len(odd) // 20 and even.count(0) >= len(even) * 0.7:
        return "utf-16-be"
    return ""


def _too_large(name: str, limit: int) -> BadFile:
    size = f"{limit // MIB} MiB" if limit >= MIB else f"{limit} bytes"
    return BadFile(
        name,
        f"the file is larger than {size}",
        "Split it, or raise the limit with the option max_bytes.",
    )


def _unreadable(name: str, error: OSError) -> BadFile:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return BadFile(name, "there is no such file", "Check the path.")
    if isinstance(error, PermissionError):
        return BadFile(name, "no permission to read it", "Give the user read access.")
    reason = error.strerror or type(error).__name__
    return BadFile(name, f"it cannot be read ({reason})", "Check the disk and the path.")
