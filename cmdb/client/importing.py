"""How does a file on this machine become an import of the server? Sent, followed, reported.

The upload is streamed, file by file. Then the server is asked how the run is until it has ended;
what it left out and what it decided are written to files here, as a local import does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
from uuid_utils import uuid4

from cmdb.client.answers import raise_for_status, read_json, understood
from cmdb.client.call import sendable
from cmdb.client.exchange import Pause, Sent, Server, Steps
from cmdb.client.remote_errors import error_of
from cmdb.client.saving import check_can_write
from cmdb.client.uploads import Upload, upload_of
from cmdb.errors import UnknownRecord
from cmdb.model.decoding import decode
from cmdb.model.import_reports import ImportReport, ImportRequest
from cmdb.model.json_values import check_json
from cmdb.model.records import ImportInput
from cmdb.model.system_reports import RunReport
from cmdb.ports.store import Progress

FIRST_POLL, LONGEST_POLL = 0.05, 1.0
MOST_UNKNOWN = 30
_ENDED = frozenset({"finished", "failed", "interrupted"})


def import_steps(
    server: Server, source: ImportInput, request: ImportRequest, progress: Progress | None
) -> Steps[ImportReport]:
    """Send an input, wait for the run to end, and return its report.

    Raises:
        BadFile: The input cannot be read, or `rejects` or `results` cannot be written.
        CmdbError: What the server says went wrong, with the import or before it.
    """
    for path in (request.rejects, request.results):
        if path is not None:
            check_can_write(path)
    run = yield from _begin(server, source, request)
    run = yield from _follow(server, run, progress)
    for kind, path in (("rejects", request.rejects), ("results", request.results)):
        if path is not None:
            yield from _save(server, run, kind, path)
    if run.error:
        facts = run.error.get("facts") or {}
        address = server.addresses.current
        raise error_of(address, run.error["code"], run.error["message"], facts)
    return understood(decode_import, run.report, server.addresses.current, "an import")


def _begin(server: Server, source: ImportInput, request: ImportRequest) -> Steps[RunReport]:
    sent = upload(source, request)
    # A stream is read once: half of it is gone when the connection is lost.
    can_repeat = source.path is not None
    return (yield from server.exchange(sent, _read_run, is_repeatable=can_repeat))


def _save(server: Server, run: RunReport, kind: str, path: Path) -> Steps[None]:
    sent = Sent("GET", f"/imports/{run.id}/{kind}", save_to=path)
    try:
        yield from server.exchange(sent, raise_for_status)
    except UnknownRecord:
        # Of a run that failed, why it did matters more than a file it did not get to.
        if not run.error:
            raise


def _follow(server: Server, run: RunReport, progress: Progress | None) -> Steps[RunReport]:
    longest = min(LONGEST_POLL, server.retries.longest_pause)
    pause, unknown = min(FIRST_POLL, longest), 0
    while run.state not in _ENDED:
        if progress is not None:
            progress("read" if run.state == "reading" else run.phase, run.done, 0)
        yield Pause(pause)
        pause = min(pause * 1.5, longest)
        try:
            run = yield from server.exchange(Sent("GET", f"/imports/{run.id}"), _read_run)
            unknown = 0
        except UnknownRecord:
            # Behind one address for several replicas, another than the one that reads may answer.
            unknown += 1
            if unknown > MOST_UNKNOWN:
                raise
    return run


def upload(source: ImportInput, request: ImportRequest) -> Sent:
    """Return the request that sends an input.

    Raises:
        BadFile: There is no such file, or it cannot be read.
        BadValue: A parameter is not UTF-8, or a time has no zone.
    """
    made = upload_of(source, request.mapping)
    params = _params(request, made) | {"file_name": source.name}
    check_json("", params)
    return Sent(
        "POST",
        f"/imports/{quote(request.format, safe='')}",
        params=params,
        headers={"Content-Type": made.content_type, "Idempotency-Key": str(uuid4())},
        content=made.content,
        is_slow=True,
    )


def _params(request: ImportRequest, made: Upload) -> dict[str, str]:
    flags = {
        "complete": request.is_complete,
        "dry_run": request.is_dry_run,
        "confirm_deletions": request.confirm_deletions,
        "rejects": request.rejects is not None,
        "results": request.results is not None,
    }
    observed_at = request.observed_at
    if observed_at is None and made.newest_at is not None:
        # The server cannot know how old the file is; one from the future is as new as now.
        observed_at = min(made.newest_at, datetime.now(UTC))
    return {
        "source": request.source,
        **({"reason": request.reason} if request.reason else {}),
        **({} if observed_at is None else {"observed_at": sendable(observed_at)}),
        **{name: "true" for name, is_set in flags.items() if is_set},
        **{f"scope.{name}": value for name, value in request.scope.items()},
        **{f"option.{name}": value for name, value in request.extra.items()},
    }


def _read_run(response: httpx2.Response, address: str) -> RunReport:
    found = read_json(response, address)
    return understood(partial(decode, RunReport), found, address, "an import")


def decode_import(report: Mapping[str, Any]) -> ImportReport:
    """Return the report of an import from its JSON, which groups some of the fields."""
    read, problems = report["read"], report["problems"]
    flat = {name: value for name, value in report.items() if name not in ("read", "problems")}
    plan = [{"ci_id": line["ci"], **line} for line in report["plan"]]
    sample = {"problems_total": problems["total"], "problems": problems["sample"]}
    return decode(ImportReport, {**flat, **read, **sample, "plan": plan})
