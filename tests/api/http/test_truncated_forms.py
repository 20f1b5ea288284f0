"""Is a form that breaks off refused, wherever that is, and a whole one taken?"""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.api.http.running_server import RunningServer
from tests.api.http.sending import records

END = b"\r\n--edge--\r\n"
FORM = {"Content-Type": "multipart/form-data; boundary=edge"}
HEAD = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="r.jsonl"\r\n\r\n'
WHOLE = HEAD + records(*(f"TF-{number}" for number in range(10))) + END


@pytest.fixture
def importer(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client("importer", source="forms") as client:
        yield client


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HEAD[:20],
        HEAD,
        b"".join(WHOLE.splitlines(keepends=True)[:7]),
        WHOLE[: -len(END)],
        WHOLE[: -len(b"--\r\n")],
        WHOLE[: -len(b"-\r\n")],
    ],
)
def test_a_form_that_breaks_off_is_refused_and_nothing_is_written(
    importer: httpx2.Client, server: RunningServer, body: bytes
) -> None:
    before = server.serving.service.head()

    answer = importer.post("/imports/records?complete&wait", content=body, headers=FORM)

    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_FILE")
    assert "ends in the middle" in answer.json()["message"]
    assert server.serving.service.head() == before


@pytest.mark.parametrize("tail", [b"", b"\r\n", b"what comes after the end does not count"])
def test_a_whole_form_is_taken_with_or_without_a_last_line_break(
    importer: httpx2.Client, tail: bytes
) -> None:
    body = WHOLE[: -len(b"\r\n")] + tail

    answer = importer.post("/imports/records?wait", content=body, headers=FORM)

    assert answer.status_code == 200, answer.text
    assert answer.json()["report"]["read"]["records_by_class"] == {"Rack": 10}
