"""Does a file arrive whole, is the run followed, and does its report come back?"""

from __future__ import annotations

import email
import io
import os
from dataclasses import replace
from email.policy import HTTP
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from cmdb.client.importing import decode_import
from cmdb.errors import BadFile, Interrupted, LimitExceeded, ServerUnavailable, UnknownRecord
from cmdb.model.import_reports import ImportReport, ImportRequest, PlannedChange
from cmdb.model.records import ImportInput, Problem
from cmdb.model.system_reports import RunReport
from tests.fakes.http_server import server
from tests.unit.client.samples import AT

REQUEST = ImportRequest("cmdb-a", "table", {"site": "north"}, is_complete=True, reason="nightly")
REPORT = ImportReport(
    "run-1",
    "cmdb-a",
    "site=north",
    "table",
    records_by_class={"Host": 2},
    links_by_type={"runs_on": 1},
    inferred_links=1,
    skipped={"Secret": 1},
    decided={"create": 2},
    relationships={"create": 1},
    problems_total=3,
    problems=(Problem("a.csv:1", "cpu", "not a number", "mend it", dropped=False),),
    first_revision=4,
    last_revision=5,
    fingerprint="f",
    plan=(PlannedChange("k", "Host", "h", "create", "c-1", "serial", ("x",)),),
)
READING = RunReport(
    "run-1", "cmdb-a", "site=north", "table", "reading", "records", 0, AT, None, is_complete=True
)
RUNNING = replace(READING, state="running", phase="links", done=2)
FINISHED = replace(READING, state="finished", ended_at=AT, report=REPORT.to_json())


def told(run: RunReport, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, json=run.to_json())


@pytest.fixture
def table(tmp_path: Path) -> ImportInput:
    path = tmp_path / "hosts.csv"
    path.write_bytes(b"name,cpu\nh,4\n")
    os.utime(path, (AT.timestamp(), AT.timestamp()))
    return ImportInput(path, name="hosts.csv")


def test_a_report_comes_back_from_its_json() -> None:
    through = orjson.loads(orjson.dumps(REPORT.to_json()))

    assert decode_import(through) == REPORT


def test_a_file_is_sent_as_it_is_with_everything_that_was_said_of_it(table: ImportInput) -> None:
    stand_in = server(told(READING, 202), told(RUNNING), told(FINISHED))
    steps: list[tuple[str, int, int]] = []

    report = stand_in.client().import_inventory(table, REQUEST, lambda *step: steps.append(step))

    sent = stand_in.asked[0]
    assert (sent.method, sent.url.path) == ("POST", "/imports/table")
    assert sent.content == b"name,cpu\nh,4\n"
    assert dict(sent.url.params) == {
        "source": "cmdb-a",
        "reason": "nightly",
        "observed_at": "2026-05-01T22:00:00.250000Z",
        "complete": "true",
        "scope.site": "north",
        "file_name": "hosts.csv",
    }
    assert sent.headers["authorization"] == "Bearer cmdb_secret"
    assert [request.url.path for request in stand_in.asked[1:]] == ["/imports/run-1"] * 2
    assert steps == [("read", 0, 0), ("links", 2, 0)]
    assert report.to_json() == REPORT.to_json()


def test_a_format_stays_within_its_part_of_the_address(table: ImportInput) -> None:
    stand_in = server(told(FINISHED))

    stand_in.client().import_inventory(table, replace(REQUEST, format="../export?x"))

    assert stand_in.asked[0].url.raw_path.startswith(b"/imports/..%2Fexport%3Fx?")


def test_a_lost_upload_is_sent_again_whole_with_the_same_key(table: ImportInput) -> None:
    stand_in = server(httpx2.ReadError("lost"), told(FINISHED))

    stand_in.client().import_inventory(table, REQUEST)

    first, second = stand_in.asked
    assert first.content == second.content == b"name,cpu\nh,4\n"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] != ""


def test_a_stream_is_sent_once() -> None:
    lost = server(httpx2.ReadError("lost"))
    taken = server(told(FINISHED))
    stream = ImportInput(stream=io.BytesIO(b"x"), name="standard input")

    taken.client().import_inventory(stream, REQUEST)
    with pytest.raises(ServerUnavailable):
        lost.client().import_inventory(stream, REQUEST)

    assert taken.asked[0].content == b"x"
    assert "observed_at" not in taken.asked[0].url.params
    assert len(lost.asked) == 1


def test_a_server_that_is_busy_is_asked_again_later(table: ImportInput) -> None:
    facts = {"limit": "imports at once", "allowed": 2, "found": 3}
    busy = {"code": "LIMIT_EXCEEDED", "message": "busy", "facts": facts}
    stand_in = server(httpx2.Response(429, json=busy), told(FINISHED))
    too_large = server(httpx2.Response(413, json=busy))

    stand_in.client().import_inventory(table, REQUEST)
    with pytest.raises(LimitExceeded):
        too_large.client().import_inventory(table, REQUEST)

    assert (len(stand_in.asked), len(too_large.asked)) == (2, 1)


def parts_of(request: httpx2.Request) -> list[tuple[str, str, bytes]]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form = email.message_from_bytes(head + request.content, policy=HTTP)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            str(part.get_filename()),
            part.get_content(),
        )
        for part in form.iter_parts()
    ]


def test_a_folder_is_sent_as_the_parts_of_a_form(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / 'x "1".yaml').write_bytes(b"two")
    (tmp_path / "a.yaml").write_bytes(b"one")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_bytes(b"hidden")
    (tmp_path / ".hidden").write_bytes(b"hidden")
    mapping = tmp_path / "map.yml"
    mapping.write_bytes(b"map")
    stand_in = server(told(FINISHED))

    request = replace(REQUEST, mapping=mapping)
    stand_in.client().import_inventory(ImportInput(tmp_path, name="f"), request)

    assert parts_of(stand_in.asked[0]) == [
        ("file", "a.yaml", b"one"),
        ("file", "map.yml", b"map"),
        ("file", "b/x %221%22.yaml", b"two"),
        ("mapping", "map.yml", b"map"),
    ]


@pytest.mark.parametrize("name", ["absent.csv", "folder"])
def test_what_cannot_be_read_is_refused_before_anything_is_sent(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    stand_in = server(told(FINISHED))

    with pytest.raises(BadFile):
        stand_in.client().import_inventory(ImportInput(tmp_path / name, name=name), REQUEST)

    assert stand_in.asked == []


def test_a_run_that_failed_raises_what_ended_it(table: ImportInput) -> None:
    error = {"code": "INTERRUPTED", "message": "Stopped.", "facts": {"run": "run-1"}}
    stand_in = server(told(READING, 202), told(replace(RUNNING, state="interrupted", error=error)))

    with pytest.raises(Interrupted) as met:
        stand_in.client().import_inventory(table, REQUEST)

    assert met.value.facts == {"run": "run-1"}


def test_why_a_run_failed_is_told_even_where_it_left_no_files(
    table: ImportInput, tmp_path: Path
) -> None:
    error = {"code": "BAD_FILE", "message": "hosts.csv: cut off.", "facts": {}}
    absent = {"code": "UNKNOWN_RECORD", "message": "?", "facts": {}}
    failed = replace(READING, state="failed", error=error)
    stand_in = server(told(failed, 202), httpx2.Response(404, json=absent))

    with pytest.raises(BadFile, match="cut off"):
        stand_in.client().import_inventory(table, replace(REQUEST, rejects=tmp_path / "r"))


def test_another_replica_that_does_not_know_the_run_yet_ends_nothing(table: ImportInput) -> None:
    body = {"code": "UNKNOWN_RECORD", "message": "?", "facts": {}}
    unknown = httpx2.Response(404, json=body)
    found = server(told(READING, 202), unknown, told(FINISHED))
    never = server(told(READING, 202), unknown)

    assert found.client().import_inventory(table, REQUEST).run_id == "run-1"
    with pytest.raises(UnknownRecord):
        never.client().import_inventory(table, REQUEST)


def test_what_was_left_out_is_written_here_and_no_file_where_there_is_nothing(
    table: ImportInput, tmp_path: Path
) -> None:
    rejects, results = tmp_path / "rejects", tmp_path / "results"
    lines = b'{"place":"a"}\n{"place":"b"}\n'
    stand_in = server(
        told(FINISHED), httpx2.Response(200, content=lines), httpx2.Response(200, content=b"")
    )

    wanted = replace(REQUEST, rejects=rejects, results=results)
    stand_in.client().import_inventory(table, wanted)

    asked = [request.url.path for request in stand_in.asked[1:]]
    assert asked == ["/imports/run-1/rejects", "/imports/run-1/results"]
    assert {"rejects", "results"} <= set(stand_in.asked[0].url.params)
    assert rejects.read_bytes() == lines
    assert not results.exists()


def test_a_file_that_cannot_be_made_here_stops_before_anything_is_sent(
    table: ImportInput, tmp_path: Path
) -> None:
    stand_in = server(told(FINISHED))

    with pytest.raises(BadFile):
        stand_in.client().import_inventory(
            table, replace(REQUEST, rejects=tmp_path / "absent" / "rejects")
        )

    assert stand_in.asked == []


def test_an_export_comes_line_by_line_however_it_was_cut() -> None:
    content = b'{"a":1}\n{"b":2}\n{"c":3}\n'
    lines = list(server(httpx2.Response(200, content=content)).client().export_inventory())

    assert lines == [b'{"a":1}\n', b'{"b":2}\n', b'{"c":3}\n']


def test_an_export_that_breaks_off_is_an_error() -> None:
    def broken() -> Any:
        yield b'{"a":1}\n{"b"'
        raise httpx2.ReadError("lost")

    client = server(httpx2.Response(200, content=broken())).client()
    lines: list[bytes] = []

    with pytest.raises(ServerUnavailable, match="1 lines"):
        lines.extend(client.export_inventory())
