"""Does what takes longer than a request may still come to its end through a server?"""

from __future__ import annotations

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
