"""Which lines does a file hold, and where do they stand?"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Final

from cmdb.errors import BadFile
from importers.reading import MIB, LimitedReader, looks_like_utf16

LINE_LIMIT: Final = 16 * MIB
"""Most bytes of one line; a longer one means that the file is not made of lines."""
_CHUNK_BYTES: Final = 65_536
_BOM: Final = b"\xef\xbb\xbf"


def numbered_lines(reader: LimitedReader) -> Iterator[tuple[int, bytes]]:
    """Yield every line with its number from 1 and its end, without a byte-order mark.

    Raises:
        BadFile: A line is longer than `LINE_LIMIT`.
    """
    number = 0
    while line := reader.readline(LINE_LIMIT):
        number += 1
        if len(line) >= LINE_LIMIT:
            raise _too_long(reader.name, number)
        yield number, line.removeprefix(_BOM) if number == 1 else line


class TextLines:
    """The lines of a file as text, read in the encoding it declares or shows.

    Without a declared encoding: a byte-order mark decides, then the pattern of UTF-16, else UTF-8;
    a line that is not UTF-8 is read as Windows-1252 and counted.
    """

    def __init__(self, reader: LimitedReader, encoding: str = "") -> None:
        self._reader = reader
        self._encoding = encoding or _shown_encoding(reader.head)
        self.guessed_lines = 0
        self.first_guessed_line = 0

    def __iter__(self) -> Iterator[str]:
        """Yield every line with its end.

        Raises:
            BadFile: The bytes do not fit a declared encoding, or a line is too long.
        """
        if self._encoding:
            yield from self._decoded()
            return
        for number, line in numbered_lines(self._reader):
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError:
                self.guessed_lines += 1
                self.first_guessed_line = self.first_guessed_line or number
                yield _western(line)

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._encoding)()
        number, rest, is_last = 0, "", False
        while not is_last:
            chunk = self._reader.read(_CHUNK_BYTES)
            is_last = not chunk
            try:
                rest += decoder.decode(chunk, is_last)
            except UnicodeError as error:
                raise BadFile(
                    self._reader.name,
                    f"this is not {self._encoding} text",
                    "Say its encoding with the option encoding.",
                    place=f"after line {number}",
                ) from error
            *whole, rest = rest.split("\n")
            for line in whole:
                number += 1
                yield (line.removeprefix("\ufeff") if number == 1 else line) + "\n"
            if len(rest) > LINE_LIMIT:
                raise _too_long(self._reader.name, number + 1)
        if rest:
            yield rest if number else rest.removeprefix("\ufeff")


def _shown_encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return looks_like_utf16(head)


def _western(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _too_long(name: str, number: int) -> BadFile:
    return BadFile(
        name,
        f"a line is longer than {LINE_LIMIT // MIB} MiB",
        "Each record needs a line of its own.",
        place=str(number),
    )
