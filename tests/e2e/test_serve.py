"""Does a real server start, let the first person in, and end without losing what it promised?"""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx2

from tests.e2e.command_line import CommandLine
from tests.e2e.serving_process import ServingProcess, serving_process

ADD = "mutation($i: AddCIInput!) { addCi(input: $i) { __typename } }"


def graphql(client: httpx2.Client, query: str, **variables: Any) -> dict[str, Any]:
    answer = client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert "errors" not in found, found
    return found


def test_the_first_start_lets_one_person_in_and_the_next_ones_nobody(
    own_estate: CommandLine,
) -> None:
    with serving_process(own_estate.data_dir) as server:
        secret = server.first_token()
        with server.client(secret) as client:
            found = graphql(client, "{ cis(first: 3) { nodes { name } } whoami { actor } }")
            again = client.post("/start", json={"code": server.first_address.partition("#")[2]})
        code = server.stop()
        log = server.log.read_text(encoding="utf-8")
    with serving_process(own_estate.data_dir) as second:
        with second.client(secret) as client:
            still = client.get("/metrics").status_code
        second.stop()

    assert len(found["data"]["cis"]["nodes"]) == 3
    assert again.status_code == 401
    assert code == 0
    assert second.first_address == ""
    assert still == 200
    assert secret not in log
    assert server.first_address.partition("#")[2] not in log
    assert all(json.loads(line)["level"] for line in log.splitlines())


def test_a_server_open_to_others_starts_only_once_somebody_can_be_known(
    own_estate: CommandLine,
) -> None:
    refused = own_estate("serve", "--host", "0.0.0.0", "--port", "0", "--json")
    own_estate.json("token", "create", "ada", "--role", "administrator")
    with serving_process(own_estate.data_dir, "--host", "0.0.0.0") as server:
        port = server.address.rpartition(":")[2]
        alive = httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code
        code = server.stop()

    assert refused.code == 2
    assert refused.json["error"]["code"] == "BAD_SETTINGS"
    assert "token create" in refused.json["error"]["message"]
    assert (alive, code, server.first_address) == (200, 0, "")


def test_a_port_that_is_taken_is_told(own_estate: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = own_estate("serve", "--port", taken.getsockname()[1], "--json")

    assert ended.code == 2
    assert "cannot be listened on" in ended.json["error"]["message"]


def test_what_was_acknowledged_before_a_stop_is_kept(own_estate: CommandLine) -> None:
    acknowledged: list[str] = []
    with serving_process(own_estate.data_dir) as server:
        secret = server.first_token()
        writers = [
            threading.Thread(target=write_on, args=(server, secret, number, acknowledged))
            for number in range(4)
        ]
        for writer in writers:
            writer.start()
        until = time.monotonic() + 60
        while len(acknowledged) < 8 and time.monotonic() < until:
            time.sleep(0.02)
        code = server.stop()
        for writer in writers:
            writer.join()

    kept = own_estate.json("log", "list", "--limit", "1000")
    reasons = {entry["reason"] for entry in kept["entries"]}
    assert code == 0
    assert len(acknowledged) >= 8
    assert set(acknowledged) <= reasons
    assert own_estate("log", "verify").code == 0


def write_on(server: ServingProcess, secret: str, number: int, acknowledged: list[str]) -> None:
    """Write until the server refuses to listen, and note what it acknowledged."""
    with server.client(secret) as client:
        for turn in range(10_000):
            name = f"rack {number}-{turn}"
            given = {"class": "Rack", "name": name, "reason": name}
            try:
                answer = client.post("/graphql", json={"query": ADD, "variables": {"i": given}})
            except httpx2.TransportError:
                return
            if answer.status_code != 200 or "errors" in answer.json():
                return
            acknowledged.append(name)


def test_an_import_ends_at_a_whole_batch_and_goes_on_when_sent_again(
    own_estate: CommandLine, tmp_path: Path
) -> None:
    body = b'{"format": "cmdb-records", "version": 1}\n' + b"".join(
        b'{"class": "Rack", "key": "%d", "name": "bulk %d"}\n' % (number, number)
        for number in range(8_000)
    )
    with serving_process(own_estate.data_dir) as server:
        with server.client(server.first_token()) as client:
            answer = client.post("/imports/records?source=bulk", content=body)
            place = answer.headers["location"]
            until = time.monotonic() + 120
            while client.get(place).json()["state"] == "reading" and time.monotonic() < until:
                time.sleep(0.02)
        code = server.stop()
        log = server.log.read_text(encoding="utf-8")

    (run,) = [r for r in own_estate.json("import-runs")["runs"] if r["source"] == "bulk"]
    path = tmp_path / "bulk.jsonl"
    path.write_bytes(body)
    again = own_estate.json("import", "records", path, "--source", "bulk")
    assert code == 0
    assert '"state": "interrupted"' in log
    assert run["state"] == "interrupted"
    assert again["is_resumed"]
    assert own_estate("log", "verify").code == 0
