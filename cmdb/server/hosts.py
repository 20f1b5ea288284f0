"""Under which names, and from which pages, may the server be asked?

A page of the web can make a browser ask a server on the same machine, under a name of its own that
it lets point there. The name in the `Host` header betrays it, as does the page in `Origin`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

from cmdb.settings import ServerSettings

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def why_refused(headers: Headers, settings: ServerSettings) -> str:
    """Return why a request with these headers is refused, or nothing."""
    host = _name(headers.get("host", ""))
    allowed = allowed_hosts(settings)
    if allowed is not None and host not in allowed:
        return (
            "The server is not known under this name. Name it in CMDB_PUBLIC_HOSTS if clients "
            "are meant to use it."
        )
    origin = headers.get("origin")
    if origin is not None and _page(origin) not in {host, *settings.public_hosts}:
        return "Pages of other origins may not ask this server."
    return ""


def allowed_hosts(settings: ServerSettings) -> frozenset[str] | None:
    """Return the names under which the server may be asked; None: under any."""
    if settings.public_hosts:
        return _LOCAL | frozenset(settings.public_hosts)
    return _LOCAL | {_name(settings.host)} if settings.is_local else None


def _page(origin: str) -> str | None:
    """Return the host of a page, or None for what is no origin."""
    try:
        return _name(urlsplit(origin).netloc)
    except ValueError:
        return None


def _name(host: str) -> str:
    """Return a host without its port and brackets, in lower case."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name if name.count(":") > 1 else name.partition(":")[0]
