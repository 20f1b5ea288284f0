"""Is what is sent to be imported taken as it is meant, and refused where it cannot be?"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from cmdb.server.uploads import relative_path
from cmdb.settings import ServerSettings
from tests.api.http.running_server import running_server
from tests.api.http.sending import ended, records


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


def test_a_zone_with_an_unescaped_plus_is_told_how_to_write_it(admin: httpx2.Client) -> None:
    place = "/imports/records?source=zoned&wait&observed_at=2026-05-01T10:00:00"
    refused = admin.post(f"{place}+02:00", content=records("Z-1"))
    taken = admin.post(f"{place}%2B02:00", content=records("Z-1"))

    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_VALUE")
    assert "%2B" in refused.json()["message"]
    assert taken.status_code == 200, taken.text
