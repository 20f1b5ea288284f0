"""Do files of discovery tools come in over HTTP, whole or not at all?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2

from cmdb.model.records import ImportInput, ImportOptions, Item, MappingRow, Record
from cmdb.server.import_jobs import WAITING_PER_PLACE
from cmdb.server.serving import Serving
from cmdb.settings import ServerSettings, Settings
from tests.api.http.running_server import RunningServer, running_server, served
from tests.api.http.sending import ended, records

DATA = Path(__file__).parents[2] / "data"


def test_a_file_comes_in_and_its_run_is_told(
    importer: httpx2.Client, left_behind: Callable[[], list[Path]]
) -> None:
    answer = importer.post("/imports/records", content=records("IM-1", "IM-2"))

    run = ended(importer, answer)
    assert (run["state"], run["source"], run["format"]) == ("finished", "tool", "records")
    assert run["report"]["decided"] == {"create": 2}
    assert run["ended_at"] is not None
    assert [path for path in left_behind() if path.is_file()] == []


def test_who_waits_gets_the_end(importer: httpx2.Client) -> None:
    answer = importer.post("/imports/records?wait=true", content=records("IM-3"))

    assert answer.status_code == 200
    assert answer.json()["state"] == "finished"


def test_a_dry_run_returns_the_plan_and_writes_nothing(
    importer: httpx2.Client, server: RunningServer
) -> None:
    before = server.serving.service.head()

    answer = importer.post("/imports/records?dry_run=true", content=records("IM-4"))

    assert answer.status_code == 200
    assert [line["verdict"] for line in answer.json()["report"]["plan"]] == ["create"]
    assert server.serving.service.head() == before


def test_a_table_comes_with_its_mapping(server: RunningServer) -> None:
    files = {
        "file": ("servers.csv", (DATA / "servers.csv").read_bytes()),
        "mapping": ("servers.mapping.yaml", (DATA / "servers.mapping.yaml").read_bytes()),
    }
    with server.client("importer", source="sheet") as client:
        answer = client.post("/imports/table?wait=true", files=files)

    assert answer.status_code == 200, answer.text
    assert answer.json()["report"]["read"]["records_by_class"]["PhysicalServer"] == 1


def test_several_files_are_a_folder(server: RunningServer) -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n"
    workload = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s, namespace: shop}\n"
        "spec: {template: {spec: {containers: [{name: c, image: 'web:1'}]}}}\n"
    )
    files = [
        ("file", ("one/ns.yaml", namespace % "shop")),
        ("file", ("one/web.yaml", workload % "web")),
        ("file", ("two/web.yaml", workload % "api")),
    ]
    with server.client("importer", source="cluster-a") as client:
        answer = client.post("/imports/kubernetes?wait", files=files)

    assert answer.status_code == 200, answer.text
    assert answer.json()["report"]["read"]["records_by_class"]["ContainerWorkload"] == 2


def test_scope_time_and_reason_reach_the_run(admin: httpx2.Client) -> None:
    params = {
        "source": "scoped", "scope.site": "north", "observed_at": "2026-05-01T10:00:00Z",
        "reason": "nightly", "complete": "true", "wait": "true",
    }  # fmt: skip
    run = admin.post("/imports/records", params=params, content=records("SC-1")).json()

    assert (run["scope"], run["is_complete"]) == ("site=north", True)
    log = admin.post("/graphql", json={"query": "{ log(first: 1) { report } }"})
    assert "nightly" in log.text


def test_a_retry_with_the_same_key_is_the_same_run(
    importer: httpx2.Client, server: RunningServer
) -> None:
    key = {"Idempotency-Key": "night-1"}
    first = importer.post("/imports/records?wait", content=records("K-1"), headers=key)
    before = server.serving.service.head().revision
    again = importer.post("/imports/records?wait", content=records("K-1"), headers=key)
    other = importer.post("/imports/records?scope.a=b", content=records("K-1"), headers=key)
    fresh = importer.post("/imports/records?wait", content=records("K-2"))

    assert first.json() == again.json()
    assert first.status_code == again.status_code == 200
    assert (other.status_code, other.json()["code"]) == (409, "KEY_REUSED")
    assert fresh.json()["id"] != first.json()["id"]
    assert server.serving.service.head().revision == before + 1


def test_a_key_of_a_failed_import_may_be_used_again(importer: httpx2.Client) -> None:
    key = {"Idempotency-Key": "night-2"}
    failed = importer.post("/imports/records?wait", content=b"{broken\n", headers=key)
    mended = importer.post("/imports/records?wait", content=records("K-3"), headers=key)

    assert [failed.status_code, mended.status_code] == [422, 200]


def test_a_run_is_known_after_a_restart_of_the_server(tmp_path: Path) -> None:
    key = {"Idempotency-Key": "before"}
    answers = []
    for _ in range(2):
        with (
            running_server(tmp_path) as running,
            running.client("importer", source="tool") as client,
        ):
            answer = client.post("/imports/records?wait", content=records("R-1"), headers=key)
            answers.append((answer.json(), running.serving.service.head().revision))
            told = client.get(f"/imports/{answer.json()['id']}")

    (first, _), (second, _) = answers
    assert told.status_code == 200
    assert second["id"] == first["id"]
    assert second["started_at"] == first["started_at"] or second["state"] == "finished"


def test_why_an_import_failed_is_known_after_a_restart_of_the_server(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    with running_server(tmp_path) as running, running.client("importer", source="tool") as client:
        answer = client.post("/imports/records?file_name=shop.jsonl", content=b"{broken\n")
        told.append(ended(client, answer))
        place = answer.headers["location"]
    with (
        running_server(tmp_path) as running,
        running.client("importer", source="tool") as client,
        running.client("administrator") as admin,
    ):
        told += [client.get(place).json(), admin.get(place).json()]
        document = "{ importRuns { runs { state error } } }"
        (listed,) = admin.post("/graphql", json={"query": document}).json()["data"]["importRuns"][
            "runs"
        ]

    assert {run["state"] for run in [*told, listed]} == {"failed"}
    assert {run["error"]["code"] for run in [*told, listed]} == {"BAD_FILE"}
    assert {run["error"]["message"] for run in told} == {told[0]["error"]["message"]}
    assert told[0]["error"]["message"].startswith("shop.jsonl")
    assert "upload-" not in str(told)


def test_an_upload_that_broke_off_leaves_no_run(
    importer: httpx2.Client, server: RunningServer
) -> None:
    runs = "{ importRuns(first: 200) { runs { localId } } }"
    with server.client("administrator") as admin:
        before = admin.post("/graphql", json={"query": runs}).json()
        refused = importer.post(
            "/imports/records", content=b"no gzip", headers={"Content-Encoding": "gzip"}
        )
        after = admin.post("/graphql", json={"query": runs}).json()

    assert refused.status_code == 422
    assert before == after


def test_what_was_left_out_and_decided_can_be_fetched_by_who_sent_it(
    server: RunningServer, importer: httpx2.Client, viewer: httpx2.Client
) -> None:
    body = records("J-1") + b'{"class": "Nonsense", "key": "J-2", "name": "J-2"}\n'
    run = importer.post("/imports/records?wait&rejects&results", content=body).json()

    rejects = importer.get(f"/imports/{run['id']}/rejects")
    results = importer.get(f"/imports/{run['id']}/results")

    assert run["report"]["problems"]["total"] == 1
    assert "Nonsense" in rejects.json()["reason"]
    assert results.json()["key"] == "J-1"
    assert viewer.get(f"/imports/{run['id']}/rejects").status_code == 404
    assert importer.get(f"/imports/{run['id']}/others").status_code == 404
    with server.client("importer", source="tool", actor="somebody else") as other:
        assert other.get(f"/imports/{run['id']}/rejects").status_code == 404


def test_an_unknown_run_is_told_so(admin: httpx2.Client) -> None:
    answer = admin.get("/imports/nonsense")

    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_RECORD")


class SlowImporter:
    """Yields a rack whenever it is allowed to."""

    name = "slow"
    summary = "racks, slowly"
    table: Sequence[MappingRow] = ()

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.reading = threading.Semaphore(0)

    def read(self, source: ImportInput, options: ImportOptions) -> Iterator[Item]:
        """Yield one record."""
        self.reading.release()
        assert self.may_go_on.wait(60)
        name = (source.path or Path()).read_text() + options.source
        yield Record("Rack", key=name, name=name)


def test_more_imports_than_may_run_wait_and_still_more_are_refused(
    tmp_path: Path, uploads: Path
) -> None:
    from cmdb.bootstrap import open_service

    slow = SlowImporter()
    settings = ServerSettings(imports_at_once=1)
    service = open_service(Settings(data_dir=tmp_path / "d"), importers={"slow": slow})
    with (
        served(Serving(service, settings)) as running,
        running.client("importer", source="tool") as client,
    ):
        most = 1 + WAITING_PER_PLACE
        begun = [client.post("/imports/slow", content=b"%d" % number) for number in range(most)]
        assert slow.reading.acquire(timeout=30)
        refused = client.post("/imports/slow", content=b"last")
        states = [client.get(answer.headers["location"]).json()["state"] for answer in begun]
        slow.may_go_on.set()
        runs = [ended(client, answer) for answer in begun]
        later = client.post("/imports/slow?wait", content=b"later")

    assert (refused.status_code, refused.json()["code"]) == (429, "LIMIT_EXCEEDED")
    assert refused.headers["retry-after"] == "5"
    assert states == ["reading"] * most
    assert [run["state"] for run in runs] == ["finished"] * most
    assert later.status_code == 200
    assert list(uploads.iterdir()) == []


def test_the_export_is_what_an_import_takes_back(
    admin: httpx2.Client, viewer: httpx2.Client, tmp_path: Path
) -> None:
    admin.post("/imports/records?source=ex&wait", content=records("EX-1"))

    answer = admin.get("/export")
    refused = viewer.get("/export")

    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert any(json.loads(line).get("name") == "EX-1" for line in answer.text.splitlines())
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    with running_server(tmp_path) as copy, copy.client("administrator") as client:
        back = client.post("/imports/records?source=copy&wait", content=answer.content)
        again = client.get("/export")
    assert back.status_code == 200, back.text
    assert len(again.text.splitlines()) == len(answer.text.splitlines())
