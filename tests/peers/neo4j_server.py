"""A true Neo4j community server on loopback, which tests may start, stop and kill."""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import neo4j

from tests.peers.java import find_java
from tests.peers.neo4j_jars import neo4j_jars
from tests.peers.ports import LOOPBACK, free_port, wait_for_port
from tests.peers.unavailable import PeerUnavailable

LONG_TERM = "5.26.12"
CURRENT = "2026.08.1"

# version: main class, oldest and newest Java it runs on
_KNOWN = {
    LONG_TERM: ("org.neo4j.server.CommunityEntryPoint", 17, 21),
    CURRENT: ("org.neo4j.server.Neo4jCommunity", 21, 25),
}
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
_START_SECONDS = 180
_STOP_SECONDS = 60

_CONFIGURATION = """\
server.default_listen_address={host}
server.bolt.listen_address={host}:{port}
server.bolt.advertised_address={host}:{port}
server.http.enabled=false
server.https.enabled=false
dbms.security.auth_enabled=false
dbms.usage_report.enabled=false
server.memory.pagecache.size=64m
"""


class Neo4jServer:
    """One server with a home folder and a port of its own, kept over stops and kills.

    Args:
        version: `LONG_TERM` or `CURRENT`.
        home: an empty folder, or one that a server of this class used before.
        heap: largest Java heap.

    Raises:
        PeerUnavailable: no fitting Java, or no jars.
    """

    def __init__(self, version: str, home: Path, *, heap: str = "1g") -> None:
        main, oldest, newest = _KNOWN[version]
        java = find_java(oldest, newest)
        if java is None:
            raise PeerUnavailable(f"Neo4j {version}: no Java {oldest} to {newest} found")
        jars = neo4j_jars(version)
        self.version = version
        self.home = home
        self.port = free_port()
        self.url = f"bolt://{LOOPBACK}:{self.port}"
        self.user = ""  # auth is off: the server listens on loopback only
        self.password = ""
        self._command = [
            str(java),
            f"-Xmx{heap}",
            *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
            "-cp",
            f"{jars}/*",
            main,
            f"--home-dir={home}",
            f"--config-dir={home / 'conf'}",
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    def start(self, more: str = "") -> None:
        """Return when the server answers a query; `more` lines of configuration hold this once."""
        for name in ("conf", "data", "logs", "run", "plugins", "import"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        text = _CONFIGURATION.format(host=LOOPBACK, port=self.port)
        (self.home / "conf" / "neo4j.conf").write_text(text + more, encoding="utf-8")
        self._output = (self.home / "logs" / "output.log").open("ab")
        self._process = subprocess.Popen(
            self._command, stdout=self._output, stderr=self._output, cwd=self.home
        )
        try:
            self._wait_until_it_answers(self._process)
        except BaseException:
            self.kill9()
            raise

    def stop(self) -> None:
        """End it in order."""
        self._end("terminate")

    def kill9(self) -> None:
        """End it as a power cut would."""
        self._end("kill")

    def restart(self) -> None:
        """Start it again on the same port and data."""
        self.stop()
        self.start()

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _end(self, how: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            getattr(process, how)()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        output, self._output = self._output, None
        if output is not None:
            output.close()

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS

        def is_alive() -> bool:
            return process.poll() is None

        while wait_for_port(self.port, seconds=deadline - time.monotonic(), alive=is_alive):
            with (
                contextlib.suppress(neo4j.exceptions.Neo4jError, neo4j.exceptions.DriverError),
                neo4j.GraphDatabase.driver(self.url, max_transaction_retry_time=0) as driver,
            ):
                driver.execute_query("RETURN 1")
                return
            time.sleep(0.2)
        lines = (self.home / "logs" / "output.log").read_text(errors="replace").splitlines()
        raise RuntimeError(f"Neo4j {self.version} did not start: {' | '.join(lines[-5:])}")
