"""How does this installation serve its API?"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cmdb.bootstrap.installation import open_service
from cmdb.errors import BadSettings

if TYPE_CHECKING:
    from cmdb.settings import Settings


def run_server(settings: Settings, announce: Callable[[str, str], None]) -> None:
    """Serve the API over this installation until stopped.

    Args:
        settings: Which database, and how it is served.
        announce: Told the address, and the one that gives a first token, or nothing.

    Raises:
        BadSettings: What the server needs is not installed, or the address cannot be had.
        DatabaseError: The database cannot serve.
    """
    # What is made during the start stays: looking through it for garbage costs half a second.
    gc.disable()
    try:
        _run_server(settings, announce)
    finally:
        gc.enable()


def _run_server(settings: Settings, announce: Callable[[str, str], None]) -> None:
    try:
        from cmdb.server.meters import Meters
        from cmdb.server.tracing import open_tracing
    except ImportError as error:
        raise BadSettings("serve", "it needs pip install 'cmdb[server]'") from error
    meters, tracing = Meters(), open_tracing(is_wanted=settings.server.is_traced)

    @contextlib.contextmanager
    def observe(kind: str, text: str) -> Iterator[None]:
        with meters.observe(kind, text), tracing.observe(kind, text):
            yield

    service = open_service(settings, observe=observe)
    from cmdb.server.running import serve

    serve(service, settings.server, meters, tracing, announce)
