"""Is a run of an import begun afresh, or an unfinished one of the same input gone on with?

A run whose process was killed counts as under way until it has shown no sign of life for a while.
Who sends the same input meanwhile waits for that, so that it is taken up and not done twice.
"""

from __future__ import annotations

import time
from dataclasses import replace

from uuid_utils import uuid7

from cmdb.model.import_reports import ImportRequest
from cmdb.model.inventory import UNDER_WAY, ImportRun, to_epoch_ms
from cmdb.ports import Progress
from cmdb.services.context import Context
from cmdb.services.import_failures import announced, scope_text

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 60.0
"""For how long a sign of life is waited for; longer than a run without one counts as alive."""


def begin_run(
    context: Context, request: ImportRequest, fingerprint: str, progress: Progress | None = None
) -> tuple[ImportRun, bool]:
    """Return the run that a request is carried out by, and whether it had begun before.

    Args:
        context: Store, clock and caller.
        request: What is asked for.
        fingerprint: Digest of the input.
        progress: Told that a run is waited for, with the seconds so far.
    """
    scope = scope_text(request)
    for run in context.store.find_runs(source=request.source, scope=scope):
        if run.state == "finished":
            continue
        if (run.fingerprint, run.format) == (fingerprint, request.format):
            taken = _taken_up(context, request, run, progress)
            if taken is not None:
                return taken, True
    made = ImportRun(
        id=request.run_id or str(uuid7()),
        source=request.source,
        scope=scope,
        format=request.format,
        fingerprint=fingerprint,
        state="running",
        phase="records",
        done=0,
        started_at=to_epoch_ms(context.clock.now()),
        is_complete=request.is_complete,
        asked=request.digest,
    )
    if not request.is_dry_run:
        context.store.save_run(made)
    return made, False


def _taken_up(
    context: Context, request: ImportRequest, found: ImportRun, progress: Progress | None
) -> ImportRun | None:
    """Return an unfinished run of the same input as this request's, or None if it is not."""
    is_own = request.run_id == found.id
    if not is_own and found.state in UNDER_WAY and not request.is_dry_run:
        found = _outlasted(context, found, progress)
    if not is_own and found.state in (*UNDER_WAY, "finished"):
        return None
    taken = replace(found, state="running", ended_at=0, counts={})
    if is_own or request.is_dry_run:
        return taken
    if context.store.claim_run(taken) is not None:
        return None
    if request.run_id:
        context.store.save_run(replace(announced(context, request), continues=found.id))
    return taken


def _outlasted(context: Context, first: ImportRun, progress: Progress | None) -> ImportRun:
    """Return a run under way as it is once it has ended, or its process has shown that it lives."""
    began = time.monotonic()
    run = first
    while (waited := time.monotonic() - began) < PATIENCE_SECONDS:
        if progress is not None:
            progress("wait for the run before", int(waited), 0)
        time.sleep(LOOK_SECONDS)
        run = context.store.find_run(first.id) or replace(first, state="finished")
        if run.state not in UNDER_WAY or run.alive_at > first.alive_at:
            break
    return run
