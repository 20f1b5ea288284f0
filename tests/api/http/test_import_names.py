"""Is an import refused whose names cannot be names, and is no place of the server told?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cmdb.errors import BadValue
from cmdb.model.import_reports import ImportRequest
from cmdb.model.records import ImportInput
from cmdb.model.rights import Caller
from tests.api.http.running_server import RunningServer

DATA = Path(__file__).parents[2] / "data"
RACK = (
    json.dumps({"format": "cmdb-records", "version": 1})
    + "\n"
    + json.dumps({"class": "Rack", "key": "IN-1", "name": "IN-1"})
)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("source=%00", "source"),
        ("source=a%0Ab", "source"),
        ("source=%20", "source"),
        (f"source={'x' * 201}", "source"),
        ("source=tool&scope.%00=a", "scope"),
        ("source=tool&scope.site=%1B[2J", "scope site"),
    ],
)
def test_a_source_or_scope_that_cannot_be_printed_is_refused(
    server: RunningServer, query: str, field: str
) -> None:
    with server.client("administrator") as client:
        answer = client.post(f"/imports/records?dry_run&{query}", content=RACK)

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_VALUE")
    assert answer.json()["facts"]["field"] == field


@pytest.mark.parametrize("flags", ["", "&wait", "&dry_run"])
def test_nobody_imports_as_the_edits_by_hand(server: RunningServer, flags: str) -> None:
    with server.client("administrator") as client:
        refused = client.post(f"/imports/records?source=manual{flags}", content=RACK)
        taken = client.post("/imports/records?source=manuals&dry_run", content=RACK)
    # No such token is made any more; one from before is bound to the source.
    bound = Caller("old", frozenset({"importer"}), source="manual")
    operations = server.serving.service.operations(bound)

    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_VALUE")
    assert refused.json()["facts"]["field"] == "source"
    assert taken.status_code == 200, taken.text
    with pytest.raises(BadValue):
        operations.import_inventory(ImportInput(), ImportRequest("manual", "records"))


def test_a_name_of_letters_of_any_script_is_taken(server: RunningServer) -> None:
    with server.client("administrator") as client:
        params = {"source": "Büro 1", "scope.site": "東京", "dry_run": "true"}
        answer = client.post("/imports/records", params=params, content=RACK)

    assert answer.status_code == 200, answer.text
    assert answer.json()["scope"] == "site=東京"


def test_a_refused_mapping_does_not_tell_where_the_server_keeps_it(server: RunningServer) -> None:
    files = {
        "file": ("servers.csv", (DATA / "servers.csv").read_bytes()),
        "mapping": ("mine.yaml", b"records: 5"),
    }
    with server.client("importer", source="sheet") as client:
        answer = client.post("/imports/table?dry_run", files=files)

    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_FILE")
    assert answer.json()["facts"]["path"] == "mapping.yaml"
    assert "upload-" not in answer.text


@pytest.mark.parametrize(
    ("name", "status"), [("a\x00.yaml", 400), ("a\x1b[2J.yaml", 400), ("servers.yaml", 200)]
)
def test_a_mapping_whose_name_cannot_be_printed_is_refused(
    server: RunningServer, name: str, status: int
) -> None:
    def part(kind: str, file_name: str, file: Path) -> bytes:
        head = f'--cut\r\nContent-Disposition: form-data; name="{kind}"; filename="{file_name}"'
        return head.encode() + b"\r\n\r\n" + file.read_bytes() + b"\r\n"

    form = part("file", "servers.csv", DATA / "servers.csv")
    form += part("mapping", name, DATA / "servers.mapping.yaml") + b"--cut--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    with server.client("administrator") as client:
        place = "/imports/table?dry_run&source=tool"
        answer = client.post(place, content=form, headers=headers)

    assert answer.status_code == status, answer.text
    assert status == 200 or answer.json()["code"] == "BAD_VALUE"
