"""Is the server alive, is it ready, and what are its figures?"""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from cmdb.errors import CmdbError, Forbidden
from cmdb.model.rights import Caller
from cmdb.model.system_reports import LogFigures
from cmdb.server.http_errors import JSONResponse, error_answer
from cmdb.server.identity import caller_of
from cmdb.server.meters import CONTENT_TYPE
from cmdb.server.serving import Serving, noted_of, serving_of

router = APIRouter()

_FIGURES_HOLD_SECONDS = 600.0
_READERS = frozenset({"viewer", "administrator"})


@router.get("/healthz")
async def answer_alive(request: Request) -> Response:
    """Answer that the process lives; nothing else is looked at."""
    noted_of(request).operation = "health"
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def answer_ready(request: Request) -> Response:
    """Answer whether requests will be answered: the database answers, its schema is up to date."""
    noted, serving = noted_of(request), serving_of(request)
    noted.operation = "health"
    if serving.stopping.is_set():
        return JSONResponse({"status": "stopping"}, 503)
    try:
        await serving.run(serving.service.head)
    except CmdbError as error:
        noted.code = error.code
        return error_answer(error, noted.request_id)
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
async def answer_figures(
    request: Request, caller: Annotated[Caller, Depends(caller_of)]
) -> Response:
    """Answer the figures of the server in the text format of Prometheus."""
    noted_of(request).operation = "metrics"
    if not caller.roles & _READERS:
        raise Forbidden(caller.actor, "read", "metrics")
    serving = serving_of(request)
    page = await serving.run(_figures, serving)
    return Response(page, media_type=CONTENT_TYPE)


def _figures(serving: Serving) -> bytes:
    try:
        revision = serving.service.head().revision
        snapshot = serving.service.snapshot_revision()
        serving.meters.tell(revision=revision, snapshot=snapshot, log=_log_figures(serving))
    except CmdbError:
        pass  # The database does not answer: the figures of the process say so.
    return serving.meters.page()


def _log_figures(serving: Serving) -> LogFigures | None:
    # Counting bytes reads the lengths of the whole log: not at every scrape, only now and then.
    now = time.monotonic()
    if now < serving.meters.log_figures_at + _FIGURES_HOLD_SECONDS:
        return None
    serving.meters.log_figures_at = now
    keeper = Caller("server", frozenset({"administrator"}))
    return serving.service.operations(keeper).log_figures()
