"""Does an import survive `kill -9` at any moment: nothing acknowledged lost, nothing by half?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cmdb.bootstrap import SystemClock
from cmdb.model.inventory import ImportRun
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from tests.kills.child import open_connection
from tests.kills.estate import write_estate
from tests.kills.graph import check_whole, picture, read_graph
from tests.kills.process import STAGES, Ended, Moment, draw_moments, run_child
from tests.peers.neo4j_server import LONG_TERM, Neo4jServer
from tests.peers.unavailable import skipped_where_unavailable

IS_LONG = os.environ.get("CMDB_TEST_SIZE") == "long"
KILLS = 50 if IS_LONG else 8
SERVER_KILLS = 10 if IS_LONG else 2
RECORDS = 1_500
SEED = 20_300_101
PHASES = ("records", "links")
_WIPE = "MATCH (n) WITH n LIMIT 10000 DETACH DELETE n RETURN count(n) AS gone"


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """An import that nobody killed: its input, its time line, and what it left behind."""

    file: Path
    ended: Ended
    picture: dict[str, Any]

    def moments(self, count: int, stages: tuple[str, ...]) -> list[Moment]:
        return draw_moments(self.ended, count, SEED, stages)


@contextlib.contextmanager
def opened(place: str) -> Iterator[tuple[Connection, GraphStore]]:
    """The database, opened as any process would open it after the kill."""
    connection = open_connection(place)
    try:
        store = GraphStore(connection, SystemClock())
        store.setup()
        yield connection, store
    finally:
        connection.close()


def whole_picture(place: str) -> dict[str, Any]:
    with opened(place) as (connection, store):
        graph = read_graph(connection, store)
    check_whole(graph)
    return picture(graph)


def left_behind(place: str, killed: Ended) -> list[ImportRun]:
    """The runs found after a kill, once all that was acknowledged is there and none by half."""
    with opened(place) as (connection, store):
        graph = read_graph(connection, store)
        runs = store.find_runs()
    assert graph.head.revision >= killed.acknowledged
    check_whole(graph)
    phase, done = killed.progress()
    if phase:
        (run,) = runs
        assert (PHASES.index(run.phase), run.done) >= (PHASES.index(phase), done)
    return runs


def finish(undisturbed: Undisturbed, place: str, runs: list[ImportRun]) -> Ended:
    """Import again to the end, taking up the run that was killed, if one had begun."""
    resumed = run_child(undisturbed.file, place)

    assert resumed.report["is_resumed"] == any(run.state != "finished" for run in runs)
    assert whole_picture(place) == undisturbed.picture
    return resumed


def report(
    capsys: pytest.CaptureFixture[str], which: str, moment: Moment, killed: Ended, resumed: Ended
) -> None:
    """Print where the kill fell; the numbers are part of what these tests are for."""
    said = " ".join(killed.lines[moment.lines - 1].words[:4])
    last = " ".join(killed.last[:4])
    how = "resumed" if resumed.report["is_resumed"] else "nothing to resume"
    with capsys.disabled():
        print(
            f"\n  {which}: in {moment.stage}, {moment.seconds * 1000:.0f} ms after '{said}'; "
            f"last words '{last}'; {how} ",
            end="",
        )


# Embedded


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    file = folder / "estate.jsonl"
    write_estate(file, seed=SEED, size=RECORDS)
    ended = run_child(file, str(folder / "graph"))
    assert not ended.report["is_resumed"]
    return Undisturbed(file, ended, whole_picture(str(folder / "graph")))


@pytest.mark.kill
def test_the_estate_to_be_imported_has_something_of_everything(undisturbed: Undisturbed) -> None:
    seen = undisturbed.picture

    assert len(seen["cis"]) > RECORDS / 2
    assert max(len(records) for records in seen["cis"]) >= 3
    assert len(seen["relationships"]) > RECORDS / 2
    assert seen["pending"]
    assert any(contested for _, contested, _ in seen["identifiers"].values())
    assert {"in_use", "retired"} <= {row["lifecycle"] for row in seen["cis"].values()}
    assert undisturbed.ended.acknowledged > 40


@pytest.mark.kill
@pytest.mark.parametrize("number", range(KILLS))
def test_an_embedded_import_survives_a_kill(
    number: int, undisturbed: Undisturbed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moment = undisturbed.moments(KILLS, STAGES)[number]
    place = str(tmp_path / "graph")

    killed = run_child(undisturbed.file, place, moment)
    resumed = finish(undisturbed, place, left_behind(place, killed))

    assert killed.code == -9 or killed.last[0] == "done", killed.errors
    report(capsys, f"{number + 1} of {KILLS}", moment, killed, resumed)


# Neo4j


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    with skipped_where_unavailable():
        started = Neo4jServer(LONG_TERM, tmp_path_factory.mktemp("neo4j"))
    with started:
        yield started


@pytest.fixture(scope="module")
def undisturbed_on_server(server: Neo4jServer, undisturbed: Undisturbed) -> Undisturbed:
    ended = run_child(undisturbed.file, server.url)
    assert not ended.report["is_resumed"]
    assert whole_picture(server.url) == undisturbed.picture
    return Undisturbed(undisturbed.file, ended, undisturbed.picture)


def wipe(place: str) -> None:
    with opened(place) as (connection, _):
        while connection.write(lambda tx: tx.run(_WIPE))[0][0]:
            pass


@pytest.mark.kill
@pytest.mark.server
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("number", range(SERVER_KILLS))
def test_an_import_survives_a_kill_of_its_server(
    number: int,
    server: Neo4jServer,
    undisturbed_on_server: Undisturbed,
    capsys: pytest.CaptureFixture[str],
) -> None:
    moment = undisturbed_on_server.moments(SERVER_KILLS, PHASES)[number]
    wipe(server.url)

    killed = run_child(undisturbed_on_server.file, server.url, moment, server.kill9)
    server.start()
    runs = left_behind(server.url, killed)
    resumed = finish(undisturbed_on_server, server.url, runs)

    said = killed.last[:2]
    assert said == ("error", "DATABASE_UNAVAILABLE") or said[0] == "done", (said, killed.errors)
    report(capsys, f"server, {number + 1} of {SERVER_KILLS}", moment, killed, resumed)
