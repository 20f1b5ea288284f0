"""Runs the command line in this process, as a person at a terminal without colours would."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmdb.cli.running import run


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Commands on one data folder."""

    data_dir: Path

    def __call__(self, *words: object) -> Ended:
        """Run one command."""
        return run_words(["--data-dir", str(self.data_dir), *(str(word) for word in words)])

    def json(self, *words: object) -> Any:
        """Run one command that must succeed and return its JSON document."""
        ended = self(*words, "--json")
        assert ended.code == 0, ended
        return ended.json


def run_words(words: Sequence[str]) -> Ended:
    """Run one command line as it stands."""
    with _streams() as (out, err):
        code = run(words)
    return Ended(code, _text(out), _text(err))


@contextmanager
def _streams() -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    before = sys.stdout, sys.stderr
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    sys.stdout, sys.stderr = out, err
    try:
        yield out, err
    finally:
        sys.stdout, sys.stderr = before


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
