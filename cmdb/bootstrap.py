"""Which concrete classes does this installation use? The only place that names them.

Everything is imported when it is needed: a command that opens no database pays for none, and one
that does imports the rest while the database opens.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from cmdb.errors import BadSettings, NotInitialised, UnknownFormat
from cmdb.model.rights import ROLES, Caller
from cmdb.settings import Settings, WrongSetting

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from cmdb.model.moving_reports import MovedReport
    from cmdb.model.records import Importer, Record
    from cmdb.ports import Clock, Operations, Progress, Store
    from cmdb.ports.service import Observe, Service
    from cmdb.store.connection import Connection

IMPORTERS = "cmdb.importers"
TRAINING = "cmdb.cli.training"
_NEEDED_NEXT = (
    "cmdb.store.graph_store",
    "cmdb.services.local_operations",
    "cmdb.snapshot",
    "cmdb.services.blast_radius",
)
_NEEDED_TO_SERVE = ("cmdb.server.running", "cmdb_graphql")


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the present, aware UTC."""
        return datetime.now(UTC)


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the environment.

    Raises:
        BadSettings: A variable cannot be read.
    """
    try:
        return Settings.from_environment(environment)
    except WrongSetting as error:
        raise BadSettings(error.setting, error.reason) from error


def open_operations(
    settings: Settings,
    *,
    create: bool = False,
    is_short: bool = False,
    clock: Clock | None = None,
    importers: Mapping[str, Importer] | None = None,
) -> Operations:
    """Return the operations of this installation, with the database open, or through a server.

    Args:
        settings: Which database, and who works.
        create: Make the embedded database where there is none.
        is_short: The process ends soon, so that a fast start counts more than speed later.
        clock: The time; by default that of this machine.
        importers: Importers to know beside the installed ones.

    Raises:
        NotInitialised: There is no database, and none is to be made.
        BadSettings: A server is named by an address that cannot be used.
        DatabaseError: The database cannot serve.
    """
    if settings.url:
        return _open_client(settings)
    given = importers or {}
    used = clock or SystemClock()
    store = open_store(settings, used, create=create, is_short=is_short)
    # After the store: what these import, they import while the database opens.
    from cmdb.services.context import Context
    from cmdb.services.local_operations import LocalOperations
    from cmdb.snapshot import Snapshots

    caller = Caller(settings.actor, frozenset(ROLES))
    context = Context(store, Snapshots(store, store.registry), used, caller)
    return LocalOperations(
        context,
        lambda name: given[name] if name in given else load_importer(name),
        list_importers,
        _encode_records,
    )


def _open_client(settings: Settings) -> Operations:
    try:
        from cmdb.client import Client
    except ImportError as error:
        raise BadSettings("--url (CMDB_URL)", "it needs pip install 'cmdb[client]'") from error
    return Client(settings.url, settings.token, allow_plain_http=settings.is_plain_http_allowed)


def open_service(
    settings: Settings,
    *,
    clock: Clock | None = None,
    observe: Observe | None = None,
    importers: Mapping[str, Importer] | None = None,
) -> Service:
    """Return what a server serves, with the database open; an embedded one is made where absent.

    Args:
        settings: Which database.
        clock: The time; by default that of this machine.
        observe: Told of every statement as it runs.
        importers: Importers to know beside the installed ones.

    Raises:
        DatabaseError: The database cannot serve.
    """
    given = importers or {}
    used = clock or SystemClock()
    with _imports_meanwhile(names=_NEEDED_TO_SERVE):
        store = open_store(settings, used, create=True, is_short=False, observe=observe)
    from cmdb.services.context import Context
    from cmdb.services.local_service import LocalService
    from cmdb.snapshot import Snapshots

    context = Context(store, Snapshots(store, store.registry), used, Caller("server"))
    return LocalService(
        context,
        lambda name: given[name] if name in given else load_importer(name),
        list_importers,
        _encode_records,
    )


def run_server(settings: Settings, announce: Callable[[str, str], None]) -> None:
    """Serve the API over this installation until stopped.

    Args:
        settings: Which database, and how it is served.
        announce: Told the address, and the one that gives a first token, or nothing.

    Raises:
        BadSettings: What the server needs is not installed, or the address cannot be had.
        DatabaseError: The database cannot serve.
    """
    # What a start makes stays: to search it for waste, again and again, would cost 0.4 s.
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


def _encode_records(records: Iterator[Record]) -> Iterator[bytes]:
    from importers.records_format import encode_header, encode_record

    yield encode_header()
    for record in records:
        yield encode_record(record)


def open_store(
    settings: Settings,
    clock: Clock,
    *,
    create: bool,
    is_short: bool,
    observe: Observe | None = None,
) -> Store:
    """Return the store of these settings, its schema up to date."""
    connection = _connect(settings, create=create, is_short=is_short)
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


def copy_database(
    origin: Settings, target: Settings, *, is_anew: bool, progress: Progress | None = None
) -> MovedReport:
    """Copy a whole database, log and hashes included, into an empty one; see `store.moves`."""
    from cmdb.store.moves import copy, moved_report

    with closing(_connect(origin, create=False, is_short=False)) as source:  # noqa: SIM117
        with closing(_connect(target, create=True, is_short=False)) as sink:
            moved = copy(source, sink, is_anew=is_anew, progress=progress)
    return moved_report((origin.place, target.place), *moved)


def backup_database(
    settings: Settings, path: Path, *, progress: Progress | None = None
) -> MovedReport:
    """Write a whole database into a file; see `store.moves`."""
    from cmdb.store.moves import backup, moved_report

    with closing(_connect(settings, create=False, is_short=False)) as connection:
        moved = backup(connection, path, progress=progress)
    return moved_report((settings.place, str(path)), *moved)


def restore_database(
    settings: Settings, path: Path, *, is_anew: bool, progress: Progress | None = None
) -> MovedReport:
    """Fill an empty database from a file; see `store.moves`."""
    from cmdb.store.moves import check_backup, moved_report, restore

    # Before anything is opened: a file that is no backup leaves no empty database behind.
    archive = check_backup(path, progress=progress)
    with closing(_connect(settings, create=True, is_short=False)) as connection:
        moved = restore(archive, connection, is_anew=is_anew, progress=progress)
    return moved_report((str(path), settings.place), *moved)


def has_database(settings: Settings) -> bool:
    """Return whether the embedded database is there; a server is asked when it is opened."""
    return bool(settings.url or settings.database_url) or _is_filled(settings)


def can_start_fast(settings: Settings) -> bool:
    """Return whether the embedded engine, if it is used, finds what makes its start fast."""
    if settings.database_url or settings.url or settings.cache_dir is None:
        return True
    from cmdb.store.fast_start import find_cache, is_cache_wanted

    return not is_cache_wanted() or find_cache(settings.cache_dir) is not None


def prepare_fast_start(settings: Settings, announce: Callable[[], None]) -> None:
    """Make what lets the embedded engine start fast, where it is absent; never fail.

    Args:
        settings: Where it is kept.
        announce: Called before the seconds that it takes.
    """
    if settings.cache_dir is None or can_start_fast(settings):
        return
    from cmdb.store.fast_start import make_cache

    make_cache(settings.cache_dir, [TRAINING], announce)


def list_importers() -> dict[str, str]:
    """Return the installed formats: name to summary, or to the reason why one does not load."""
    found = {}
    for name, point in sorted(_importers().items()):
        try:
            found[name] = str(point.load().summary)
        except Exception as error:
            found[name] = f"does not load: {error}"
    return found


def load_importer(name: str) -> Importer:
    """Return the importer of a format.

    Raises:
        UnknownFormat: With the installed ones.
    """
    known = _importers()
    if name not in known:
        raise UnknownFormat(name, sorted(known))
    importer: Importer = known[name].load()
    return importer


def _importers() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # for imports alone

    return {point.name: point for point in entry_points(group=IMPORTERS)}


def _connect(settings: Settings, *, create: bool, is_short: bool) -> Connection:
    if settings.database_url:
        from cmdb.store.neo4j import open_neo4j

        with _imports_meanwhile():
            return open_neo4j(
                settings.database_url,
                settings.database_user,
                settings.database_password,
                settings.database_name or None,
            )
    if not create and not _is_filled(settings):
        raise NotInitialised(str(settings.data_dir))
    from cmdb.store.arcadedb import open_arcadedb
    from cmdb.store.jvm import leave_jvm

    with _imports_meanwhile(leave_jvm):
        return open_arcadedb(
            settings.graph_dir,
            heap=settings.database_heap,
            fast_start=is_short,
            cache_dir=settings.cache_dir,
        )


@contextlib.contextmanager
def _imports_meanwhile(
    at_end: Callable[[], None] = lambda: None, *, names: Sequence[str] | None = None
) -> Iterator[None]:
    """Import what the first question needs while this thread waits for the database.

    Args:
        at_end: Called last by the thread that imports, which imports may attach to Java.
        names: What to import; by default what commands need next.
    """
    wanted = _NEEDED_NEXT if names is None else names
    importing = threading.Thread(target=_import_ahead, args=(wanted, at_end), name="cmdb-import")
    importing.start()
    try:
        yield
    finally:
        importing.join()


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
