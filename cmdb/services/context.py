"""On whose behalf, and with what, does a use case work?"""

from __future__ import annotations

from dataclasses import dataclass

from cmdb.model.rights import Caller
from cmdb.ports import Clock, Store
from cmdb.snapshot import Snapshots


@dataclass(frozen=True, slots=True)
class Context:
    """The first parameter of every use case.

    Attributes:
        store: The graph database.
        snapshots: Compiled topologies by revision.
        clock: The time.
        caller: Who asks; local command lines see and may do everything.
    """

    store: Store
    snapshots: Snapshots
    clock: Clock
    caller: Caller
