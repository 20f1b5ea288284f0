"""Is a retry of an import answered with the first one, and only if it is one?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cmdb.bootstrap import open_service
from cmdb.server.serving import Serving
from cmdb.settings import ServerSettings, Settings
from tests.api.http.running_server import RunningServer, served
from tests.api.http.sending import ended, records
from tests.api.http.slow_upload import SlowUpload
from tests.api.http.test_imports import SlowImporter

TABLE = b"class,name\nRack,%s\n"


@dataclass
class Importer:
    """An importer's client, and what else is known of it."""

    client: httpx2.Client
    token: str
    address: str

    def post(self, query: str, body: bytes, key: str = "", **named: Any) -> httpx2.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(f"/imports/records?{query}", content=body, headers=headers, **named)

    def uploading(self, query: str, length: int, key: str = "") -> SlowUpload:
        return SlowUpload(self.address, self.token, f"/imports/records?{query}", length, key)


@pytest.fixture
def importer(server: RunningServer) -> Iterator[Importer]:
    token = server.token("importer", source="tool", actor="retrying")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=server.address, headers=headers, timeout=60) as client:
        yield Importer(client, token, server.address)


def racks(server: RunningServer, name: str) -> int:
    document = "query ($name: String!) { cis(filter: {name: {eq: $name}}) { nodes { name } } }"
    found: list[Any] = server.ask(document, name=name).json()["data"]["cis"]["nodes"]
    return len(found)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("dry_run", "wait"),
        ("wait", "dry_run"),
        ("wait", "wait&complete"),
        ("wait", "wait&confirm_deletions"),
        ("wait", "wait&observed_at=2026-05-01T10:00:00Z"),
        ("wait", "wait&reason=other"),
        ("wait", "wait&results"),
        ("wait", "wait&scope.site=a"),
    ],
)
def test_a_key_with_other_parameters_is_refused_by_the_name_that_the_caller_gave_it(
    importer: Importer, server: RunningServer, first: str, second: str
) -> None:
    key, name = f"params {first}/{second}", f"RT {first} {second}"
    begun = importer.post(first, records(name), key)
    before = server.serving.service.head()

    refused = importer.post(second, records(name), key)

    assert begun.status_code == 200, begun.text
    assert (refused.status_code, refused.json()["code"]) == (409, "KEY_REUSED")
    assert refused.json()["facts"] == {"key": key}
    assert server.serving.service.head() == before
    assert importer.post(first, records(name), key).json() == begun.json()


def test_a_key_with_another_body_is_refused_and_the_other_body_not_written(
    importer: Importer, server: RunningServer
) -> None:
    first = importer.post("wait", records("RT-1"), "body")
    refused = importer.post("wait", records("RT-2"), "body")
    asked_only = importer.post("", records("RT-2"), "body")
    fresh = importer.post("wait", records("RT-2"), "another body")

    assert (refused.status_code, asked_only.status_code) == (409, 409)
    assert refused.json()["facts"] == {"key": "body"}
    assert first.status_code == fresh.status_code == 200
    assert fresh.json()["report"]["decided"] == {"create": 1}
    assert racks(server, "RT-2") == 1


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"file": ("a.csv", TABLE % b"RF-1")}, 200),
        ({"file": ("b.csv", TABLE % b"RF-1")}, 409),
        ({"file": ("a.csv", TABLE % b"RF-2")}, 409),
    ],
)
def test_a_form_is_the_same_by_its_parts_whatever_its_boundary(
    importer: Importer, other: Mapping[str, tuple[str, bytes]], status: int
) -> None:
    key = {"Idempotency-Key": f"form {other}"}
    form = {"file": ("a.csv", TABLE % b"RF-1")}
    first = importer.client.post("/imports/table?wait", files=form, headers=key)

    again = importer.client.post("/imports/table?wait", files=dict(other), headers=key)

    assert first.status_code == 200, first.text
    assert again.status_code == status, again.text


def test_another_way_to_be_answered_is_the_same_request(importer: Importer) -> None:
    first = importer.post("wait", records("RT-3"), "answers")
    again = importer.post("", records("RT-3"), "answers")

    assert (first.status_code, again.status_code) == (200, 202)
    assert again.json()["id"] == first.json()["id"]


def test_a_retry_takes_over_from_an_upload_that_hangs(
    importer: Importer, server: RunningServer
) -> None:
    body = records("RH-1", "RH-2")
    with importer.uploading("wait", len(body), "hanging") as hanging:
        hanging.send(body[:40])
        waited = importer.post("wait", body, "hanging")
    run = waited.json()
    told = importer.client.get(f"/imports/{run['id']}")

    assert (waited.status_code, run["state"]) == (200, "finished")
    assert told.json() == run
    assert racks(server, "RH-1") == 1


def test_an_upload_that_ends_after_its_retry_is_told_of_the_same_run(importer: Importer) -> None:
    body = records("RH-3")
    with importer.uploading("", len(body), "late") as late:
        late.send(body[:40])
        run = ended(importer.client, importer.post("", body, "late"))
        late.send(body[40:])
        status, told = late.answer()

    assert run["state"] == "finished"
    assert status == 202
    assert run["id"] in told


def test_nothing_is_known_of_an_upload_that_broke_off(
    importer: Importer, server: RunningServer
) -> None:
    body = records("RH-4")
    with importer.uploading("wait", len(body), "broken"):
        pass
    again = importer.post("wait", body, "broken")

    assert again.json()["report"]["decided"] == {"create": 1}
    assert racks(server, "RH-4") == 1


def test_all_who_wait_with_one_key_get_the_end(tmp_path: Path) -> None:
    slow = SlowImporter()
    service = open_service(Settings(data_dir=tmp_path / "d"), importers={"slow": slow})
    with (
        served(Serving(service, ServerSettings())) as running,
        running.client("importer", source="tool") as client,
        ThreadPoolExecutor(4) as pool,
    ):
        key = {"Idempotency-Key": "at once"}
        asked = [
            pool.submit(client.post, "/imports/slow?wait", content=b"S", headers=key)
            for _ in range(4)
        ]
        assert slow.reading.acquire(timeout=30)
        unready = [each.done() for each in asked]
        slow.may_go_on.set()
        answers = [each.result(60) for each in asked]

    assert unready == [False] * 4
    assert [answer.status_code for answer in answers] == [200] * 4
    assert {answer.json()["state"] for answer in answers} == {"finished"}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert not slow.reading.acquire(blocking=False)


def test_all_who_wait_with_one_key_are_told_why_it_failed(importer: Importer) -> None:
    body = b"{broken\n"
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(importer.post, "wait", body, "failing") for _ in range(4)]
        answers = [each.result(60) for each in asked]

    assert {(a.status_code, a.json()["code"]) for a in answers} == {(422, "BAD_FILE")}


def test_a_run_is_told_of_by_its_global_id(importer: Importer, server: RunningServer) -> None:
    run = importer.post("wait", records("RG-1")).json()
    document = "query ($id: ID!) { importRun(id: $id) { id } }"
    global_id = server.ask(document, id=run["id"]).json()["data"]["importRun"]["id"]

    told = importer.client.get(f"/imports/{global_id}")
    wrong = importer.client.get("/imports/Q0k6eA==")

    assert global_id != run["id"]
    assert told.json() == run
    assert (wrong.status_code, wrong.json()["code"]) == (400, "BAD_VALUE")
