"""Do the client and the services take the same values, and keep each as it was given?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx2
import pytest

from cmdb.client import Client
from cmdb.errors import BadValue
from cmdb.ports import EditReason, NewIncident
from cmdb.ports.operations import Operations
from cmdb.ports.requests import NewAffected
from tests.api.http.running_server import KEEPER, RunningServer

WHY = EditReason("seen on site")


@pytest.fixture(params=["client", "local"])
def operations(server: RunningServer, request: pytest.FixtureRequest) -> Iterator[Operations]:
    if request.param == "local":
        yield server.serving.service.operations(KEEPER)
        return
    with Client(server.address, server.token("administrator")) as client:
        yield client


@pytest.fixture
def rack(server: RunningServer) -> str:
    local = server.serving.service.operations(KEEPER)
    ci = local.add_ci("Rack", "kept", {}, {}, EditReason(idempotency_key="kept"))
    return local.set_attributes(ci.id, {"notes": "as it was"}, WHY).id


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**70, 2**63, "\udcff"],
    ids=["nan", "inf", "huge", "large", "no-utf-8"],
)
def test_what_json_would_change_is_refused_and_changes_nothing(
    operations: Operations, rack: str, value: Any
) -> None:
    with pytest.raises(BadValue) as met:
        operations.set_attributes(rack, {"notes": value}, WHY)
    with pytest.raises(BadValue):
        operations.add_ci("Rack", "refused", {"notes": value}, {}, WHY)

    assert met.value.facts["field"] == "values.notes"
    assert operations.find_ci(rack).attributes["notes"] == "as it was"


def test_what_json_keeps_is_kept(operations: Operations, rack: str) -> None:
    for value in ("Zürich 🦊", 2**63 - 1, -0.5):
        kept = operations.set_attributes(rack, {"notes": value}, WHY).attributes["notes"]

        assert kept == (value if isinstance(value, str) else str(value))


def test_a_time_without_a_zone_is_refused(operations: Operations, rack: str) -> None:
    naive = datetime(2026, 5, 1)  # noqa: DTZ001 - it is what is refused
    affected = (NewAffected(rack, onset_at=naive),)

    with pytest.raises(BadValue, match="zone"):
        operations.open_incident(NewIncident("it smokes", affected), WHY)


SET = """mutation($ci: String!, $values: JSON!) {
  setAttributes(input: {ci: $ci, values: $values}) {
    ... on CIWritten { ci { attributes } } ... on Refusal { code }
  }
}"""


def test_an_integer_that_readers_of_json_change_is_refused_over_http(
    rack: str, admin: httpx2.Client
) -> None:
    def told(notes: str) -> Any:
        variables = f'{{"ci": "{rack}", "values": {{"notes": {notes}}}}}'
        body = f'{{"query": {SET!r}, "variables": {variables}}}'.replace("'", '"')
        headers = {"Content-Type": "application/json"}
        return admin.post("/graphql", content=body, headers=headers)

    refused, kept = told("1180591620717411303424"), told('"1180591620717411303424"')

    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_VALUE")
    assert "1180591620717411303424" in refused.json()["message"]
    assert kept.json()["data"]["setAttributes"]["ci"]["attributes"]["notes"] == (
        "1180591620717411303424"
    )
