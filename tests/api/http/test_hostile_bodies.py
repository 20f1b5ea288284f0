"""Are bodies refused that are too large, too slow, of another kind or cut short?

Every refusal has a twin just below the limit, asked of the same server.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cmdb.settings import ServerSettings
from tests.api.http.guarded import BODY_LIMIT, IMPORT_LIMIT, ask
from tests.api.http.running_server import RunningServer, running_server

BODY_SECONDS = 5


JSON = {"Content-Type": "application/json"}


def test_json_nested_without_end_is_refused_as_no_json(asking: httpx2.Client) -> None:
    def body(depth: int) -> bytes:
        deep = b"[" * depth + b"]" * depth
        return b'{"query": "{ __typename }", "extensions": ' + deep + b"}"

    refused = asking.post("/graphql", content=body(200_000), headers=JSON)
    answered = asking.post("/graphql", content=body(100), headers=JSON)

    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_VALUE")
    assert answered.json() == {"data": {"__typename": "Query"}}


def test_a_body_over_the_limit_is_refused_and_one_of_its_size_answered(
    asking: httpx2.Client,
) -> None:
    def body(size: int) -> bytes:
        frame = b'{"query": "{ __typename }", "note": "%s"}'
        return frame % (b"x" * (size - len(frame) + 2))

    refused = asking.post("/graphql", content=body(BODY_LIMIT + 1), headers=JSON)
    answered = asking.post("/graphql", content=body(BODY_LIMIT), headers=JSON)

    assert refused.status_code == 413
    assert refused.json()["facts"] == {
        "limit": "bytes of the body", "allowed": BODY_LIMIT, "found": BODY_LIMIT + 1
    }  # fmt: skip
    assert answered.json() == {"data": {"__typename": "Query"}}


def test_an_array_of_documents_is_refused_and_one_alone_answered(asking: httpx2.Client) -> None:
    one = {"query": "{ __typename }"}

    refused = asking.post("/graphql", json=[one] * 100)
    answered = asking.post("/graphql", json=one)

    assert (refused.status_code, refused.json()["code"]) == (400, "LIMIT_EXCEEDED")
    assert refused.json()["facts"]["limit"] == "arrays of documents"
    assert answered.status_code == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/graphql", 415),
        ("text/plain", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_of_another_type_is_refused(asking: httpx2.Client, kind: str, status: int) -> None:
    body = b'{"query": "{ __typename }"}'

    assert asking.post("/graphql", content=body, headers={"Content-Type": kind}).status_code == (
        status
    )


def records(size: int) -> bytes:
    """Return records of so many bytes, which inflate from few."""
    lines = b'{"format": "cmdb-records", "version": 1}\n'
    lines += b'{"class": "Rack", "key": "z", "name": "Z-1"}\n'
    return lines + b"\n" * (size - len(lines))


def test_a_small_body_that_inflates_beyond_the_limit_is_refused(asking: httpx2.Client) -> None:
    headers = {"Content-Encoding": "gzip"}
    bomb, fits = (gzip.compress(records(size)) for size in (50_000_000, IMPORT_LIMIT))
    assert len(bomb) < 100_000

    refused = asking.post("/imports/records?source=t&wait", content=bomb, headers=headers)
    answered = asking.post("/imports/records?source=t&wait", content=fits, headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (413, "LIMIT_EXCEEDED")
    facts = refused.json()["facts"]
    assert (facts["limit"], facts["allowed"]) == ("bytes of an import", IMPORT_LIMIT)
    # Reading ended at the first piece that was too much.
    assert IMPORT_LIMIT < facts["found"] <= IMPORT_LIMIT + (1 << 20)
    assert (answered.status_code, answered.json()["state"]) == (200, "finished")


def test_a_compressed_body_cut_short_is_refused(asking: httpx2.Client) -> None:
    headers = {"Content-Encoding": "gzip"}
    whole = gzip.compress(records(1_000))

    refused = asking.post("/imports/records?source=t&wait", content=whole[:-9], headers=headers)
    answered = asking.post("/imports/records?source=t&wait", content=whole, headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (422, "BAD_FILE")
    assert answered.json()["state"] == "finished"


class Wire:
    """A connection on which bytes go as they are given."""

    def __init__(self, server: RunningServer, announced: int) -> None:
        place = httpx2.URL(server.address)
        self.socket = socket.create_connection((place.host, place.port), timeout=30)
        secret = server.token("viewer")
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {place.host}:{place.port}\r\n"
            f"Authorization: Bearer {secret}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {announced}\r\nConnection: close\r\n\r\n"
        )
        self.socket.sendall(head.encode())

    def answer(self) -> tuple[int, dict[str, Any]]:
        """Return status and JSON of the answer, read to the end."""
        with self.socket, self.socket.makefile("rb") as stream:
            status = int(stream.readline().split()[1])
            size = 0
            while (line := stream.readline().strip().lower()) != b"":
                name, _, value = line.partition(b":")
                size = int(value) if name == b"content-length" else size
            return status, json.loads(stream.read(size))


def test_a_body_that_comes_too_slowly_is_refused_and_holds_up_nobody(tmp_path: Path) -> None:
    body = b'{"query": "{ __typename }"}'
    settings = ServerSettings(request_seconds=BODY_SECONDS)
    with running_server(tmp_path, settings) as running, running.client("viewer") as asking:
        slow = [Wire(running, len(body)) for _ in range(20)]
        patient = Wire(running, len(body))
        for wire in [*slow, patient]:
            wire.socket.sendall(body[:5])
        meanwhile = ask(asking, "{ __typename }")
        patient.socket.sendall(body[5:])
        answered = patient.answer()
        refused = [wire.answer() for wire in slow]

    assert meanwhile == {"data": {"__typename": "Query"}}
    assert answered == (200, {"data": {"__typename": "Query"}})
    assert {status for status, _ in refused} == {408}
    facts = refused[0][1]["facts"]
    assert (facts["limit"], facts["allowed"]) == ("seconds to send the body", BODY_SECONDS)
    assert facts["found"] >= BODY_SECONDS


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_defect(
    guarded: RunningServer, asking: httpx2.Client
) -> None:
    for _ in range(5):
        wire = Wire(guarded, 1_000)
        wire.socket.sendall(b'{"query": ')
        wire.socket.close()
    until = time.monotonic() + 20
    while (codes := codes_of_requests(asking))["CLIENT_LEFT"] < 5 and time.monotonic() < until:
        time.sleep(0.05)

    assert (codes["CLIENT_LEFT"], codes["INTERNAL"]) == (5, 0)
    assert ask(asking, "{ __typename }") == {"data": {"__typename": "Query"}}


def codes_of_requests(client: httpx2.Client) -> Counter[str]:
    """Return how many requests ended with each code."""
    codes: Counter[str] = Counter()
    for line in client.get("/metrics").text.splitlines():
        if found := re.match(r'cmdb_\w*requests_total\{.*code="(\w+)".*\} ([\d.]+)$', line):
            codes[found[1]] += int(float(found[2]))
    return codes
