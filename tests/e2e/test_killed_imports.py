"""Is an import of a server that was killed taken up, and found by every id that was told?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx2

from tests.e2e.command_line import CommandLine
from tests.e2e.serving_process import serving_process

RECORDS = 4_000
BODY = b'{"format": "cmdb-records", "version": 1}\n' + b"".join(
    b'{"class": "Rack", "key": "%d", "name": "bulk %d"}\n' % (number, number)
    for number in range(RECORDS)
)


def state_of(client: httpx2.Client, place: str) -> str:
    return str(client.get(place).json()["state"])


def wait_for(client: httpx2.Client, place: str, wanted: set[str]) -> str:
    until = time.monotonic() + 120
    while (state := state_of(client, place)) not in wanted and time.monotonic() < until:
        time.sleep(0.02)
    return state


def test_a_killed_import_goes_on_and_both_its_ids_are_found_after_another_restart(
    own_estate: CommandLine, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    secret = ""
    places: list[str] = []
    told: list[dict[str, Any]] = []
    for ends in ({"running", "finished"}, {"finished"}):
        with serving_process(own_estate.data_dir, TMPDIR=str(temporary)) as server:
            secret = secret or server.first_token()
            with server.client(secret) as client:
                told += [client.get(place).json() for place in places]
                answer = client.post("/imports/records?source=bulk", content=BODY)
                places.append(answer.headers["location"])
                wait_for(client, places[-1], ends)
                server.process.kill()
                server.process.wait()
    left = [*temporary.glob("cmdb-uploads-*")]
    with serving_process(own_estate.data_dir, TMPDIR=str(temporary)) as server:
        with server.client(secret) as client:
            told += [client.get(place).json() for place in places]
        server.stop()

    assert told[0]["state"] in ("interrupted", "finished")
    assert [run["state"] for run in told[1:]] == ["finished", "finished"]
    assert [f"/imports/{run['id']}" for run in told[1:]] == places
    assert len(left) == 1
    assert [*temporary.glob("cmdb-uploads-*")] == []
