"""How do imports over HTTP run? In a few threads of their own, some waiting, the rest refused."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cmdb.errors import CmdbError, Interrupted, LimitExceeded
from cmdb.model.import_reports import ImportRequest
from cmdb.model.records import ImportInput
from cmdb.model.rights import Caller
from cmdb.ports.service import Service
from cmdb.server.http_errors import IMPORTS_AT_ONCE
from cmdb.server.meters import Meters
from cmdb.server.request_log import log
from cmdb.server.upload_folders import UploadFolders

WAITING_PER_PLACE = 8
KEPT_FILES = 50
REJECTS, RESULTS = "rejects", "results"


@dataclass(frozen=True, slots=True)
class Job:
    """An import whose input is there.

    Attributes:
        caller: Who asked for it.
        source: The input.
        request: What is asked; `rejects` and `results` lie in `folder`.
        folder: Everything of this import; the input in it goes when the import has ended.
    """

    caller: Caller
    source: ImportInput
    request: ImportRequest
    folder: Path


@dataclass(slots=True)
class Place:
    """Room for one import, from the first byte of its upload on."""

    is_taken: bool = False


class ImportJobs:
    """The imports of one server.

    Args:
        service: Does the work.
        meters: Told how many there are.
        at_once: How many run at once.
        halting: Set when the server stops: what runs ends at a whole batch.

    Attributes:
        uploads: Where their input lies.
    """

    def __init__(
        self, service: Service, meters: Meters, at_once: int, halting: threading.Event
    ) -> None:
        self._service = service
        self._meters = meters
        self._halting = halting
        self._most = at_once * (1 + WAITING_PER_PLACE)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="cmdb-job")
        self._changing = threading.Lock()
        self._count = 0
        self.uploads = UploadFolders()
        self._ended: dict[str, asyncio.Future[BaseException | None]] = {}
        self._folders: OrderedDict[str, tuple[Path, str]] = OrderedDict()

    @contextlib.contextmanager
    def place(self) -> Iterator[Place]:
        """Take a place for an upload and its import; `start` keeps it beyond the end of this.

        Raises:
            LimitExceeded: So many wait already that another would wait for long.
        """
        with self._changing:
            if self._count >= self._most:
                raise LimitExceeded(IMPORTS_AT_ONCE, self._most, self._count + 1, "Try later.")
            self._count += 1
        place = Place()
        try:
            yield place
        finally:
            if not place.is_taken:
                self._leave()

    def start(self, place: Place, job: Job) -> asyncio.Future[BaseException | None]:
        """Begin an import and return what its error, or None, will be told to."""
        place.is_taken = True
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[BaseException | None] = loop.create_future()
        run_id = job.request.run_id
        self._ended[run_id] = ended
        self._meters.imports_waiting.inc()

        def tell(error: BaseException | None) -> None:
            self._ended.pop(run_id, None)
            if not ended.done():
                ended.set_result(error)

        def work() -> None:
            error = self._run(job)
            with contextlib.suppress(RuntimeError):  # The loop has ended before the import.
                loop.call_soon_threadsafe(tell, error)

        self._pool.submit(work)
        return ended

    def ended(self, run_id: str) -> asyncio.Future[BaseException | None] | None:
        """Return what the end of an import under way is told to; None if it is not under way."""
        return self._ended.get(run_id)

    def file_of(self, run_id: str, kind: str) -> tuple[Path | None, str] | None:
        """Return a file that an import wrote, and who asked for the import.

        None where nothing is kept of it; no path where it had nothing to write.
        """
        with self._changing:
            found = self._folders.get(run_id)
        if found is None:
            return None
        path = found[0] / kind
        return (path if path.exists() else None), found[1]

    def close(self) -> None:
        """Wait for the imports that run, which end at a whole batch, and remove all files."""
        self._pool.shutdown(wait=True)
        self.uploads.close()

    def _run(self, job: Job) -> BaseException | None:
        self._meters.imports_waiting.dec()
        self._meters.imports_running.inc()
        state, error = "finished", None
        try:
            self._import(job)
        except BaseException as caught:
            state = "interrupted" if isinstance(caught, Interrupted) else "failed"
            error = caught
            if not isinstance(caught, CmdbError):
                log().exception("defect", run=job.request.run_id)
        finally:
            self._meters.imports_running.dec()
            self._meters.imports.labels(state).inc()
            self._keep(job)
            self._leave()
        log().info("import", run=job.request.run_id, actor=job.caller.actor, state=state)
        return error

    def _import(self, job: Job) -> None:
        operations = self._service.operations(job.caller)
        try:
            self._stop_where_whole("", 0, 0)
            operations.import_inventory(job.source, job.request, self._stop_where_whole)
        except KeyboardInterrupt:
            # While reading: nothing was written yet.
            message = "The server was stopped before anything was written. Send it again."
            raise Interrupted(message, run=job.request.run_id) from None

    def _stop_where_whole(self, _phase: str, _done: int, _total: int) -> None:
        # Called between batches; what interrupts a command interrupts an import here.
        if self._halting.is_set():
            raise KeyboardInterrupt

    def _keep(self, job: Job) -> None:
        """Keep rejects and results for a while, and nothing else."""
        for path in job.folder.iterdir():
            if path.name not in (REJECTS, RESULTS):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
        with self._changing:
            before = self._folders.pop(job.request.run_id, None)
            self._folders[job.request.run_id] = (job.folder, job.caller.actor)
            dropped = [] if before is None else [before[0]]
            while len(self._folders) > KEPT_FILES:
                dropped.append(self._folders.popitem(last=False)[1][0])
        for folder in dropped:
            shutil.rmtree(folder, ignore_errors=True)

    def _leave(self) -> None:
        with self._changing:
            self._count -= 1
