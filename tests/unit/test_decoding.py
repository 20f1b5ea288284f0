"""Does every report survive the way through JSON?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from cmdb.errors import BadValue
from cmdb.model.analysis_reports import CIImportance
from cmdb.model.decoding import decode
from cmdb.model.impact_reports import (
    AssumedOutage,
    Basis,
    BlastRadiusReport,
    Hit,
    PreviewReport,
    Slice,
    Step,
    Trust,
)
from cmdb.model.incidents import AffectedCI, Incident
from cmdb.model.inventory import CI, Relationship
from cmdb.model.reports import CIDetails, NamedCI, Neighbour, Report

AT = datetime(2026, 5, 1, 22, 0, 0, 250_000, tzinfo=UTC)
WEB = NamedCI("1", "Service", "web")
DB = NamedCI("2", "Database", "db", "retired")
STEP = Step(DB, WEB, "depends_on", "hard", is_inferred=True, inferred_by="guess")
HIT = Hit(
    WEB, "DOWN", "UP", True, 4, "shop", "", None, (DB,), 1, None, 0.5, AT, 3.0, (STEP,), (DB,)
)
BASIS = Basis(7, AT, Trust(0.5, 2, 1, {"guess": 1}, stale=(DB,)), ("a",), (), is_partial=False)
RADIUS = BlastRadiusReport((AssumedOutage(DB, "DOWN", AT, None),), (HIT,), BASIS)
ITEM = CI("1", "Service", "web", "in_use", 3, {"port": 80, "tags": ["a"]}, AT, AT)
EDGE = Relationship("1/x", "depends_on", "1", "2", "", 4, "hard", 2.5)


@pytest.mark.parametrize(
    "report",
    [
        RADIUS,
        PreviewReport(RADIUS.outages, (Slice(AT, None, (HIT,)),), (HIT,), BASIS),
        CIDetails(ITEM, (Neighbour(EDGE, DB),), ()),
        Incident("i", 3, "new", "t", "", (AffectedCI(DB, "outage", AT),), AT, "ann", AT),
    ],
)
def test_a_report_comes_back_from_its_json(report: Report) -> None:
    through = orjson.loads(orjson.dumps(report.to_json()))

    assert decode(type(report), through) == report


def test_what_describes_no_report_is_refused_with_the_place() -> None:
    body = {**RADIUS.to_json(), "hits": [{"ci": {"id": "1"}}]}

    with pytest.raises(BadValue, match=r"BlastRadiusReport.*class"):
        decode(BlastRadiusReport, body)


@pytest.mark.parametrize("worth", [None, "infinity", 2.5])
def test_a_ratio_may_be_infinite_or_absent(worth: float | str | None) -> None:
    found = CIImportance(NamedCI("1", "Host", "h"), 0.1, 0.2, None, None, None, None, 3.0)
    given: dict[str, Any] = found.to_json() | {"risk_reduction_worth": worth}

    assert decode(CIImportance, given).risk_reduction_worth == worth


def test_a_ratio_that_is_no_number_is_refused() -> None:
    found = CIImportance(NamedCI("1", "Host", "h"), 0.1, 0.2, None, None, None, None, 3.0)

    with pytest.raises(BadValue):
        decode(CIImportance, found.to_json() | {"risk_reduction_worth": "much"})
