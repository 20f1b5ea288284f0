"""A server in a thread of this process, on a port of its own, over a database of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from cmdb.bootstrap import open_service
from cmdb.model.access import NewToken
from cmdb.model.rights import ROLES, Caller
from cmdb.ports import EditReason
from cmdb.server.running import NotingServer, listen, server_config
from cmdb.server.serving import Serving
from cmdb.settings import ServerSettings, Settings

KEEPER = Caller("keeper", frozenset(ROLES))


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers."""

    serving: Serving
    address: str
    server: uvicorn.Server

    def stop(self) -> None:
        """Stop as a signal does, and return at once."""
        self.server.should_exit = True

    def token(self, *roles: str, actor: str = "", source: str = "") -> str:
        """Return the secret of a new token."""
        new = NewToken(actor or "-".join(roles), roles, source)
        made = self.serving.service.operations(KEEPER).create_token(new, EditReason())
        return made.secret

    def client(self, *roles: str, **named: str) -> httpx2.Client:
        """Return a client with a new token, or without one."""
        headers = {"Authorization": f"Bearer {self.token(*roles, **named)}"} if roles else {}
        return httpx2.Client(base_url=self.address, headers=headers, timeout=60)

    def ask(self, query: str, *roles: str, **variables: Any) -> httpx2.Response:
        """Return the answer to a document."""
        with self.client(*(roles or ("administrator",))) as client:
            return client.post("/graphql", json={"query": query, "variables": variables})


@contextmanager
def running_server(folder: Path, settings: ServerSettings | None = None) -> Iterator[RunningServer]:
    """Lend a server over an empty embedded database in a folder."""
    service = open_service(Settings(data_dir=folder))
    with served(Serving(service, settings or ServerSettings())) as running:
        yield running


@contextmanager
def served(serving: Serving) -> Iterator[RunningServer]:
    """Serve in a thread, and close in the end."""
    listening = listen(replace(serving.settings, host="127.0.0.1", port=0))
    server = NotingServer(server_config(serving), serving)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield RunningServer(serving, f"http://127.0.0.1:{listening.getsockname()[1]}", server)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
        serving.close()
