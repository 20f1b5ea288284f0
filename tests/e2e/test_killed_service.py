"""When database or server are killed under load, does it come back with all it acknowledged?"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx2
import pytest

from tests.e2e.serve_process import Place, ServeProcess
from tests.e2e.working import Crowd, check_all_told, check_nothing_lost, prepare
from tests.peers.neo4j_server import LONG_TERM, Neo4jServer
from tests.peers.neo4j_somewhere import Address
from tests.peers.unavailable import skipped_where_unavailable

pytestmark = [pytest.mark.kill, pytest.mark.timeout(1_200)]

IS_LONG = os.environ.get("CMDB_TEST_SIZE") == "long"
ROUNDS = 3 if IS_LONG else 1
AT_WORK_SECONDS = 5 if IS_LONG else 3
RECOVERY_SECONDS = 180
WRITERS, READERS, BY_EVENTS, BY_SOCKET = 6, 4, 2, 2
AWAY = {"DATABASE_UNAVAILABLE"}
"""What clients may be told while the database is away."""
GONE = {"SERVER_UNAVAILABLE"}
"""What the client says while the server is."""
_POLL_SECONDS = 0.1
_PATHS = ("/healthz", "/readyz")


class Health:
    """What a server says of itself, over time; each status is noted when it differs."""

    def __init__(self, server: ServeProcess) -> None:
        self.seen: dict[str, list[int]] = {}
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            for path in _PATHS:
                status = self._server.status(path)
                seen = self.seen.setdefault(path, [])
                if not seen or seen[-1] != status:
                    seen.append(status)
            self._over.wait(_POLL_SECONDS)


@pytest.fixture
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    with skipped_where_unavailable():
        started = Neo4jServer(LONG_TERM, tmp_path_factory.mktemp("killed"))
    with started:
        yield started


@pytest.mark.server
def test_a_database_killed_under_load_comes_back_without_a_restart_of_the_service(
    database: Neo4jServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = Address(database.url, database.user, database.password)
    place = Place(tmp_path, address)
    with ServeProcess(place, place.make_administrator(), tmp_path / "serve.log") as server:
        prepare(server)
        for number in range(ROUNDS):
            crowd = Crowd(server, WRITERS, READERS, BY_EVENTS, BY_SOCKET, name=f"round{number}")
            with Health(server) as health:
                asyncio.run(crowd.work(asyncio.to_thread(kill_database, database, server, crowd)))

            tell(capsys, crowd)
            assert set(crowd.noted.errors) == AWAY, crowd.noted.messages
            assert health.seen == {"/healthz": [200], "/readyz": [200, 503, 200]}
            assert '"defect"' not in server.log_text()
            check_nothing_lost(server, crowd.noted)
            check_all_told(crowd.subscribers)


def kill_database(database: Neo4jServer, server: ServeProcess, crowd: Crowd) -> None:
    work_for_a_while(crowd)
    database.kill9()
    assert status_of_a_question(server) == (503, "DATABASE_UNAVAILABLE")
    database.start()
    server.wait_until_ready(RECOVERY_SECONDS)
    work_for_a_while(crowd)


def status_of_a_question(server: ServeProcess) -> tuple[int, str]:
    """Return status and code of a question that only the database can answer."""
    headers = {"Authorization": f"Bearer {server.secret}"}
    body = {"query": "{ cis(first: 1) { nodes { id } } }"}
    answer = httpx2.post(
        f"{server.address}/graphql", json=body, headers=headers, timeout=60, trust_env=False
    )
    told = answer.json()
    error = told["errors"][0]["extensions"] if "errors" in told else told
    return answer.status_code, str(error["code"])


@pytest.mark.load
def test_a_server_killed_under_load_has_everything_it_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path / "data")
    with ServeProcess(place, place.make_administrator(), tmp_path / "serve.log") as server:
        prepare(server)
        for number in range(ROUNDS):
            crowd = Crowd(server, WRITERS, READERS, BY_EVENTS, BY_SOCKET, name=f"round{number}")
            asyncio.run(crowd.work(asyncio.to_thread(kill_server, server, crowd)))

            tell(capsys, crowd)
            assert set(crowd.noted.errors) == GONE, crowd.noted.messages
            check_nothing_lost(server, crowd.noted)
            check_all_told(crowd.subscribers)


def kill_server(server: ServeProcess, crowd: Crowd) -> None:
    work_for_a_while(crowd)
    server.kill9()
    time.sleep(_POLL_SECONDS)
    server.start()
    work_for_a_while(crowd)


def work_for_a_while(crowd: Crowd) -> None:
    """Return after some time in which at least some writes were acknowledged."""
    before = len(crowd.noted.acknowledged)
    began = time.monotonic()
    while (
        len(crowd.noted.acknowledged) < before + 3 * WRITERS
        or time.monotonic() < began + AT_WORK_SECONDS
    ):
        assert time.monotonic() < began + RECOVERY_SECONDS, crowd.noted.errors
        time.sleep(_POLL_SECONDS)


def tell(capsys: pytest.CaptureFixture[str], crowd: Crowd) -> None:
    """Print what happened; the numbers are part of what these tests are for."""
    noted = crowd.noted
    with capsys.disabled():
        print(
            f"\n  {len(noted.acknowledged)} writes acknowledged, {len(noted.read_seconds)} reads; "
            f"errors met: {dict(noted.errors)} ",
            end="",
        )
