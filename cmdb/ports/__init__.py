"""What does the domain need from outside, and what can a user do? Protocols only.

`Store` is the graph database as the services see it, `Clock` the time, `Importer` a reader of one
format, `Operations` the one list of things a user can do, local or through a server.
"""

from cmdb.model.records import Importer
from cmdb.ports.operations import Operations
from cmdb.ports.reading import Log, Nodes, Readers, SnapshotRows
from cmdb.ports.reconciling import Evidence
from cmdb.ports.requests import (
    MONTH_HOURS,
    AvailabilityQuestion,
    CauseQuestion,
    ChangeUpdate,
    EditReason,
    IncidentUpdate,
    Listing,
    Moment,
    NewAffected,
    NewChange,
    NewGroup,
    NewIncident,
    NewRelationship,
    PlannedMode,
    RecordListing,
    SharedCause,
    Target,
    UpsertRequest,
    WhatIfEdit,
    WhatIfKind,
)
from cmdb.ports.store import Clock, Progress, Store, Writers, chunks

__all__ = [
    "MONTH_HOURS",
    "AvailabilityQuestion",
    "CauseQuestion",
    "ChangeUpdate",
    "Clock",
    "EditReason",
    "Evidence",
    "Importer",
    "IncidentUpdate",
    "Listing",
    "Log",
    "Moment",
    "NewAffected",
    "NewChange",
    "NewGroup",
    "NewIncident",
    "NewRelationship",
    "Nodes",
    "Operations",
    "PlannedMode",
    "Progress",
    "Readers",
    "RecordListing",
    "SharedCause",
    "SnapshotRows",
    "Store",
    "Target",
    "UpsertRequest",
    "WhatIfEdit",
    "WhatIfKind",
    "Writers",
    "chunks",
]
