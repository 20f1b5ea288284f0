"""Are incidents and changes told so that somebody can be called?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cmdb.cli.practice_tables import print_incident_details
from cmdb.model.incidents import Incident
from cmdb.model.practice_reports import IncidentDetails, ServicesAffected
from tests.unit.cli.reports import report

NOW = datetime(2030, 1, 1, tzinfo=UTC)
INCIDENT = Incident("in-1", 7, "new", "db is slow", "", (), NOW, "anna", NOW)
WITHHELD = ServicesAffected((), report().basis, 2, 3, ("red", "blue"))


@pytest.mark.parametrize(
    ("impact", "sentence"),
    [
        (WITHHELD, "And 2 services not visible to you, up to high, owned by red, blue."),
        (
            replace(WITHHELD, withheld=1, withheld_owners=()),
            "And 1 service not visible to you, up to high.",
        ),
    ],
)
def test_who_owns_services_that_are_withheld_is_said(
    impact: ServicesAffected, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_incident_details(IncidentDetails(INCIDENT, impact))

    assert sentence in capsys.readouterr().out


def test_nothing_is_said_of_withheld_services_where_there_are_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    impact = replace(WITHHELD, withheld=0, withheld_criticality=0, withheld_owners=())

    print_incident_details(IncidentDetails(INCIDENT, impact))

    assert "not visible" not in capsys.readouterr().out
