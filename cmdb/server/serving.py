"""What do all requests of one server share?"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from starlette.datastructures import State
from starlette.requests import HTTPConnection

from cmdb.model.rights import Caller
from cmdb.ports.service import Service
from cmdb.server.api import Api
from cmdb.server.import_jobs import ImportJobs
from cmdb.server.meters import Meters
from cmdb.server.one_time import OneTimeCode
from cmdb.server.tracing import Tracing
from cmdb.settings import ServerSettings
from cmdb_graphql.workers import Workers

P = ParamSpec("P")
R = TypeVar("R")


class Serving:
    """One service being served.

    Args:
        service: What is served.
        settings: How.
        meters: Where figures are kept.
        tracing: Where spans go.
        one_time: What the first local start may be entered with.

    Attributes:
        workers: The threads in which services run.
        api: What answers GraphQL documents.
        stopping: Set once the server is told to stop.
        imports: The imports that were begun over HTTP.
    """

    def __init__(
        self,
        service: Service,
        settings: ServerSettings,
        *,
        meters: Meters | None = None,
        tracing: Tracing | None = None,
        one_time: OneTimeCode | None = None,
    ) -> None:
        self.service = service
        self.settings = settings
        self.meters = meters or Meters()
        self.tracing = tracing or Tracing()
        self.one_time = one_time or OneTimeCode()
        self.stopping = asyncio.Event()
        self._stopped: asyncio.Future[Any] | None = None
        self._halting = threading.Event()
        self._deadline: float | None = None
        self.workers = Workers(settings.threads)
        self.api = Api(service, settings, self.workers)
        self.imports = ImportJobs(service, self.meters, settings.imports_at_once, self._halting)

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what a synchronous function returns, run in a thread of the server's pool."""
        return await self.workers.run(function, *args, **kwargs)

    def stopped(self) -> asyncio.Future[Any]:
        """Return what is done once the server is told to stop; the same for all who wait."""
        if self._stopped is None:
            self._stopped = asyncio.ensure_future(self.stopping.wait())
        return self._stopped

    def stop(self) -> None:
        """Tell everything that lasts that the server stops; call it in the event loop."""
        self._deadline = time.monotonic() + self.settings.shutdown_seconds
        self._halting.set()
        self.stopping.set()

    def close(self) -> bool:
        """Wait for what still runs, as long as it may, then release everything.

        Returns:
            Whether all of it ended. If not, the database is still in use and stays open: the
            process is to end as it is, and what was not written yet never will be.
        """
        self._halting.set()
        self.imports.close()
        deadline = self._deadline or time.monotonic() + self.settings.shutdown_seconds
        is_done = self.workers.close(max(deadline - time.monotonic(), 0.0))
        self.tracing.close()
        if is_done:
            self.service.close()
        return is_done


@dataclass(slots=True)
class Noted:
    """What is known of a request while it is worked on, for its log line and its figures.

    Attributes:
        request_id: For tracing, given by the client or made here.
        operation: Which kind of request, out of a bounded number of kinds.
        code: How it ended: `OK`, or the code of an error.
        caller: Who asks, once known.
    """

    request_id: str
    operation: str = "other"
    code: str = ""
    caller: Caller | None = None


def serving_of(connection: HTTPConnection) -> Serving:
    """Return what the server of a request shares."""
    state: State = connection.app.state
    found: Serving = state.serving
    return found


def noted_of(connection: HTTPConnection) -> Noted:
    """Return what is known of a request."""
    found: Noted = connection.scope["cmdb.noted"]
    return found
