"""Which settings and which operations does a command work with?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cmdb.errors import BadSettings
from cmdb.settings import Settings

if TYPE_CHECKING:
    from cmdb.ports import Operations


@dataclass(slots=True)
class Session:
    """What the global options say; kept for the length of one command.

    Attributes:
        data_dir: Given folder, or None for that of the environment.
        url: Given address of a server, or None.
        token: Given token, or None.
        importers: Importers beside the installed ones (the demo estate's).
    """

    data_dir: Path | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    importers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """Return the settings of the environment with the global options applied.

        A folder given as an option means the database there, whatever server the environment names.

        Raises:
            BadSettings: Both a folder and a server are given as options.
        """
        from cmdb.bootstrap import read_settings

        settings = read_settings()
        if self.data_dir is not None:
            if self.url:
                raise BadSettings(
                    "--data-dir", "a server has its own database; leave out one of it and --url"
                )
            settings = replace(settings, data_dir=self.data_dir, database_url="", url="")
        if self.url is not None:
            settings = replace(settings, url=self.url)
        if self.token is not None:
            settings = replace(settings, token=self.token)
        return settings

    @property
    def local_settings(self) -> Settings:
        """Return the same for a command that works on the database itself.

        Raises:
            BadSettings: A server is named.
        """
        settings = self.settings
        if settings.url:
            raise BadSettings(
                "--url (CMDB_URL)",
                "this command works on the database itself, not through a server; leave it out "
                "and run it where the database is",
            )
        return settings

    @contextmanager
    def operations(self, *, create: bool = False, is_short: bool = True) -> Iterator[Operations]:
        """Lend the operations, with the database open.

        Args:
            create: Make the embedded database where there is none.
            is_short: A quick start counts more than speed later; False for imports.
        """
        from cmdb.bootstrap import open_operations

        operations = open_operations(
            self.settings, create=create, is_short=is_short, importers=self.importers
        )
        try:
            yield operations
        finally:
            operations.close()


def session_of(context: typer.Context) -> Session:
    """Return the session that the global options made."""
    session = context.find_object(Session)
    return session if session is not None else Session()
