"""How are the settings of this installation read, and how is it opened, to be used or served?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from cmdb.bootstrap.database import NEEDED_TO_SERVE, imports_meanwhile, leave_engine, open_store
from cmdb.bootstrap.formats import encode_records, list_importers, load_importer
from cmdb.errors import BadSettings
from cmdb.model.rights import ROLES, Caller
from cmdb.settings import Settings, WrongSetting

if TYPE_CHECKING:
    from cmdb.model.records import Importer
    from cmdb.ports import Clock, Operations
    from cmdb.ports.service import Observe, Service

_COMMAND_PATIENCE_SECONDS = 10.0
"""How long a command waits for a server that is away; somebody sits before it."""


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
    store = open_store(settings, used, create=create, start="short" if is_short else "long")
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
        encode_records,
    )


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
    if not settings.database_url:
        # First what the engine's start needs: it goes on beside all other imports.
        import_module("cmdb.store.arcadedb")
    with imports_meanwhile(leave_engine, names=NEEDED_TO_SERVE):
        store = open_store(settings, used, create=True, start="serving", observe=observe)
    from cmdb.services.context import Context
    from cmdb.services.local_service import LocalService
    from cmdb.snapshot import Snapshots

    context = Context(store, Snapshots(store, store.registry), used, Caller("server"))
    return LocalService(
        context,
        lambda name: given[name] if name in given else load_importer(name),
        list_importers,
        encode_records,
    )


def _open_client(settings: Settings) -> Operations:
    try:
        from cmdb.client import Client, Retries
    except ImportError as error:
        raise BadSettings("--url (CMDB_URL)", "it needs pip install 'cmdb[client]'") from error
    return Client(
        settings.url,
        settings.token,
        retries=Retries(give_up_after=_COMMAND_PATIENCE_SECONDS),
        allow_plain_http=settings.is_plain_http_allowed,
    )
