"""Does what takes longer than a request may still come to its end through a server?"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from cmdb.client import Client
from cmdb.errors import LimitExceeded
from cmdb.services import verify_log as verifying
from cmdb.settings import ServerSettings
from cmdb.store.graph_store import GraphStore
from tests.api.http.running_server import running_server
from tests.api.http.test_pushes import EVENTS, parsed, receive, socket

SLOW_SECONDS = 0.2
ENTRIES = 8


def test_a_log_that_takes_longer_than_a_request_may_is_verified_in_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ServerSettings(request_seconds=1, long_request_seconds=1)
    read = GraphStore.stored_entries

    def slowly(self: GraphStore, first: int, last: int) -> Any:
        time.sleep(SLOW_SECONDS * (last - first + 1))
        return read(self, first, last)

    with running_server(tmp_path, settings) as running:
        for number in range(ENTRIES):
            _ = running.token("viewer", actor=f"v{number}")
        secret = running.token("administrator")
        revision = running.serving.service.head().revision
        monkeypatch.setattr(GraphStore, "stored_entries", slowly)
        monkeypatch.setattr(verifying, "_SMALL_BATCH", 1)
        told: list[tuple[int, int]] = []

        with Client(running.address, secret) as client:
            report = client.verify_log(progress=lambda _, done, total: told.append((done, total)))
        at_once = running.ask("{ verifyLog { entries } }").json()

    assert report.entries == report.until.revision == revision > ENTRIES
    assert not report.has_next
    assert len(told) > 1
    assert told[-1] == (revision, revision)
    assert at_once["errors"][0]["extensions"]["code"] == LimitExceeded.code


def test_the_time_limit_holds_whichever_way_the_answer_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"query": '{ search(text: "anything") { text } }'}
    pause = 6.0

    def slowly(*_: Any) -> list[Any]:
        time.sleep(pause)
        return []

    with (
        running_server(tmp_path, ServerSettings(request_seconds=1)) as running,
        running.client("viewer") as client,
        socket(running, running.token("viewer")) as opened,
    ):
        receive(opened)
        monkeypatch.setattr(GraphStore, "search", slowly)
        began = time.monotonic()
        posted = client.post("/graphql", json=asked).json()
        with client.stream("POST", "/graphql", json=asked, headers=EVENTS) as answer:
            by_events = json.loads(next(parsed(answer.iter_lines()))["data"])
        opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": asked}))
        by_socket = receive(opened)["payload"]
        took = time.monotonic() - began
        pause = 0.0
        in_time = client.post("/graphql", json=asked, headers=EVENTS).text

    for told in (posted, by_events, by_socket):
        assert told["errors"][0]["extensions"]["code"] == LimitExceeded.code
        assert told["errors"][0]["extensions"]["facts"]["limit"] == "seconds"
    assert 3 <= took < 6
    assert '"data":{"search":{"text":"anything"}}' in in_time
