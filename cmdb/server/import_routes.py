"""How does inventory come in and go out over HTTP? Imports, what became of them, and the export."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from cmdb.errors import CmdbError, Interrupted, UnknownRecord
from cmdb.model.import_reports import ImportRequest
from cmdb.model.inventory import UNDER_WAY
from cmdb.model.rights import Caller
from cmdb.model.system_reports import RunReport
from cmdb.server.http_errors import (
    JSONResponse,
    answer,
    error_answer,
    internal_answer,
    status_of_code,
)
from cmdb.server.identity import caller_of
from cmdb.server.import_jobs import REJECTS, RESULTS, Job, Place
from cmdb.server.import_parameters import digest_of_request, read_flag, read_request
from cmdb.server.serving import noted_of, serving_of
from cmdb.server.upload_room import tell_full_disk
from cmdb.server.uploads import receive_input
from cmdb_graphql.errors import INTERNAL
from cmdb_graphql.ids import local_id

router = APIRouter()
Known = Annotated[Caller, Depends(caller_of)]

_LINES = "application/x-ndjson"
_FIRST_POLL, _LONGEST_POLL = 0.02, 1.0


@router.post("/imports/{file_format}")
async def begin_import(file_format: str, request: Request, caller: Known) -> Response:
    """Take the body in as a file of a discovery tool.

    Answers 202 with the run, at once when the body has arrived; with `wait` or `dry_run` 200 with
    the run as it ended.
    """
    noted, serving = noted_of(request), serving_of(request)
    noted.operation = "import"
    asked = read_request(request, file_format, caller)
    waits = asked.is_dry_run or read_flag(request, "wait")
    with serving.imports.place() as place:
        await serving.run(serving.service.check_import, caller, asked)
        job = await _receive(request, caller, asked)
        try:
            return await _begin(request, place, job, waits=waits)
        finally:
            if not place.is_taken:
                shutil.rmtree(job.folder, ignore_errors=True)


@router.get("/imports/{run_id}")
async def tell_import(run_id: str, request: Request, caller: Known) -> Response:
    """Answer how far an import is, and once it has ended what it did."""
    noted_of(request).operation = "import status"
    return await _answer_run(request, caller, local_id(run_id, "ImportRun"), 200)


@router.get("/imports/{run_id}/{kind}")
async def send_lines(run_id: str, kind: str, request: Request, caller: Known) -> Response:
    """Answer the `rejects` or `results` of an import, which are kept for the newest ones."""
    noted_of(request).operation = "import files"
    if kind not in (REJECTS, RESULTS):
        raise UnknownRecord("file of an import", kind, [REJECTS, RESULTS])
    serving = serving_of(request)
    # Refuses whoever may not know of the run.
    local = local_id(run_id, "ImportRun")
    run = await serving.run(serving.service.operations(caller).find_run, local)
    found = serving.imports.file_of(run.id, kind)
    is_own = found is not None and (found[1] == caller.actor or "administrator" in caller.roles)
    if found is None or not is_own:
        raise UnknownRecord(f"file {kind} of the import", run_id)
    if found[0] is None:
        return Response(b"", media_type=_LINES)
    return FileResponse(found[0], media_type=_LINES)


@router.get("/export")
async def send_export(request: Request, caller: Known) -> Response:
    """Answer the whole inventory as lines of the `records` format."""
    noted, serving = noted_of(request), serving_of(request)
    noted.operation = "export"
    lines = serving.service.operations(caller).export_inventory()
    # The first lines come before the status: whoever may not export is told so by it.
    first = await serving.run(_take, lines)

    async def body() -> AsyncIterator[bytes]:
        block = first
        while block:
            yield block
            block = await serving.run(_take, lines)

    return StreamingResponse(body(), media_type=_LINES)


def _take(lines: Iterator[bytes]) -> bytes:
    block: list[bytes] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line)
        if size >= 1 << 16:
            break
    return b"".join(block)


async def _receive(request: Request, caller: Caller, asked: ImportRequest) -> Job:
    """Return the import whose input has arrived; nothing stays of an upload that broke off."""
    folder = serving_of(request).imports.uploads.make()
    try:
        name = request.query_params.get("file_name", "the body")
        received = await receive_input(request, folder, name)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        tell_full_disk(error)
        raise
    wanted = replace(
        asked,
        mapping=received.mapping,
        rejects=folder / REJECTS if read_flag(request, REJECTS) else None,
        results=folder / RESULTS if read_flag(request, RESULTS) else None,
        digest=digest_of_request(request, asked, received.digest),
    )
    return Job(caller, received.source, wanted, folder)


async def _begin(request: Request, place: Place, job: Job, *, waits: bool) -> Response:
    """Begin an import whose input is there, or answer with the one that came with its key."""
    serving, caller, run_id = serving_of(request), job.caller, job.request.run_id
    while True:
        known = await serving.run(serving.service.announce_import, caller, job.request)
        if known is None:
            break
        if not waits:
            return await _answer_run(request, caller, run_id, 202)
        known = await _end_of(request, caller, known)
        if known.state != "interrupted" or serving.stopping.is_set():
            return _answer_ended(request, known)
        # The process that ran it has ended before it, and its input is here as well.
    try:
        ended = serving.imports.start(place, job)
    except BaseException:
        serving.service.withdraw_import(run_id)
        raise
    if not waits:
        return await _answer_run(request, caller, run_id, 202)
    return await _answer_end(request, caller, run_id, await asyncio.shield(ended))


async def _end_of(request: Request, caller: Caller, run: RunReport) -> RunReport:
    """Return a run once it has ended, in this process or in another one."""
    serving = serving_of(request)
    find_run = serving.service.operations(caller).find_run
    pause = _FIRST_POLL
    while run.state in UNDER_WAY:
        if serving.stopping.is_set():
            message = "The server stops before the import has ended. Ask again for its end."
            raise Interrupted(message, run=run.id)
        ended = serving.imports.ended(run.id)
        if ended is not None:
            await asyncio.shield(ended)
        else:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_POLL)
        run = await serving.run(find_run, run.id)
    return run


def _answer_ended(request: Request, run: RunReport) -> Response:
    if not run.error:
        return JSONResponse(run.to_json())
    noted = noted_of(request)
    noted.code, facts = str(run.error["code"]), run.error.get("facts")
    status = status_of_code(noted.code)
    return answer(status, noted.code, str(run.error["message"]), noted.request_id, facts)


async def _answer_end(
    request: Request, caller: Caller, run_id: str, error: BaseException | None
) -> Response:
    noted = noted_of(request)
    if isinstance(error, CmdbError):
        noted.code = error.code
        return error_answer(error, noted.request_id)
    if error is not None:
        noted.code = INTERNAL
        return internal_answer(noted.request_id)
    return await _answer_run(request, caller, run_id, 200)


async def _answer_run(request: Request, caller: Caller, run_id: str, status: int) -> Response:
    serving = serving_of(request)
    run = await serving.run(serving.service.operations(caller).find_run, run_id)
    headers = {"Location": f"/imports/{run.id}"} if status == 202 else {}
    return JSONResponse(run.to_json(), status, headers)
