"""How does the server run, from the first line it prints to the last write it finishes?"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import uvicorn

from cmdb.errors import BadSettings
from cmdb.ports.service import Service
from cmdb.server.app import create_app
from cmdb.server.meters import Meters
from cmdb.server.request_log import configure_log, log
from cmdb.server.serving import Serving
from cmdb.server.start_page import is_first_start
from cmdb.server.tracing import Tracing
from cmdb.settings import ServerSettings

Announce = Callable[[str, str], None]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_KEEP_ALIVE_SECONDS = 75
_PING_SECONDS = 20.0
_LAST_SECONDS = 2


def serve(
    service: Service,
    settings: ServerSettings,
    meters: Meters,
    tracing: Tracing,
    announce: Announce,
) -> None:
    """Serve until told to stop, then finish what runs and release the database.

    Args:
        service: What is served; closed in the end.
        settings: How it is served.
        meters: Where figures are kept.
        tracing: Where spans go.
        announce: Told the address, and the one that gives a first token, or nothing.

    Raises:
        BadSettings: The address cannot be listened on, or is open to others while nobody could be
            known by a token.
    """
    configure_log()
    serving = Serving(service, settings, meters=meters, tracing=tracing)
    try:
        with listen(settings) as listening:
            _introduce(serving, listening, announce)
            _run(serving, listening)
    finally:
        is_done = serving.close()
        log().info("stopped", work="done" if is_done else "given up")
    if not is_done:
        _leave()


def _introduce(serving: Serving, listening: socket.socket, announce: Announce) -> None:
    settings = serving.settings
    address = _address(settings.host, listening.getsockname()[1])
    first = ""
    if is_first_start(serving):
        if not settings.is_local:
            raise BadSettings(
                "--host (CMDB_HOST)",
                f"{settings.host} can be reached by others, and there is no token yet by which "
                "anybody could be known. Make one first: "
                "cmdb token create NAME --role administrator",
            )
        first = f"{address}/start#{serving.one_time.make()}"
    announce(address, first)


def listen(settings: ServerSettings) -> socket.socket:
    """Return a socket that listens where the settings say.

    Raises:
        BadSettings: It cannot.
    """
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server(
            (settings.host, settings.port), family=family, backlog=2048
        )
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        reason = error.strerror or type(error).__name__
        raise BadSettings(
            "--host, --port (CMDB_HOST, CMDB_PORT)", f"{place} cannot be listened on ({reason})"
        ) from error
    # Connections inherit it. asyncio sets it only where the socket says that it is TCP, which this
    # one does not; without it the second piece of an answer waits 40 ms for an acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def server_config(serving: Serving) -> uvicorn.Config:
    """Return how uvicorn serves the application."""
    return uvicorn.Config(
        create_app(serving),
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PING_SECONDS,
        # A compressor for each idle subscriber would cost 300 KB.
        ws_per_message_deflate=False,
        ws_max_size=serving.settings.body_limit_bytes,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        # What remains is for threads whose requests are ended then.
        timeout_graceful_shutdown=max(serving.settings.shutdown_seconds - _LAST_SECONDS, 0),
    )


def _run(serving: Serving, listening: socket.socket) -> None:
    config = server_config(serving)
    # What was made by now stays: the collector need not look at it ever again.
    gc.freeze()
    gc.enable()
    log().info("started", address=listening.getsockname()[0], port=listening.getsockname()[1])
    NotingServer(config, serving).run(sockets=[listening])


class NotingServer(uvicorn.Server):
    """Tells subscribers and imports of the end, and leaves the rest of the end to the caller."""

    def __init__(self, config: uvicorn.Config, serving: Serving) -> None:
        super().__init__(config)
        self._serving = serving

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, then wait for requests that run."""
        log().info("stopping")
        self._serving.stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals for the end of the server, not of the process: writes are finished."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: dict[int, Any] = {
            number: signal.signal(number, self.handle_exit) for number in _SIGNALS
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _leave() -> NoReturn:
    """End the process although threads still run, which no interpreter waits out otherwise.

    What they may be writing is a transaction, and is written as a whole or not at all.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
