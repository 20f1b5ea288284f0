"""What is on record of an import before it writes, and when it does not finish?

From its announcement on, so that every process can tell of it; its error as it may be told. A path
of the machine says nothing to whoever asks from elsewhere: of each its last part is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Self

import orjson

from cmdb.errors import CmdbError, Interrupted
from cmdb.model.import_reports import ImportRequest
from cmdb.model.inventory import UNDER_WAY, ImportRun, to_epoch_ms
from cmdb.services.context import Context

ERROR = "error"
"""Under which name a run keeps in its `counts` what ended it."""
LOST: Final[Mapping[str, Any]] = {
    "code": Interrupted.code,
    "message": "The import ended without a word: its process was killed, or lost the database. "
    "Whatever was written is whole. The same input sent again takes the run up.",
    "facts": {},
}
_PATH = re.compile(r"(?<![\w/.:])(?:[A-Za-z]:)?[/\\](?:[^\s:/\\'\"]+[/\\])+(?=[^\s:/\\'\"])")
_LONGEST = 2_000


def ended_state(error: BaseException) -> str:
    """Return the state of a run that an error ended."""
    return "interrupted" if isinstance(error, Interrupted | KeyboardInterrupt) else "failed"


def told(error: BaseException) -> dict[str, Any]:
    """Return code, message and facts of what ended a run, as JSON values."""
    if isinstance(error, KeyboardInterrupt):
        message = "Stopped before anything was written. Send it again."
        return {"code": Interrupted.code, "message": message, "facts": {}}
    if isinstance(error, CmdbError):
        message = _without_paths(error.message)[:_LONGEST]
        return {"code": error.code, "message": message, "facts": _without_paths(_plain(error))}
    return {"code": "INTERNAL", "message": "A defect of the program ended the import.", "facts": {}}


def announce(context: Context, request: ImportRequest) -> ImportRun | None:
    """Note in the graph that the input of a run is about to be read; of a dry run nothing.

    Returns:
        None, or the run of that id that is not to be begun: it is under way or finished, or was
        asked for otherwise and may have written.
    """
    before = find_kept(context, request.run_id)
    if before is not None and _is_settled(before, request):
        return before
    if request.is_dry_run:
        return None
    return context.store.claim_run(announced(context, request))


def find_kept(context: Context, run_id: str) -> ImportRun | None:
    """Return the run of that id as it is told of, or None.

    Taken up under another id, it is told of under both.
    """
    found = context.store.find_run(run_id)
    if found is None or not found.continues:
        return found
    first = context.store.find_run(found.continues)
    return replace(first or found, id=found.id, asked=found.asked)


def _is_settled(run: ImportRun, request: ImportRequest) -> bool:
    if run.state in (*UNDER_WAY, "finished"):
        return True
    has_written = run.state == "interrupted" or bool(run.fingerprint)
    return has_written and run.asked != request.digest


def announced(context: Context, request: ImportRequest) -> ImportRun:
    """Return the run that a request names as it is before its input was read."""
    before = context.store.find_run(request.run_id)
    if before is not None and before.state != "finished":
        fresh = replace(before, state="reading", ended_at=0, counts={}, continues="")
        # Nothing was read of what was asked before: what is asked now counts.
        return fresh if before.fingerprint else _asked(context, request)
    return _asked(context, request)


def _asked(context: Context, request: ImportRequest) -> ImportRun:
    return ImportRun(
        id=request.run_id,
        source=request.source,
        scope=scope_text(request),
        format=request.format,
        fingerprint="",
        state="reading",
        phase="records",
        done=0,
        started_at=to_epoch_ms(context.clock.now()),
        is_complete=request.is_complete,
        asked=request.digest,
    )


class KeptRun:
    """A run as it goes on: left by an error, it is noted in the graph what ended it.

    Attributes:
        now: Returns the run as it is; None where nothing is kept of it.
    """

    def __init__(self, context: Context, request: ImportRequest) -> None:
        self._context = context
        run = announced(context, request) if request.run_id and not request.is_dry_run else None
        self.now: Callable[[], ImportRun | None] = lambda: run

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Note the error, if one leaves the block."""
        run = None if error is None else self.now()
        if error is None or run is None or run.state == "finished":
            return
        at = to_epoch_ms(self._context.clock.now())
        ended = replace(run, state=ended_state(error), ended_at=at, counts={ERROR: told(error)})
        # Where not even this can be written, the run counts as interrupted before long.
        with suppress(CmdbError):
            self._context.store.save_run(ended)


def scope_text(request: ImportRequest) -> str:
    """Return the declared scope as text; without one, the source is its own scope."""
    if request.scope:
        return ",".join(f"{name}={value}" for name, value in sorted(request.scope.items()))
    return f"source={request.source}"


def _plain(error: CmdbError) -> Any:
    made = orjson.dumps(error.facts, default=str, option=orjson.OPT_NON_STR_KEYS)
    return orjson.loads(made) if len(made) <= 10 * _LONGEST else {}


def _without_paths(value: Any) -> Any:
    if isinstance(value, str):
        return _PATH.sub("", value)
    if isinstance(value, dict):
        return {name: _without_paths(each) for name, each in value.items()}
    return [_without_paths(each) for each in value] if isinstance(value, list) else value
