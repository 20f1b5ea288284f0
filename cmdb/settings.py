"""What does this installation need to know that no file and no option tells it? Read once."""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

VARIABLES: Mapping[str, str] = {
    "CMDB_DATA_DIR": "Folder of the embedded database and of what belongs to it.",
    "CMDB_CACHE_DIR": "Folder of what can be made again: the fast start of the embedded engine.",
    "CMDB_DATABASE_URL": "Address of a Neo4j server or cluster; empty: the embedded database.",
    "CMDB_DATABASE_USER": "Who logs in to Neo4j.",
    "CMDB_DATABASE_PASSWORD": "Password of that user; never printed.",
    "CMDB_DATABASE_NAME": "Database of the Neo4j server; empty: the user's home database.",
    "CMDB_DATABASE_HEAP": "Largest memory of the embedded engine, such as `1g` or `512m`.",
    "CMDB_FROM_USER": "Who logs in to the Neo4j that `cmdb db copy` reads.",
    "CMDB_FROM_PASSWORD": "Password of that user; never printed.",
    "CMDB_FROM_NAME": "Database of that Neo4j; empty: the user's home database.",
    "CMDB_TO_USER": "Who logs in to the Neo4j that `cmdb db copy` fills.",
    "CMDB_TO_PASSWORD": "Password of that user; never printed.",
    "CMDB_TO_NAME": "Database of that Neo4j; empty: the user's home database.",
    "CMDB_URL": "Address of a server of this product, for working through its API.",
    "CMDB_TOKEN": "API token for that server; never printed.",
    "CMDB_PLAIN_HTTP": "`1`: the token may go in clear, http://, to other machines too.",
    "CMDB_ACTOR": "Who stands in the log; by default the name of the logged-in user.",
}
"""Every environment variable that is read, and what it is for."""

_HEAP = re.compile(r"[1-9][0-9]{0,5}[mg]")
_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


class WrongSetting(ValueError):
    """An environment variable cannot be read; the composition root makes `BadSettings` of it."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(f"{setting}: {reason}")
        self.setting = setting
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process.

    Attributes:
        data_dir: Folder of the embedded database.
        cache_dir: Folder of what can be made again; None: nothing is kept.
        database_url: Address of Neo4j, or empty.
        database_user: Who logs in there.
        database_password: Never shown, not even in a representation of this object.
        database_name: Database there, or empty.
        database_heap: Largest memory of the embedded engine.
        url: Address of a server of this product, or empty.
        token: Its API token; never shown.
        is_plain_http_allowed: The token may go in clear to other machines.
        actor: Who stands in the log.
    """

    data_dir: Path
    cache_dir: Path | None = None
    database_url: str = ""
    database_user: str = ""
    database_password: str = field(default="", repr=False)
    database_name: str = ""
    database_heap: str = "1g"
    url: str = ""
    token: str = field(default="", repr=False)
    is_plain_http_allowed: bool = False
    actor: str = "unknown"

    @property
    def graph_dir(self) -> Path:
        """Folder of the embedded database's own files."""
        return self.data_dir / "graph"

    @property
    def place(self) -> str:
        """Where the database is, as a person may see it."""
        return _without_user(self.database_url) or str(self.data_dir)

    def at_address(
        self, address: str, side: str, environment: Mapping[str, str] | None = None
    ) -> Settings:
        """Return these settings for the database at an address: a folder, or a URL of Neo4j.

        Args:
            address: As for `CMDB_DATA_DIR` or `CMDB_DATABASE_URL`.
            side: `FROM` or `TO`: which variables say who logs in.
            environment: Variables by name; by default those of the process.

        Raises:
            WrongSetting: It is neither.
        """
        given = os.environ if environment is None else environment
        if "://" not in address:
            if not address.strip():
                raise WrongSetting(f"--{side.lower()}", "it is empty")
            return replace(self, data_dir=Path(address).expanduser(), database_url="", url="")
        return replace(
            self,
            database_url=_checked_address(address, f"--{side.lower()}"),
            database_user=given.get(f"CMDB_{side}_USER", "").strip(),
            database_password=given.get(f"CMDB_{side}_PASSWORD", ""),
            database_name=given.get(f"CMDB_{side}_NAME", "").strip(),
            url="",
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Return the settings that environment variables give.

        Args:
            environment: Variables by name; by default those of the process.

        Raises:
            WrongSetting: A variable cannot be read.
        """
        given = os.environ if environment is None else environment
        values = {name: given.get(name, "").strip() for name in VARIABLES}
        heap = values["CMDB_DATABASE_HEAP"].lower() or "1g"
        if not _HEAP.fullmatch(heap):
            raise WrongSetting("CMDB_DATABASE_HEAP", f"{heap!r} is no size such as 1g or 512m")
        folder, cache = values["CMDB_DATA_DIR"], values["CMDB_CACHE_DIR"]
        return cls(
            data_dir=Path(folder).expanduser() if folder else default_data_dir(given),
            cache_dir=Path(cache).expanduser() if cache else default_cache_dir(given),
            database_url=_checked_address(values["CMDB_DATABASE_URL"]),
            database_user=values["CMDB_DATABASE_USER"],
            database_password=given.get("CMDB_DATABASE_PASSWORD", ""),
            database_name=values["CMDB_DATABASE_NAME"],
            database_heap=heap,
            url=values["CMDB_URL"],
            token=given.get("CMDB_TOKEN", "").strip(),
            is_plain_http_allowed=_is_set(given, "CMDB_PLAIN_HTTP"),
            actor=values["CMDB_ACTOR"] or _logged_in_user(),
        )


def default_data_dir(environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder where programs of this platform keep their data."""
    home = Path.home()
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "cmdb"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "cmdb"
    return _xdg_folder(environment.get("XDG_DATA_HOME", ""), home / ".local" / "share") / "cmdb"


def default_cache_dir(environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder where programs of this platform keep what can be made again."""
    home = Path.home()
    if platform == "win32":
        return default_data_dir(environment, platform) / "cache"
    if platform == "darwin":
        return home / "Library" / "Caches" / "cmdb"
    return _xdg_folder(environment.get("XDG_CACHE_HOME", ""), home / ".cache") / "cmdb"


def _xdg_folder(given: str, default: Path) -> Path:
    # The XDG specification tells programs to ignore a relative path.
    return Path(given) if given.startswith("/") else default


def _checked_address(url: str, setting: str = "CMDB_DATABASE_URL") -> str:
    scheme = url.partition("://")[0]
    if url and (scheme not in _SCHEMES or scheme == url):
        known = ", ".join(f"{name}://" for name in _SCHEMES)
        raise WrongSetting(setting, f"it must begin with one of {known}")
    return url


def _without_user(url: str) -> str:
    scheme, sign, rest = url.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}"


def _is_set(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "").strip()
    if text not in ("", "0", "1"):
        raise WrongSetting(name, f"{text!r} is neither 1 nor 0")
    return text == "1"


def _logged_in_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"
