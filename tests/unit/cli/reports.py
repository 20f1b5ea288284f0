"""Small reports for tests of rendering."""

from __future__ import annotations

from dataclasses import replace

from cmdb.model.impact_reports import (
    AffectedState,
    AssumedOutage,
    Basis,
    BlastRadiusReport,
    Hit,
    Step,
    Trust,
)
from cmdb.model.reports import NamedCI

FEED = NamedCI("1", "PowerSource", "feed")
RACK = NamedCI("2", "Rack", "rack")
WEB = NamedCI("3", "ContainerWorkload", "web")
WEB_NAME = NamedCI("4", "ClusterService", "web")
SHOP = NamedCI("5", "BusinessService", "shop")
CHAIN = (
    Step(FEED, RACK, "powered_by", "hard"),
    Step(RACK, WEB, "runs_on", "hard"),
    Step(WEB, WEB_NAME, "routes_to", "hard"),
    Step(WEB_NAME, SHOP, "depends_on", "hard", is_inferred=True, inferred_by="environment"),
)
TRUSTED = Basis(3, None, Trust(relationships_used=4, relationships_known=9), (), (), False)


def hit(ci: NamedCI, state: AffectedState = "DOWN", *, steps: int = 1) -> Hit:
    """Return a plain hit."""
    is_service = ci.class_name == "BusinessService"
    made = Hit(
        ci, state, state, is_service, 1, "", "", None, None, None, None, 0.0, None, None,
        CHAIN[:steps],
    )  # fmt: skip
    return replace(made, criticality=4, owner="Shop team") if is_service else made


def report(*hits: Hit, basis: Basis = TRUSTED) -> BlastRadiusReport:
    """Return the report of an outage of the feed."""
    return BlastRadiusReport((AssumedOutage(FEED, "DOWN"),), hits, basis)


WHOLE = report(hit(SHOP, steps=4), hit(RACK), hit(WEB, steps=2), hit(WEB_NAME, steps=3))
