"""The databases that the contract suite runs over: one fixture, every engine this computer has.

Only the embedded engine is there always; the others are marked `server`. A server that cannot be
had is a loud skip, and a failure where `CI=true`.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdb.store.arcadedb import open_arcadedb
from cmdb.store.connection import Connection
from cmdb.store.neo4j import open_neo4j
from tests.contract.practice_estate import Shop
from tests.peers.arcadedb_bolt import DATABASE, ArcadeDBBolt
from tests.peers.neo4j_server import CURRENT, LONG_TERM
from tests.peers.neo4j_somewhere import neo4j_somewhere
from tests.peers.unavailable import PeerUnavailable, skip_loudly

EMBEDDED = "arcadedb"
SERVERS = {"arcadedb-bolt": None, "neo4j-5": LONG_TERM, "neo4j-current": CURRENT}
KINDS = [EMBEDDED, *(pytest.param(name, marks=pytest.mark.server) for name in SERVERS)]

_WIPE = "MATCH (n) WITH n LIMIT 10000 DETACH DELETE n RETURN count(n) AS gone"


class Engines:
    """Every database of this run, started when first asked for and kept until the end."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._open: dict[str, Connection] = {}
        self._missing: dict[str, str] = {}

    def connection(self, kind: str) -> Connection:
        """The connection to that engine; its database may hold what earlier tests left."""
        if kind in self._missing:
            skip_loudly(self._missing[kind])
        if kind not in self._open:
            try:
                self._open[kind] = self._start(kind)
            except PeerUnavailable as reason:
                self._missing[kind] = str(reason)
                skip_loudly(str(reason))
        return self._open[kind]

    def _start(self, kind: str) -> Connection:
        folder = self._folder / kind
        connection: Connection
        if kind == EMBEDDED:
            connection = open_arcadedb(folder)
        elif (version := SERVERS[kind]) is None:
            peer = self._stack.enter_context(ArcadeDBBolt(folder))
            over_bolt = open_neo4j(peer.url, peer.user, peer.password, DATABASE)
            # Schema texts are the one thing that this engine does not take over Bolt.
            over_bolt.setup = peer.setup  # type: ignore[method-assign]
            connection = over_bolt
        else:
            address = self._stack.enter_context(neo4j_somewhere(version, folder))
            connection = open_neo4j(address.url, address.user, address.password)
        self._stack.callback(connection.close)
        return connection


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """The databases of this run."""
    with contextlib.ExitStack() as stack:
        yield Engines(tmp_path_factory.mktemp("engines"), stack)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The name of the engine that the test runs over."""
    return str(request.param)


@pytest.fixture
def connection(kind: str, engines: Engines) -> Connection:
    """An empty database of that engine."""
    connection = engines.connection(kind)
    while connection.write(lambda tx: tx.run(_WIPE))[0][0]:
        pass
    return connection


@pytest.fixture
def shop(connection: Connection) -> Shop:
    """The small shop, in that database."""
    return Shop(connection)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which engines were judged, so that a run without servers never looks like a full one."""
    seen = Counter(
        (engine, outcome)
        for outcome in ("passed", "failed", "error", "skipped")
        for report in terminalreporter.getreports(outcome)
        if (engine := _engine_of(report.nodeid))
    )
    terminalreporter.section("engines of the contract suite")
    for name in (EMBEDDED, *SERVERS):
        counts = [f"{number} {how}" for (engine, how), number in seen.items() if engine == name]
        terminalreporter.write_line(f"{name:15}{', '.join(counts) or 'not run'}")


def _engine_of(nodeid: str) -> str:
    inside = nodeid.partition("[")[2]
    names = [name for name in (EMBEDDED, *SERVERS) if inside.startswith(name)]
    return max(names, key=len, default="")
