"""Which imports does this process run, and how far are they? Asked before the database is.

The database learns of a run when its input was read; whoever started it by a request wants to know
before that, and each batch. Both stand here, for the newest runs of this process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmdb.model.inventory import UNDER_WAY
from cmdb.model.system_reports import RunReport
from cmdb.services.import_failures import ended_state, scope_text, told

if TYPE_CHECKING:
    from cmdb.model.import_reports import ImportReport, ImportRequest

KEPT = 200


class RunningImports:
    """The newest runs of one process. Safe to share between threads.

    Args:
        kept: How many ended runs are remembered.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._changing = threading.Lock()
        self._runs: OrderedDict[str, tuple[RunReport, str, str]] = OrderedDict()

    def begin(self, request: ImportRequest, actor: str, at: datetime) -> RunReport | None:
        """Note that a run begins; return the one of that id that is under way or finished instead.

        One that failed or was interrupted begins anew.
        """
        run = RunReport(
            id=request.run_id,
            source=request.source,
            scope=scope_text(request),
            format=request.format,
            state="reading",
            phase="records",
            done=0,
            started_at=at,
            ended_at=None,
            is_complete=request.is_complete,
        )
        with self._changing:
            known = self._runs.get(request.run_id)
            if known is not None and known[0].state in (*UNDER_WAY, "finished"):
                return known[0]
            self._runs[request.run_id] = (run, actor, request.digest)
            self._runs.move_to_end(request.run_id)
            self._forget()
        return None

    def withdraw(self, run_id: str) -> None:
        """Forget a run that never came to be."""
        with self._changing:
            self._runs.pop(run_id, None)

    def advance(self, run_id: str, phase: str, done: int) -> None:
        """Note how far a run is."""
        if phase == "read":
            self._change(run_id, done=done)
        else:
            self._change(run_id, state="running", phase=phase, done=done)

    def finish(self, run_id: str, report: ImportReport, at: datetime) -> None:
        """Note what a run did."""
        self._change(
            run_id,
            state="finished",
            phase="links",
            done=sum(report.records_by_class.values()),
            ended_at=at,
            report=report.to_json(),
        )

    def fail(self, run_id: str, error: BaseException, at: datetime) -> None:
        """Note what ended a run."""
        self._change(run_id, state=ended_state(error), ended_at=at, error=told(error))

    def find(self, run_id: str) -> RunReport | None:
        """Return a run of this process, or None."""
        with self._changing:
            found = self._runs.get(run_id)
        return None if found is None else found[0]

    def actor_of(self, run_id: str) -> str | None:
        """Return who started a run of this process, or None."""
        with self._changing:
            found = self._runs.get(run_id)
        return None if found is None else found[1]

    def asked_of(self, run_id: str) -> str:
        """Return the digest of what was asked of a run of this process, empty where unknown."""
        with self._changing:
            found = self._runs.get(run_id)
        return "" if found is None else found[2]

    def count(self) -> int:
        """Return how many runs are under way."""
        with self._changing:
            return sum(run.state in UNDER_WAY for run, *_ in self._runs.values())

    def _change(self, run_id: str, **values: Any) -> None:
        with self._changing:
            if (found := self._runs.get(run_id)) is not None:
                self._runs[run_id] = (replace(found[0], **values), *found[1:])

    def _forget(self) -> None:
        ended = [name for name, (run, *_) in self._runs.items() if run.state not in UNDER_WAY]
        for name in ended[: max(0, len(self._runs) - self._kept)]:
            del self._runs[name]
