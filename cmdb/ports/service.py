"""What does a server need of the installation that it serves?"""

from __future__ import annotations

from typing import Protocol

from cmdb.model.log import LogHead
from cmdb.model.rights import Caller
from cmdb.ports.graph_reading import GraphReading
from cmdb.ports.operations import Operations


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

    def head(self) -> LogHead:
        """Return the newest entry of the log: the cheapest proof that the database answers."""
        ...

    def close(self) -> None:
        """Release the database."""
        ...
