"""What does this installation need to know that no file and no option tells it? Read once."""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
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
    "CMDB_HOST": "Address that `cmdb serve` listens on; beyond this machine only with tokens.",
    "CMDB_PORT": "Port that `cmdb serve` listens on; 0 takes a free one.",
    "CMDB_PUBLIC_HOSTS": "Names under which clients reach the server, separated by commas.",
    "CMDB_DEVELOPMENT": "`1`: GraphiQL and introspection are on.",
    "CMDB_TRACING": "`1`: OpenTelemetry traces go where the OTEL_ variables say.",
    "CMDB_TRUSTED_DOCUMENTS": "Folder of the only GraphQL documents that are run; empty: any.",
    "CMDB_BODY_LIMIT": "Largest body of a GraphQL request, such as `1m`.",
    "CMDB_IMPORT_LIMIT": "Largest import over HTTP, inflated, such as `4g`.",
    "CMDB_IMPORTS_AT_ONCE": "Imports over HTTP that run at once; others wait.",
    "CMDB_UPLOAD_SECONDS": "Longest time of waiting for any byte of an import over HTTP.",
    "CMDB_UPLOAD_RATE": "Least bytes of an import for each second of waiting for them.",
    "CMDB_THREADS": "Requests that are worked on at once; others wait.",
    "CMDB_REQUEST_SECONDS": "Longest time that a GraphQL query may take.",
    "CMDB_LONG_REQUEST_SECONDS": "The same for what reads or rewrites everything, see operations.",
    "CMDB_SHUTDOWN_SECONDS": "Longest time that requests get to end when the server stops.",
}
"""Every environment variable that is read, and what it is for."""

_HEAP = re.compile(r"[1-9][0-9]{0,5}[mg]")
_BYTES = re.compile(r"([1-9][0-9]{0,8})([kmgt]?)")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


class WrongSetting(ValueError):
    """An environment variable cannot be read; the composition root makes `BadSettings` of it."""

    def __init__(self, setting: str, reason: str) -> None:
        super().__init__(f"{setting}: {reason}")
        self.setting = setting
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings of `cmdb serve`.

    Attributes:
        host: Address to listen on.
        port: Port to listen on; 0: a free one.
        public_hosts: Names under which clients reach it; empty: those of its address.
        is_development: GraphiQL and introspection are on.
        is_traced: OpenTelemetry traces are sent.
        trusted_documents: Folder of the only documents that are run; None: any document.
        body_limit_bytes: Largest body of a GraphQL request.
        import_limit_bytes: Largest import, inflated.
        imports_at_once: Imports that run at once.
        upload_seconds: Longest time of waiting for any byte of an import.
        upload_rate_bytes: Least bytes of an import for each second of waiting for them.
        threads: Requests that are worked on at once.
        request_seconds: Longest time of a query.
        long_request_seconds: Longest time of what reads or rewrites everything.
        shutdown_seconds: Longest time that requests get to end.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    public_hosts: tuple[str, ...] = ()
    is_development: bool = False
    is_traced: bool = False
    trusted_documents: Path | None = None
    body_limit_bytes: int = 1 << 20
    import_limit_bytes: int = 4 << 30
    imports_at_once: int = 2
    upload_seconds: float = 60
    upload_rate_bytes: int = 1 << 10
    threads: int = 16
    request_seconds: int = 30
    long_request_seconds: int = 600
    shutdown_seconds: int = 30

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine can reach the address."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @classmethod
    def from_environment(cls, given: Mapping[str, str]) -> ServerSettings:
        """Return the settings that environment variables give.

        Raises:
            WrongSetting: A variable cannot be read.
        """
        hosts = given.get("CMDB_PUBLIC_HOSTS", "").split(",")
        trusted = given.get("CMDB_TRUSTED_DOCUMENTS", "").strip()
        return cls(
            host=given.get("CMDB_HOST", "").strip() or "127.0.0.1",
            port=_number(given, "CMDB_PORT", 8080, least=0, most=65_535),
            public_hosts=tuple(host.strip().lower() for host in hosts if host.strip()),
            is_development=_flag(given, "CMDB_DEVELOPMENT"),
            is_traced=_flag(given, "CMDB_TRACING"),
            trusted_documents=Path(trusted).expanduser() if trusted else None,
            body_limit_bytes=_size(given, "CMDB_BODY_LIMIT", 1 << 20),
            import_limit_bytes=_size(given, "CMDB_IMPORT_LIMIT", 4 << 30),
            imports_at_once=_number(given, "CMDB_IMPORTS_AT_ONCE", 2, most=64),
            upload_seconds=_number(given, "CMDB_UPLOAD_SECONDS", 60, most=3_600),
            upload_rate_bytes=_size(given, "CMDB_UPLOAD_RATE", 1 << 10),
            threads=_number(given, "CMDB_THREADS", 16, most=256),
            request_seconds=_number(given, "CMDB_REQUEST_SECONDS", 30, most=3_600),
            long_request_seconds=_number(given, "CMDB_LONG_REQUEST_SECONDS", 600, most=86_400),
            shutdown_seconds=_number(given, "CMDB_SHUTDOWN_SECONDS", 30, most=3_600),
        )


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
        server: The settings of `cmdb serve`.
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
    server: ServerSettings = field(default_factory=ServerSettings)

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
            is_plain_http_allowed=_flag(given, "CMDB_PLAIN_HTTP"),
            actor=values["CMDB_ACTOR"] or _logged_in_user(),
            server=ServerSettings.from_environment(given),
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


def _number(given: Mapping[str, str], name: str, default: int, *, least: int = 1, most: int) -> int:
    text = given.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise WrongSetting(name, f"{text!r} is no whole number from {least} to {most}")
    return int(text)


def _size(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "").strip().lower()
    if not text:
        return default
    found = _BYTES.fullmatch(text)
    if not found:
        raise WrongSetting(name, f"{text!r} is no size such as 512k, 1m or 4g")
    return int(found[1]) * _UNITS[found[2]]


def _flag(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "").strip().lower()
    if text not in ("", "0", "1", "false", "true", "no", "yes"):
        raise WrongSetting(name, f"{text!r} is neither 1 nor 0")
    return text in ("1", "true", "yes")


def _without_user(url: str) -> str:
    scheme, sign, rest = url.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}"


def _logged_in_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"
