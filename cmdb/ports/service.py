"""What does a server need of the installation that it serves?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from cmdb.model.log import LogHead
from cmdb.model.rights import Caller
from cmdb.ports.graph_reading import GraphReading
from cmdb.ports.operations import Operations

if TYPE_CHECKING:
    from cmdb.model.import_reports import ImportRequest
    from cmdb.model.system_reports import RunReport


Observe = Callable[[str, str], AbstractContextManager[None]]
"""Given a kind (`read`, `write`, `search`, `statement`) and a text without values, entered while
it runs; an error passes through it."""


class Service(Protocol):
    """One open database and everything that callers of a server can do with it.

    Safe to use from many threads at once.
    """

    def authenticate(self, secret: str) -> Caller:
        """Return whom a token stands for.

        Raises:
            Unauthenticated: It is unknown, expired or revoked.
        """
        ...

    def operations(self, caller: Caller) -> Operations:
        """Return the operations on behalf of a caller; closing them closes nothing else."""
        ...

    def reading(self, caller: Caller) -> GraphReading:
        """Return batched reads on behalf of a caller."""
        ...

    def check_import(self, caller: Caller, request: ImportRequest) -> None:
        """Return if such an import may come, as far as can be told before its input has.

        Raises:
            Forbidden: The caller may not import, or not for that source.
            UnknownFormat: No importer reads that format.
            BadValue: Something of it is wrong by itself.
        """
        ...

    def announce_import(self, caller: Caller, request: ImportRequest) -> RunReport | None:
        """Note a run that begins now, so that `find_run` tells of it everywhere from now on.

        Its input is there: nothing that was told of may be lost with a connection.

        Args:
            caller: Who begins it.
            request: What is asked of it; `run_id` is set, and `digest` where there is a `key`.

        Returns:
            None, or the run of that id that is under way or finished already: nothing is to be
            begun then.

        Raises:
            Forbidden: The caller may not import, or not for that source.
            UnknownFormat: No importer reads that format.
            KeyReused: A run of that id was asked for otherwise, or with another input.
        """
        ...

    def withdraw_import(self, run_id: str) -> None:
        """Forget a run that was announced and does not begin."""
        ...

    def head(self) -> LogHead:
        """Return the newest entry of the log: the cheapest proof that the database answers."""
        ...

    def snapshot_revision(self) -> int:
        """Return the revision of the newest compiled snapshot, -1 where there is none yet."""
        ...

    def close(self) -> None:
        """Release the database."""
        ...
