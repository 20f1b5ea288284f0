"""Values that operations answer with in tests of the fields about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cmdb.model import access
from cmdb.model.impact_reports import AssumedOutage, Basis, Hit, PreviewReport, Slice, Step, Trust
from cmdb.model.incidents import AffectedCI, Incident
from cmdb.model.planned_changes import Change, ChangeTarget
from cmdb.model.practice_reports import (
    AffectedService,
    KeptPreview,
    ServicesAffected,
)
from cmdb.model.reports import NamedCI
from cmdb.ports.requests import (
    EditReason,
)

AT = datetime(2030, 1, 31, 22, tzinfo=UTC)
LATER = AT + timedelta(hours=2)
WEB = NamedCI("ci-1", "BusinessService", "web")
DB = NamedCI("ci-2", "Database", "db")
BASIS = Basis(7, AT, Trust(), ("assumed",), (), False)
INCIDENT = Incident(
    "in-1", 7, "new", "db is slow", "", (AffectedCI(DB, "degraded", AT),), AT, "anna", AT
)
CHANGE = Change(
    "ch-1",
    8,
    "scheduled",
    "restart",
    "",
    AT,
    LATER,
    (ChangeTarget(DB, "at_risk", AT, LATER),),
    AT,
    "anna",
    AT,
)
IMPACT = ServicesAffected(
    (AffectedService(WEB, "DOWN", 4, "shop", "ops"),), BASIS, 2, 3, ("red", "blue")
)
STEP = Step(DB, WEB, "depends_on", "hard")
HIT = Hit(
    WEB, "DOWN", "DEGRADED", True, 4, "shop", "ops", None, None, None, AT, 0.0, None, None, (STEP,)
)
PREVIEW = PreviewReport(
    (AssumedOutage(DB, "DOWN", AT, LATER),), (Slice(AT, LATER, (HIT,)),), (HIT,), BASIS
)
KEPT = KeptPreview("pr-1", 9, "tonight", "ch-1", AT, "anna", PREVIEW)
TOKEN = access.Token("to-1", 5, "scanner", ("importer",), "nmap", (), AT, "anna", LATER)


def edit(version: int | None = None) -> EditReason:
    """Why an edit with `WHY` is made, as the operations are told."""
    return EditReason("because", version, "k-1", "r-1")


WHY = {"idempotencyKey": "k-1", "reason": "because"}
REFUSED = "... on Refusal { code facts }"
