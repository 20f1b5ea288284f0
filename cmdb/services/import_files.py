"""Where do rejects and results of a run go? Into files of one JSON document a line."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import orjson

from cmdb.errors import BadFile
from cmdb.model.decisions import Decision
from cmdb.model.records import Problem


class _Lines(AbstractContextManager["_Lines"]):
    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        """Refuse a place where no file can be made, while nothing is written yet."""
        if self._path is not None and not (self._path.is_fifo() or self._path.is_char_device()):
            is_new = not self._path.exists()
            try:
                self._path.open("ab").close()
                if is_new:
                    self._path.unlink()
            except OSError as error:
                raise _refusal(self._path, error) from error
        return self

    @property
    def is_wanted(self) -> bool:
        """Whether anybody asked for this file."""
        return self._path is not None

    def _write(self, line: dict[str, Any]) -> None:
        if self._path is None:
            return
        if self._file is None:
            try:
                self._file = self._path.open("wb")
            except OSError as error:
                raise _refusal(self._path, error) from error
        self._file.write(orjson.dumps(line) + b"\n")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()


class Rejects(_Lines):
    """What was left out, each with its reason: mend it and import it again."""

    def add(self, problem: Problem) -> None:
        """Note one problem."""
        self._write(
            {
                "place": problem.place,
                "field": problem.field,
                "reason": problem.reason,
                "hint": problem.hint,
                "dropped": problem.dropped,
                "raw": problem.raw,
            }
        )


class Results(_Lines):
    """The outcome per record: the source's own key, the CI, the decision."""

    def add(self, decision: Decision) -> None:
        """Note one decision."""
        self._write(
            {
                "key": decision.key,
                "ci": decision.ci_id,
                "verdict": decision.verdict,
                "rule": decision.rule,
                "matched": decision.matched,
                "conflicts": [list(conflict) for conflict in decision.conflicts],
            }
        )


def _refusal(path: Path, error: OSError) -> BadFile:
    reason = error.strerror or type(error).__name__
    return BadFile(
        str(path), f"it cannot be written ({reason})", "Check the folder and its rights."
    )
