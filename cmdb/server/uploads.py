"""How does the body of an import become files, whatever its size? Piece by piece.

The next piece is asked for when the one before is written, so that a fast client waits for the
disk and memory stays flat. What arrives is counted as it will be read, that is inflated.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from cmdb.errors import BadFile, BadValue, LimitExceeded
from cmdb.model.records import ImportInput
from cmdb.server.bodies import announced_length, steady_stream
from cmdb.server.http_errors import IMPORT_BYTES, IMPORT_FILES
from cmdb.server.serving import serving_of
from cmdb.server.upload_room import tell_full_disk

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_FILES = 10_000
INPUT, MAPPING = "input", "mapping"
INPUT_PART = "file"
_PIECE = 1 << 20
_LONGEST_NAME = 1_000
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Received:
    """What has arrived.

    Attributes:
        source: What is to be imported.
        mapping: A mapping file, or None.
        digest: Of names and content, however they were sent.
    """

    source: ImportInput
    mapping: Path | None
    digest: str


async def receive_input(request: Request, folder: Path, file_name: str) -> Received:
    """Return what is to be imported and a mapping file, written below a folder.

    A body of type `multipart/form-data` has parts `file`, one or many (many are a folder), and at
    most one part `mapping`; any other body is the file itself.

    Args:
        request: Its body is read to the end.
        folder: An empty folder.
        file_name: How messages call the file, where the body is the file itself.

    Raises:
        LimitExceeded: It is too large, has too many files, or comes too slowly.
        BadFile: It is not compressed as it says, or no multipart body.
        BadValue: It is compressed in another way than gzip, announces no length that can be, or
            has no part `file`, other parts, or a file without a name or with one that came before.
    """
    limit = serving_of(request).settings.import_limit_bytes
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    pieces = _pieces(request, limit)
    if kind == b"multipart/form-data":
        return await _receive_parts(request, pieces, folder, options.get(b"boundary", b""))
    path, digest = folder / INPUT, hashlib.sha256()
    with path.open("wb") as file:

        def take(piece: bytes) -> None:
            digest.update(piece)
            file.write(piece)

        async for piece in pieces:
            await serving_of(request).run(take, piece)
    return Received(ImportInput(path=path, name=file_name), None, digest.hexdigest())


async def _pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Yield the body inflated, counted against the limit."""
    if announced_length(request) > limit:
        raise LimitExceeded(IMPORT_BYTES, limit, announced_length(request))
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise BadValue("Content-Encoding", f"{encoding!r} is not known", "Send gzip or nothing.")
    settings = serving_of(request).settings
    stream = steady_stream(request, settings.upload_seconds, settings.upload_rate_bytes)
    parts = stream if encoding == "identity" else _inflated(request, stream)
    size = 0
    async for part in parts:
        size += len(part)
        if size > limit:
            raise LimitExceeded(IMPORT_BYTES, limit, size, "CMDB_IMPORT_LIMIT says how large.")
        if part:
            yield part


async def _inflated(request: Request, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    run = serving_of(request).run
    inflating = zlib.decompressobj(_GZIP)
    try:
        async for part in stream:
            rest = part
            while rest:
                if inflating.eof:
                    inflating = zlib.decompressobj(_GZIP)
                # A piece at a time: a small body may inflate to more than there is memory.
                yield await run(inflating.decompress, rest, _PIECE)
                rest = inflating.unconsumed_tail or inflating.unused_data
        while piece := await run(inflating.decompress, b"", _PIECE):
            yield piece
    except zlib.error as error:
        raise BadFile("the body", "it is not compressed as it says (gzip)") from error
    if not inflating.eof:
        raise BadFile("the body", "it ends in the middle (gzip)")


async def _receive_parts(
    request: Request, pieces: AsyncIterator[bytes], folder: Path, boundary: bytes
) -> Received:
    run = serving_of(request).run
    parts = _Parts(folder)
    parser = MultipartParser(boundary, parts.callbacks)
    try:
        async for piece in pieces:
            await run(parser.write, piece)
    except FormParserError as error:
        raise BadFile("the body", f"it is no multipart form ({error})") from error
    finally:
        parts.close()
    if not parts.is_whole:
        raise BadFile("the body", "it ends in the middle (multipart form)")
    if not parts.files:
        raise BadValue("file", "the form has no part of that name")
    source = ImportInput(path=folder / INPUT, name="the folder")
    if len(parts.files) == 1:
        own, path = parts.files[0]
        source = ImportInput(path=path, name=request.query_params.get("file_name", own))
    return Received(source, parts.mapping, parts.digest)


class _Parts:
    """Writes the parts of a form to files as the parser finds them.

    Attributes:
        files: Name and path of each part `file`.
        mapping: Path of the part `mapping`, if there is one.
        is_whole: The form has come to its end, which it says itself.
    """

    def __init__(self, folder: Path) -> None:
        self.files: list[tuple[str, Path]] = []
        self.mapping: Path | None = None
        self.is_whole = False
        self._digest = hashlib.sha256()
        self._part_digest = hashlib.sha256()
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._name = self._value = b""
        self._disposition = b""

    @property
    def digest(self) -> str:
        """Digest of all parts, with their names, in their order."""
        return self._digest.hexdigest()

    @property
    def callbacks(self) -> MultipartCallbacks:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_name,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._write,
            "on_part_end": self.close,
            "on_end": self._end,
        }

    def close(self) -> None:
        """End the part at hand."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._digest.update(self._part_digest.digest())

    def _end(self) -> None:
        self.is_whole = True

    def _begin(self) -> None:
        self._name = self._value = self._disposition = b""

    def _add_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        kind = options.get(b"name", b"").decode("utf-8", "replace")
        name = options.get(b"filename", b"").decode("utf-8", "replace")
        if kind == MAPPING and self.mapping is None:
            # The suffix tells the importer how to read it.
            self.mapping = path = self._folder / f"{MAPPING}{relative_path(name or MAPPING).suffix}"
        elif kind == INPUT_PART:
            path = self._folder / INPUT / relative_path(name or f"part-{len(self.files) + 1}")
            self.files.append((name or "the body", path))
        else:
            raise BadValue(kind or "name", "the form has parts `file` and one part `mapping`")
        if len(self.files) > MOST_FILES:
            raise LimitExceeded(IMPORT_FILES, MOST_FILES, len(self.files))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb")
        except OSError as error:
            tell_full_disk(error)
            raise BadValue(kind, f"{name!r} comes twice, or is no name of a file") from error
        # All digests are of one length: no name can stand for content, nor one part for two.
        self._part_digest = hashlib.sha256(hashlib.sha256(f"{kind}/{name}".encode()).digest())

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._part_digest.update(data[start:end])
            self._file.write(data[start:end])


def relative_path(name: str) -> PurePosixPath:
    """Return the path below a folder that a client's file name stands for.

    What leads out of the folder is left out: the name of a file is the client's, a place is not.

    Raises:
        BadValue: Nothing is left, or it holds what no file name should.
    """
    given = PurePosixPath(name.replace("\\", "/")).parts
    kept = [part for part in given if part not in ("/", "//", "..") and not part.endswith(":")]
    if not kept or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise BadValue("file", f"{name!r} is no name of a file")
    return PurePosixPath(*kept)
