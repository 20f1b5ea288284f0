"""How does one process serve many callers? One store and one set of snapshots, a context for each.

The use cases that only a server needs are imported when they are needed, like all others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cmdb.errors import CmdbError, KeyReused
from cmdb.model.log import LogHead
from cmdb.model.rights import Caller
from cmdb.services.context import Context
from cmdb.services.import_checks import check_request
from cmdb.services.import_failures import announce
from cmdb.services.local_operations import LocalOperations
from cmdb.services.permit import permit
from cmdb.services.running_imports import RunningImports

if TYPE_CHECKING:
    from cmdb.model.import_reports import ImportReport, ImportRequest
    from cmdb.model.inventory import ImportRun
    from cmdb.model.records import Importer, ImportInput, Record
    from cmdb.model.system_reports import RunReport
    from cmdb.ports import Operations, Progress
    from cmdb.ports.graph_reading import GraphReading


class LocalService:
    """`Service` over a context of this process; the caller of that context is not looked at.

    Attributes:
        imports: The imports that this process runs.
    """

    def __init__(
        self,
        context: Context,
        find_importer: Callable[[str], Importer],
        list_importers: Callable[[], Mapping[str, str]],
        encode: Callable[[Iterator[Record]], Iterator[bytes]],
    ) -> None:
        self.imports = RunningImports()
        self._announcing = threading.Lock()
        self._context = context
        self._find_importer = find_importer
        self._list_importers = list_importers
        self._encode = encode

    def authenticate(self, secret: str) -> Caller:
        """Return whom a token stands for."""
        from cmdb.services.authenticate import authenticate

        return authenticate(self._context.store, self._context.clock, secret)

    def operations(self, caller: Caller) -> Operations:
        """Return the operations on behalf of a caller; closing them closes nothing else."""
        return ServedOperations(
            self._for(caller),
            self._find_importer,
            self._list_importers,
            self._encode,
            self.imports,
        )

    def reading(self, caller: Caller) -> GraphReading:
        """Return batched reads on behalf of a caller."""
        from cmdb.services.graph_reading import LocalGraphReading

        return LocalGraphReading(self._for(caller))

    def _for(self, caller: Caller) -> Context:
        return replace(self._context, caller=caller, store=self._context.store.for_request())

    def check_import(self, caller: Caller, request: ImportRequest) -> None:
        """Return if such an import may come, as far as can be told before its input has."""
        # Who may not import is told nothing of formats.
        permit(caller, "import", request.source)
        importer = self._find_importer(request.format)
        check_request(replace(self._context, caller=caller), importer, request)

    def announce_import(self, caller: Caller, request: ImportRequest) -> RunReport | None:
        """Note a run that begins now, or return the one that has its id already."""
        self.check_import(caller, request)
        # One after the other: whoever is told of a run is told of one that does begin.
        with self._announcing:
            known = self.imports.begin(request, caller.actor, self._context.clock.now())
            if known is not None:
                asked = self.imports.asked_of(request.run_id)
            else:
                recorded = self._claim(request)
                if recorded is None:
                    return None
                asked = recorded.asked
        if asked != request.digest:
            raise KeyReused(request.key)
        return known or self.operations(caller).find_run(request.run_id)

    def _claim(self, request: ImportRequest) -> ImportRun | None:
        """Return the run in the graph that has the id of a new one; None once that is noted."""
        try:
            recorded = announce(self._context, request)
        except BaseException:
            self.imports.withdraw(request.run_id)
            raise
        if recorded is not None:
            self.imports.withdraw(request.run_id)
        return recorded

    def withdraw_import(self, run_id: str) -> None:
        """Forget a run that was announced and does not begin."""
        self.imports.withdraw(run_id)
        # What cannot be noted now counts as interrupted before long.
        with suppress(CmdbError):
            self._context.store.withdraw_run(run_id)

    def head(self) -> LogHead:
        """Return the newest entry of the log."""
        return self._context.store.head()

    def snapshot_revision(self) -> int:
        """Return the revision of the newest compiled snapshot, -1 where there is none yet."""
        return self._context.snapshots.newest_revision

    def close(self) -> None:
        """Release the database."""
        self._context.store.close()


class ServedOperations(LocalOperations):
    """`Operations` of one caller of a service: knows of runs before the database does."""

    def __init__(
        self,
        context: Context,
        find_importer: Callable[[str], Importer],
        list_importers: Callable[[], Mapping[str, str]],
        encode: Callable[[Iterator[Record]], Iterator[bytes]],
        imports: RunningImports,
    ) -> None:
        super().__init__(context, find_importer, list_importers, encode)
        self._imports = imports

    def close(self) -> None:
        """Leave the database open: it belongs to the service."""

    def import_inventory(
        self, source: ImportInput, request: ImportRequest, progress: Progress | None = None
    ) -> ImportReport:
        """Read a file or folder into the inventory, or plan it; an announced run is told of."""
        run_id, clock = request.run_id, self._context.clock
        if not run_id:
            return super().import_inventory(source, request, progress)

        def advance(phase: str, done: int, total: int) -> None:
            self._imports.advance(run_id, phase, done)
            if progress is not None:
                progress(phase, done, total)

        try:
            report = super().import_inventory(source, request, advance)
        except BaseException as error:
            self._imports.fail(run_id, error, clock.now())
            raise
        self._imports.finish(run_id, report, clock.now())
        return report

    def find_run(self, run_id: str) -> RunReport:
        """Return one run of an import, as far as this process knows it, or as recorded."""
        run = self._imports.find(run_id)
        caller = self._context.caller
        is_own = run is not None and self._imports.actor_of(run_id) == caller.actor
        if run is not None and (is_own or "administrator" in caller.roles):
            return run
        return super().find_run(run_id)
