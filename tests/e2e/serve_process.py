"""A `cmdb serve` of a process of its own, which tests may stop, kill and start where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx2
import psutil

from cmdb.client import Client, Retries
from cmdb.model.access import NewToken
from cmdb.ports import EditReason
from cmdb.store.neo4j import open_neo4j
from tests.peers.neo4j_server import LONG_TERM
from tests.peers.neo4j_somewhere import Address, neo4j_somewhere
from tests.peers.ports import LOOPBACK, free_port
from tests.peers.unavailable import skipped_where_unavailable

ROOT = Path(__file__).parents[2]
START_SECONDS = 180
STOP_SECONDS = 60
PATIENT = Retries(attempts=10_000, longest_pause=0.5, give_up_after=600)
"""For those who are to live through a server that is away for a while."""
IMPATIENT = Retries(attempts=1)
"""For those who are to see every error."""
_UNHURRIED = {"CMDB_REQUEST_SECONDS": "300"}
"""A busy computer is no reason to refuse: what is judged here is what is written and told."""
_WIPE = "MATCH (n) WITH n LIMIT 10000 DETACH DELETE n RETURN count(n) AS gone"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database of a server is: in a folder, or in a Neo4j."""

    folder: Path
    neo4j: Address | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The environment of processes that work on it."""
        kept = {key: value for key, value in os.environ.items() if key != "CMDB_URL"}
        kept |= {"CMDB_DATA_DIR": str(self.folder), "CMDB_ACTOR": "keeper"}
        if self.neo4j is not None:
            kept |= {
                "CMDB_DATABASE_URL": self.neo4j.url,
                "CMDB_DATABASE_USER": self.neo4j.user,
                "CMDB_DATABASE_PASSWORD": self.neo4j.password,
            }
        return kept

    def make_administrator(self) -> str:
        """Return the secret of the first token, made on the database itself."""
        self.json("init")
        return str(self.json("token", "create", "keeper", "--role", "administrator")["secret"])

    def json(self, *words: str) -> Any:
        """Return what a command on the database itself answers; no server may have a folder."""
        command = [sys.executable, "-m", "cmdb", *words, "--json"]
        ended = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended
        return json.loads(ended.stdout)


class ServeProcess:
    """One server with a port of its own, kept over stops and kills.

    Args:
        place: Its database.
        secret: The token of an administrator.
        log: File for what it says.
        settings: Further environment variables.
    """

    def __init__(self, place: Place, secret: str, log: Path, **settings: str) -> None:
        self.place = place
        self.secret = secret
        self._log = log
        self._port = free_port()
        self._settings = settings
        self._process: subprocess.Popen[str] | None = None
        self.address = f"http://{LOOPBACK}:{self._port}"

    def start(self) -> None:
        """Return when it is ready."""
        command = [sys.executable, "-m", "cmdb", "serve", "--port", str(self._port), "--json"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self.place.environment, **_UNHURRIED, **self._settings},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        with self._process.stdout as said:
            told = said.readline()
        assert told, self._log.read_text("utf-8")[-2_000:]
        self.wait_until_ready()

    def stop(self) -> None:
        """End it in order."""
        assert self._end(signal.SIGTERM) == 0, self._log.read_text("utf-8")[-2_000:]

    def kill9(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    @property
    def memory_bytes(self) -> int:
        """Its resident memory."""
        assert self._process is not None
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Return when it says that it is ready."""
        deadline = time.monotonic() + seconds
        while self.status("/readyz") != 200:
            assert time.monotonic() < deadline, self._log.read_text("utf-8")[-2_000:]
            time.sleep(0.05)

    def status(self, path: str) -> int:
        """Return the status of an address that asks for no token, 0 where nobody answers."""
        try:
            return int(httpx2.get(self.address + path, timeout=60, trust_env=False).status_code)
        except httpx2.TransportError:
            return 0

    def token(self, actor: str, *roles: str, source: str = "") -> str:
        """Return the secret of a new token."""
        with self.client() as client:
            made = client.create_token(NewToken(actor, roles or (actor,), source), EditReason())
        return made.secret

    def client(self, secret: str = "", retries: Retries = PATIENT) -> Client:
        """Return a client with a token, by default that of the administrator."""
        return Client(self.address, secret or self.secret, retries=retries)

    def log_text(self) -> str:
        """Return what it has said."""
        return self._log.read_text("utf-8")

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it, if it still runs."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(STOP_SECONDS)
        process.kill()
        return process.wait()


@contextmanager
def neo4j_or_skip(home: Path) -> Iterator[Address]:
    """Lend a Neo4j, or skip loudly."""
    with ExitStack() as stack:
        with skipped_where_unavailable():
            address = stack.enter_context(neo4j_somewhere(LONG_TERM, home))
        yield address


def wipe(address: Address) -> None:
    """Remove everything from a Neo4j."""
    connection = open_neo4j(address.url, address.user, address.password)
    try:
        while connection.write(lambda tx: tx.run(_WIPE))[0][0]:
            pass
    finally:
        connection.close()
