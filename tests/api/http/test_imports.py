"""Do files of discovery tools come in over HTTP, whole or not at all?"""

from __future__ import annotations

import gzip
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cmdb.model.records import ImportInput, ImportOptions, Item, MappingRow, Record
from cmdb.server.import_jobs import WAITING_PER_PLACE
from cmdb.server.serving import Serving
from cmdb.server.uploads import relative_path
from cmdb.settings import ServerSettings, Settings
from tests.api.http.running_server import RunningServer, running_server, served

DATA = Path(__file__).parents[2] / "data"


def records(*names: str) -> bytes:
    lines: list[dict[str, Any]] = [{"format": "cmdb-records", "version": 1}]
    lines += [{"class": "Rack", "key": name, "name": name} for name in names]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.fixture
def importer(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client("importer", source="tool") as client:
        yield client


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which everything temporary is made from now on."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def left_behind(server: RunningServer) -> Callable[[], list[Path]]:
    """Tells what lies among the uploads of the server that did not before."""
    folder = server.serving.imports.uploads.path
    before = set(folder.rglob("*"))
    return lambda: sorted(set(folder.rglob("*")) - before)


def ended(client: httpx2.Client, answer: httpx2.Response) -> dict[str, Any]:
    """Follow a run to its end, as the answer to its request says."""
    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]
    assert place == f"/imports/{answer.json()['id']}"
    until = time.monotonic() + 60
    while time.monotonic() < until:
        run: dict[str, Any] = client.get(place).json()
        if run["state"] not in ("reading", "running"):
            return run
        time.sleep(0.02)
    raise AssertionError("it does not end")


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


def test_a_mapping_for_a_format_that_takes_none_is_refused(importer: httpx2.Client) -> None:
    files = {"file": ("r.jsonl", records("MA-1")), "mapping": ("m.yaml", b"x: 1")}
    refused = importer.post("/imports/records", files=files)
    alone = importer.post("/imports/records?wait", files={"file": files["file"]})

    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_VALUE")
    assert refused.json()["facts"]["field"] == "mapping"
    assert alone.status_code == 200, alone.text


@pytest.mark.parametrize(
    ("file_format", "option", "body"),
    [
        ("records", "max_bytes=10000", records("OP-1")),
        ("table", "class=Rack", b"name\nOP-2\n"),
        ("table", "format=csv", b"class,name\nRack,OP-3\n"),
        ("table", "encoding=utf-8", b"class,name\nRack,OP-4\n"),
    ],
)
def test_an_option_that_the_format_has_is_taken(
    importer: httpx2.Client, file_format: str, option: str, body: bytes
) -> None:
    answer = importer.post(f"/imports/{file_format}?wait&option.{option}", content=body)

    assert answer.status_code == 200, answer.text


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


@pytest.mark.parametrize("pieces", [1, 7])
def test_a_compressed_body_is_inflated(importer: httpx2.Client, pieces: int) -> None:
    body = gzip.compress(records(f"GZ-{pieces}")) + gzip.compress(b"\n")
    size = len(body) // pieces + 1
    parts = iter([body[start : start + size] for start in range(0, len(body), size)])

    answer = importer.post(
        "/imports/records?wait", content=parts, headers={"Content-Encoding": "gzip"}
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["report"]["decided"] == {"create": 1}


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (gzip.compress(records("X"), mtime=0)[:-9], "gzip", 422, "BAD_FILE"),
        (b"no gzip", "gzip", 422, "BAD_FILE"),
        (b"", "gzip", 422, "BAD_FILE"),
        (records("X"), "br", 400, "BAD_VALUE"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused_and_leaves_nothing(
    importer: httpx2.Client,
    left_behind: Callable[[], list[Path]],
    body: bytes,
    encoding: str,
    status: int,
    code: str,
) -> None:
    answer = importer.post("/imports/records", content=body, headers={"Content-Encoding": encoding})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert left_behind() == []


def test_what_is_too_large_is_refused_wherever_it_is_noticed(tmp_path: Path) -> None:
    settings = ServerSettings(import_limit_bytes=100_000)
    large = records(*(f"L-{number}" for number in range(5_000)))
    small = records("S-1")
    with (
        running_server(tmp_path / "d", settings) as running,
        running.client("importer", source="tool") as client,
    ):
        fits = client.post("/imports/records?wait", content=small)
        announced = client.post("/imports/records", content=large)
        streamed = client.post("/imports/records", content=iter([large[:60_000], large[60_000:]]))
        bomb = client.post(
            "/imports/records",
            content=gzip.compress(b" " * 50_000_000),
            headers={"Content-Encoding": "gzip"},
        )
        form = client.post("/imports/records", files={"file": ("x", large)})
        left = [*running.serving.imports.uploads.path.glob("*/*")]

    assert fits.status_code == 200, fits.text
    answers = (announced, streamed, bomb, form)
    assert [answer.status_code for answer in answers] == [413] * 4
    assert {answer.json()["facts"]["limit"] for answer in answers} == {"bytes of an import"}
    assert left == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a.yaml", "a.yaml"),
        ("one/a.yaml", "one/a.yaml"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("..\\..\\x.csv", "x.csv"),
        ("C:\\data\\x.csv", "data/x.csv"),
    ],
)
def test_a_name_never_leads_out_of_the_folder(name: str, path: str) -> None:
    assert str(relative_path(name)) == path


@pytest.mark.parametrize("name", ["", "..", "/", "a\nb", "x" * 2_000])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Exception, match="no name of a file"):
        relative_path(name)


def test_a_form_without_files_or_with_odd_parts_is_refused(
    importer: httpx2.Client, left_behind: Callable[[], list[Path]]
) -> None:
    mapping_alone = importer.post("/imports/table", files={"mapping": ("m.yaml", b"x: 1")})
    odd = importer.post("/imports/table", files={"other": ("m.yaml", b"x: 1")})
    twice = importer.post("/imports/table", files=[("file", ("a", b"1")), ("file", ("a", b"2"))])
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    broken = importer.post("/imports/table", content=b"nothing of the kind", headers=kind)

    codes = [(answer.status_code, answer.json()["code"]) for answer in (mapping_alone, odd, twice)]
    assert codes == [(400, "BAD_VALUE")] * 3
    assert (broken.status_code, broken.json()["code"]) == (422, "BAD_FILE")
    assert left_behind() == []


def test_a_file_that_cannot_be_taken_is_told_by_its_own_name(importer: httpx2.Client) -> None:
    waited = importer.post("/imports/records?wait&file_name=shop.jsonl", content=b"{broken\n")
    asked = importer.post("/imports/records?file_name=shop.jsonl", content=b"{broken\n")

    assert (waited.status_code, waited.json()["code"]) == (422, "BAD_FILE")
    assert waited.json()["message"].startswith("shop.jsonl")
    assert "upload-" not in waited.text
    run = ended(importer, asked)
    assert (run["state"], run["error"]["code"]) == ("failed", "BAD_FILE")


def test_only_who_may_import_does_and_only_for_its_source(
    viewer: httpx2.Client, importer: httpx2.Client
) -> None:
    refused = viewer.post("/imports/records?source=tool", content=records("F-1"))
    foreign = importer.post("/imports/records?source=other", content=records("F-1"))
    own = importer.post("/imports/records?source=tool&wait", content=records("F-1"))

    assert [refused.status_code, foreign.status_code, own.status_code] == [403, 403, 200]
    assert refused.json()["code"] == foreign.json()["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/imports/nonsense?source=x", 400, "UNKNOWN_FORMAT"),
        ("/imports/records", 400, "BAD_VALUE"),
        ("/imports/records?source=x&compleet=true", 400, "BAD_VALUE"),
        ("/imports/records?source=x&complete=maybe", 400, "BAD_VALUE"),
        ("/imports/records?source=x&observed_at=yesterday", 400, "BAD_VALUE"),
        ("/imports/records?source=x&observed_at=2026-05-01T10:00", 400, "BAD_VALUE"),
        ("/imports/records?source=x&observed_at=9999-12-31T23:59:59Z", 400, "BAD_VALUE"),
        ("/imports/records?source=x&observed_at=9999-12-31T23:59:59-05:00", 400, "BAD_VALUE"),
        ("/imports/records?source=x&observed_at=0001-01-01T00:00:00%2B05:00", 400, "BAD_VALUE"),
        ("/imports/records?source=x&source=y", 400, "BAD_VALUE"),
        ("/imports/records?source=x&option.foo=1", 400, "BAD_VALUE"),
        ("/imports/kubernetes?source=x&option.class=Rack", 400, "BAD_VALUE"),
        ("/imports/table?source=x&option.clas=Rack", 400, "BAD_VALUE"),
        ("/imports/records?source=x&scope.a=1&scope.a=2", 400, "BAD_VALUE"),
        ("/imports/records?source=x&complete&complete", 400, "BAD_VALUE"),
    ],
)
def test_what_is_asked_wrongly_is_refused_before_anything_is_read(
    admin: httpx2.Client, path: str, status: int, code: str
) -> None:
    answer = admin.post(path, content=records("W-1"))

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_zone_with_an_unescaped_plus_is_told_how_to_write_it(admin: httpx2.Client) -> None:
    place = "/imports/records?source=zoned&wait&observed_at=2026-05-01T10:00:00"
    refused = admin.post(f"{place}+02:00", content=records("Z-1"))
    taken = admin.post(f"{place}%2B02:00", content=records("Z-1"))

    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_VALUE")
    assert "%2B" in refused.json()["message"]
    assert taken.status_code == 200, taken.text


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
