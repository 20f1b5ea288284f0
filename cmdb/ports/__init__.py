"""What does the domain need from outside, and what can a user do? Protocols only.

`Store` is the graph database as the services see it, `Clock` the time, `Importer` a reader of one
format, `Operations` the one list of things a user can do, local or through a server.
"""

from cmdb.model.records import Importer
from cmdb.ports.operations import (
    EditReason,
    Listing,
    Moment,
    NewGroup,
    NewRelationship,
    Operations,
    Target,
)
from cmdb.ports.store import (
    Clock,
    Evidence,
    Log,
    Progress,
    Readers,
    SnapshotRows,
    Store,
    Writers,
    chunks,
)

__all__ = [
    "Clock",
    "EditReason",
    "Evidence",
    "Importer",
    "Listing",
    "Log",
    "Moment",
    "NewGroup",
    "NewRelationship",
    "Operations",
    "Progress",
    "Readers",
    "SnapshotRows",
    "Store",
    "Target",
    "Writers",
    "chunks",
]
