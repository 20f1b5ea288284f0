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

    def _write(self, line: dict[str, Any]) -> None:
        if self._path is None:
            return
        if self._file is None:
            try:
                self._file = self._path.open("wb")
            except OSError as error:
                reason = error.strerror or "cannot be written"
                raise BadFile(str(self._path), reason) from error
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

    def __enter__(self) -> Self:
        return self

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

    def __enter__(self) -> Self:
        return self

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
