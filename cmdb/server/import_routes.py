"""How does inventory come in and go out over HTTP? Imports, what became of them, and the export."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from uuid_utils import uuid7

from cmdb.errors import BadValue, CmdbError, UnknownRecord
from cmdb.model.import_reports import ImportRequest
from cmdb.model.rights import Caller
from cmdb.model.system_reports import RunReport
from cmdb.server.http_errors import JSONResponse, error_answer, internal_answer
from cmdb.server.identity import caller_of
from cmdb.server.import_jobs import REJECTS, RESULTS, Job
from cmdb.server.serving import noted_of, serving_of
from cmdb.server.upload_room import tell_full_disk
from cmdb.server.uploads import receive_input
from cmdb_graphql.errors import INTERNAL

router = APIRouter()
Known = Annotated[Caller, Depends(caller_of)]

_LINES = "application/x-ndjson"
_SCOPE, _OPTION = "scope.", "option."
PARAMETERS = frozenset(
    {
        "source", "complete", "dry_run", "wait", "observed_at", "file_name", "reason",
        "confirm_deletions", "rejects", "results",
    }
)  # fmt: skip
_LONGEST_KEY = 200


@router.post("/imports/{file_format}")
async def begin_import(file_format: str, request: Request, caller: Known) -> Response:
    """Take the body in as a file of a discovery tool.

    Answers 202 with the run, at once when the body has arrived; with `wait` or `dry_run` 200 with
    the run as it ended.
    """
    noted, serving = noted_of(request), serving_of(request)
    noted.operation = "import"
    asked = _asked(request, file_format, caller)
    waits = asked.is_dry_run or _flag(request, "wait")
    with serving.imports.place() as place:
        known = await serving.run(serving.service.announce_import, caller, asked)
        if known is not None:
            return await _answer_known(request, caller, known, waits=waits)
        ended = serving.imports.start(place, await _receive(request, caller, asked))
    if not waits:
        return await _answer_run(request, caller, asked.run_id, 202)
    return await _answer_end(request, caller, asked.run_id, await asyncio.shield(ended))


@router.get("/imports/{run_id}")
async def tell_import(run_id: str, request: Request, caller: Known) -> Response:
    """Answer how far an import is, and once it has ended what it did."""
    noted_of(request).operation = "import status"
    return await _answer_run(request, caller, run_id, 200)


@router.get("/imports/{run_id}/{kind}")
async def send_lines(run_id: str, kind: str, request: Request, caller: Known) -> Response:
    """Answer the `rejects` or `results` of an import, which are kept for the newest ones."""
    noted_of(request).operation = "import files"
    if kind not in (REJECTS, RESULTS):
        raise UnknownRecord("file of an import", kind, [REJECTS, RESULTS])
    serving = serving_of(request)
    # Refuses whoever may not know of the run.
    run = await serving.run(serving.service.operations(caller).find_run, run_id)
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
    folder = Path(tempfile.mkdtemp(prefix="cmdb-upload-"))
    try:
        name = request.query_params.get("file_name", "the body")
        source, mapping = await receive_input(request, folder, name)
    except BaseException as error:
        serving_of(request).service.withdraw_import(asked.run_id)
        shutil.rmtree(folder, ignore_errors=True)
        tell_full_disk(error)
        raise
    wanted = replace(
        asked,
        mapping=mapping,
        rejects=folder / REJECTS if _flag(request, REJECTS) else None,
        results=folder / RESULTS if _flag(request, RESULTS) else None,
    )
    return Job(caller, source, wanted, folder)


async def _answer_known(
    request: Request, caller: Caller, known: RunReport, *, waits: bool
) -> Response:
    """Answer a request that came before, with the same key."""
    ended = serving_of(request).imports.ended(known.id)
    if not waits:
        return await _answer_run(request, caller, known.id, 202)
    error = await asyncio.shield(ended) if ended is not None else None
    return await _answer_end(request, caller, known.id, error)


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


def _asked(request: Request, file_format: str, caller: Caller) -> ImportRequest:
    given = request.query_params
    for name in given:
        if name not in PARAMETERS and not name.startswith((_SCOPE, _OPTION)):
            raise BadValue(
                name, "there is no such parameter", f"Known: {', '.join(sorted(PARAMETERS))}."
            )
    source = given.get("source", "") or caller.source
    if not source:
        raise BadValue("source", "it is missing", "Name the data source: ?source=NAME.")
    return ImportRequest(
        source=source,
        format=file_format,
        scope=_pairs(request, _SCOPE),
        is_complete=_flag(request, "complete"),
        is_dry_run=_flag(request, "dry_run"),
        observed_at=_moment(given.get("observed_at", "")),
        extra=_pairs(request, _OPTION),
        confirm_deletions=_flag(request, "confirm_deletions"),
        reason=given.get("reason", ""),
        run_id=_run_id(request, caller),
    )


def _run_id(request: Request, caller: Caller) -> str:
    """Return the id of the run: the same for the same key of the same caller, everywhere."""
    key = request.headers.get("idempotency-key", "")
    if len(key) > _LONGEST_KEY or not key.isprintable():
        raise BadValue("Idempotency-Key", f"it must have at most {_LONGEST_KEY} characters")
    return str(uuid5(NAMESPACE_URL, f"cmdb-import:{caller.actor}:{key}")) if key else str(uuid7())


def _pairs(request: Request, prefix: str) -> dict[str, str]:
    items = request.query_params.multi_items()
    return {name[len(prefix) :]: value for name, value in items if name.startswith(prefix)}


def _flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false").lower()
    if text not in ("", "1", "true", "0", "false"):
        raise BadValue(name, f"{text!r} is neither true nor false")
    return text in ("", "1", "true")


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadValue("observed_at", f"{text!r} is no time of ISO 8601") from error
    if found.tzinfo is None:
        raise BadValue("observed_at", "a time without a zone", "End it with Z or an offset.")
    return found
