"""Which database do the settings mean, and what is imported while it opens?"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from cmdb.errors import NotInitialised

if TYPE_CHECKING:
    from cmdb.ports import Clock, Store
    from cmdb.ports.service import Observe
    from cmdb.settings import Settings
    from cmdb.store.connection import Connection
    from cmdb.store.jvm import Start

NEEDED_NEXT = (
    "cmdb.store.graph_store",
    "cmdb.services.local_operations",
    "cmdb.snapshot",
    "cmdb.services.blast_radius",
)
NEEDED_TO_SERVE = (*NEEDED_NEXT, "cmdb.services.local_service", "cmdb.server.running")


def open_store(
    settings: Settings,
    clock: Clock,
    *,
    create: bool,
    start: Start = "long",
    observe: Observe | None = None,
) -> Store:
    """Return the store of these settings, its schema up to date."""
    connection = connect(settings, create=create, start=start)
    from cmdb.store.graph_store import GraphStore

    if observe is not None:
        from cmdb.store.observed import ObservedConnection

        connection = ObservedConnection(connection, observe)

    store = GraphStore(connection, clock)
    try:
        store.setup()
    except BaseException:
        store.close()
        raise
    return store


def has_database(settings: Settings) -> bool:
    """Return whether the embedded database is there; a server is asked when it is opened."""
    return bool(settings.url or settings.database_url) or _is_filled(settings)


def connect(settings: Settings, *, create: bool, start: Start = "long") -> Connection:
    """Return a connection to the database of these settings.

    Raises:
        NotInitialised: There is no embedded database, and none is to be made.
        DatabaseError: The database cannot serve.
    """
    # A server imports for longer than the engine starts, and does not wait for it here.
    names = () if start == "serving" else NEEDED_NEXT
    if settings.database_url:
        from cmdb.store.neo4j import open_neo4j

        with imports_meanwhile(names=names):
            return open_neo4j(
                settings.database_url,
                settings.database_user,
                settings.database_password,
                settings.database_name or None,
            )
    if not create and not _is_filled(settings):
        raise NotInitialised(str(settings.data_dir))
    from cmdb.store.arcadedb import open_arcadedb

    with imports_meanwhile(leave_engine, names=names):
        return open_arcadedb(
            settings.graph_dir,
            heap=settings.database_heap,
            start=start,
            cache_dir=settings.cache_dir,
        )


@contextlib.contextmanager
def imports_meanwhile(
    at_end: Callable[[], None] = lambda: None, *, names: Sequence[str]
) -> Iterator[None]:
    """Import what the first question needs while this thread waits for the database.

    Args:
        at_end: Called last by the thread that imports, which imports may attach to Java.
        names: What to import.
    """
    importing = threading.Thread(target=_import_ahead, args=(names, at_end), name="cmdb-import")
    importing.start()
    try:
        yield
    finally:
        importing.join()


def leave_engine() -> None:
    """Detach this thread from the embedded engine, if one runs: its end waits for all on it."""
    if "cmdb.store.jvm" in sys.modules:
        sys.modules["cmdb.store.jvm"].leave_jvm()


def _import_ahead(names: Sequence[str], at_end: Callable[[], None]) -> None:
    # Whoever needs a module that cannot be imported meets the error itself.
    with contextlib.suppress(Exception):
        for name in names:
            import_module(name)
    at_end()


def _is_filled(settings: Settings) -> bool:
    try:
        return any(settings.graph_dir.iterdir())
    except OSError:
        return False
