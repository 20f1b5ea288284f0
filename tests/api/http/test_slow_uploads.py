"""Does an upload that stands still give its place to others, and a steady one come in?"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import httpx2
import pytest

from cmdb.server.import_jobs import WAITING_PER_PLACE
from cmdb.settings import ServerSettings
from tests.api.http.running_server import RunningServer, running_server
from tests.api.http.sending import records
from tests.api.http.slow_upload import SlowUpload

SECONDS, RATE = 0.5, 40
SETTINGS = ServerSettings(imports_at_once=1, upload_seconds=SECONDS, upload_rate_bytes=RATE)
MOST = 1 + WAITING_PER_PLACE
PLACE = "/imports/records?wait"
BODY = records(*(f"SU-{number}" for number in range(4)))
LIMIT = "seconds of waiting for the bytes of an import"


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("slow"), SETTINGS) as running:
        yield running


@pytest.fixture
def token(slow_server: RunningServer) -> str:
    return slow_server.token("importer", source="tool")


def test_connections_that_stand_still_are_refused_and_leave_their_places(
    slow_server: RunningServer, token: str
) -> None:
    with contextlib.ExitStack() as stack:
        made = [SlowUpload(slow_server.address, token, PLACE, len(BODY)) for _ in range(MOST)]
        uploads = [stack.enter_context(upload) for upload in made]
        for upload in uploads:
            upload.send(b"{")
        answers = [upload.answer() for upload in uploads]
    headers = {"Authorization": f"Bearer {token}"}
    after = httpx2.post(slow_server.address + PLACE, content=BODY, headers=headers, timeout=60)

    assert [status for status, _ in answers] == [408] * MOST
    assert all("LIMIT_EXCEEDED" in told and LIMIT in told for _, told in answers)
    assert after.status_code == 200, after.text


def test_bytes_that_trickle_are_refused(slow_server: RunningServer, token: str) -> None:
    began = time.monotonic()
    with SlowUpload(slow_server.address, token, PLACE, len(BODY)) as upload:
        for place in range(6):
            upload.send(BODY[place : place + 1])
            time.sleep(SECONDS / 4)
        status, told = upload.answer()

    assert status == 408
    assert LIMIT in told
    assert "must come" in told
    assert time.monotonic() - began < 20 * SECONDS


def test_an_upload_that_is_slow_but_steady_comes_in(slow_server: RunningServer, token: str) -> None:
    pauses, step = 10, len(BODY) // 10 + 1
    with SlowUpload(slow_server.address, token, PLACE, len(BODY)) as upload:
        for start in range(0, len(BODY), step):
            upload.send(BODY[start : start + step])
            time.sleep(SECONDS / 4)
        status, told = upload.answer()

    assert step / (SECONDS / 4) > RATE
    assert pauses * SECONDS / 4 > 2 * SECONDS
    assert status == 200, told
