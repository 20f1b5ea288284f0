"""Which lines does a file hold, and where do they stand?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cmdb.errors import BadFile
from importers.reading import MIB, LimitedReader

LINE_LIMIT: Final = 16 * MIB
"""Most bytes of one line; a longer one means that the file is not made of lines."""
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
            raise BadFile(
                reader.name,
                f"a line is longer than {LINE_LIMIT // MIB} MiB",
                "Each record needs a line of its own.",
                place=str(number),
            )
        yield number, line.removeprefix(_BOM) if number == 1 else line
