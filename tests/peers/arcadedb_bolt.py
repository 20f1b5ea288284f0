"""The embedded engine as a server that speaks Bolt: one more judge of the Neo4j connection.

Run as a program it is the server; `ArcadeDBBolt` starts that program and stops it.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from cmdb.store.arcadedb import render
from cmdb.store.connection import Ddl
from tests.peers.ports import LOOPBACK, free_port, wait_for_port

DATABASE = "cmdb"
_PASSWORD_VARIABLE = "PEER_PASSWORD"
_START_SECONDS = 60
_ROOT = Path(__file__).parents[2]


class ArcadeDBBolt:
    """One server on loopback, with ports and a password of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"bolt://{LOOPBACK}:{self.port}"
        self.user = "root"
        self.password = secrets.token_urlsafe(16)
        self._http_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        module = [sys.executable, "-m", "tests.peers.arcadedb_bolt"]
        with (self.home / "output.log").open("ab") as output:
            self._process = process = subprocess.Popen(
                [*module, str(self.home), str(self.port), str(self._http_port)],
                env={**os.environ, _PASSWORD_VARIABLE: self.password},
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        # The HTTP port opens last.
        if not all(
            wait_for_port(port, seconds=_START_SECONDS, alive=lambda: process.poll() is None)
            for port in (self.port, self._http_port)
        ):
            said = (self.home / "output.log").read_text(errors="replace")[-500:]
            self.__exit__(None, None, None)
            raise RuntimeError(f"the Bolt server did not start: {said}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            process.kill()  # its data is thrown away, so nothing needs an orderly end
            process.wait()

    def setup(self, ddl: Sequence[Ddl]) -> None:
        """Create the schema, in the engine's own words: Bolt carries no SQL."""
        for statement in (text for item in ddl for text in render(item)):
            self._command(statement)

    def _command(self, statement: str) -> None:
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        request = urllib.request.Request(
            f"http://{LOOPBACK}:{self._http_port}/api/v1/command/{DATABASE}",
            data=json.dumps({"language": "sql", "command": statement}).encode(),
            headers={"Authorization": f"Basic {login}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - always http, to this machine
            answer.read()


def main(home: str, bolt_port: str, http_port: str) -> None:
    """Serve until standard input ends, which it does when the starter has ended."""
    from arcadedb_embedded import create_server

    from cmdb.store.jvm import ensure_jvm

    ensure_jvm(heap="512m", start="short")
    server = create_server(
        root_path=home,
        root_password=os.environ[_PASSWORD_VARIABLE],
        config={
            "host": LOOPBACK,
            "http_port": int(http_port),
            "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "bolt_host": LOOPBACK,
            "bolt_port": int(bolt_port),
            "bolt_defaultDatabase": DATABASE,
            "server_defaultDatabases": f"{DATABASE}[]",
        },
    )
    with server:
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
