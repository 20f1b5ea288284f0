"""How does a body become a file here? Made only when there is something to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cmdb.errors import BadFile


@contextmanager
def saved_to(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Lend what writes to a file; without a single byte there is none, as in a local import."""
    opened: list[BinaryIO] = []

    def write(piece: bytes) -> None:
        try:
            if piece and not opened:
                opened.append(path.open("wb"))
            if piece:
                opened[0].write(piece)
        except OSError as error:
            raise _refusal(path, error) from error

    try:
        yield write
    finally:
        for file in opened:
            file.close()


def check_can_write(path: Path) -> None:
    """Refuse a place where no file can be made, before anything is sent.

    Raises:
        BadFile: The file cannot be written.
    """
    if path.is_fifo() or path.is_char_device():
        return
    is_new = not path.exists()
    try:
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: OSError) -> BadFile:
    reason = error.strerror or type(error).__name__
    return BadFile(
        str(path), f"it cannot be written ({reason})", "Check the folder and its rights."
    )
