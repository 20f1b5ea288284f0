"""While Neo4j is away, is everybody told at once, and is its return noticed within moments?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from cmdb.bootstrap import open_service
from cmdb.server.serving import Serving
from cmdb.settings import ServerSettings, Settings
from tests.api.http.running_server import RunningServer, served
from tests.peers.neo4j_server import LONG_TERM, Neo4jServer
from tests.peers.unavailable import PeerUnavailable, skip_loudly

pytestmark = [pytest.mark.server, pytest.mark.kill, pytest.mark.timeout(900)]

FIRST_SECONDS = 3.0
KNOWN_SECONDS = 1.0
RETURN_SECONDS = 10.0
"""Far more than it takes where the machine is not busy with the start of the database."""
WRITE = """mutation { retireCi(input: {ci: "R"}) { __typename } }"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Neo4jServer]:
    try:
        started = Neo4jServer(LONG_TERM, tmp_path / "neo4j")
    except PeerUnavailable as reason:
        skip_loudly(str(reason))
    with started:
        yield started


@pytest.fixture
def running(database: Neo4jServer, tmp_path: Path) -> Iterator[RunningServer]:
    settings = Settings(data_dir=tmp_path / "data", database_url=database.url)
    with served(Serving(open_service(settings), ServerSettings())) as made:
        yield made


def timed(client: httpx2.Client, body: str = "") -> tuple[int, str, float]:
    """Return status, code and seconds of a document, or of the question whether it is ready."""
    began = time.monotonic()
    answer = client.post("/graphql", json={"query": body}) if body else client.get("/readyz")
    seconds = time.monotonic() - began
    told = answer.json()
    error = told["errors"][0]["extensions"] if "errors" in told else told
    return answer.status_code, str(error.get("code", "")), seconds


def test_an_outage_costs_the_first_a_moment_and_the_others_nothing(
    database: Neo4jServer, running: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    away = (503, "DATABASE_UNAVAILABLE")
    question = "{ classes { classes { name } } }"
    with running.client("administrator") as client:
        assert timed(client, question)[0] == 200
        database.kill9()

        first = timed(client, question)
        later = [timed(client, body) for body in ["", question, WRITE] * 5]

        database.start()
        began = time.monotonic()
        while timed(client)[0] != 200:
            assert time.monotonic() - began < RETURN_SECONDS
            time.sleep(0.05)
        back = time.monotonic() - began
        answered = timed(client, question)[0]

    slowest = max(seconds for _, _, seconds in later)
    with capsys.disabled():
        print(f"\n  first {first[2]:.2f} s, then at most {slowest:.3f} s; back in {back:.2f} s ")
    assert {told[:2] for told in [first, *later]} == {away}
    assert first[2] <= FIRST_SECONDS
    assert slowest <= KNOWN_SECONDS
    assert answered == 200
