"""What do both clients need to begin? Checked addresses, patience, and settings of HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import httpx2

from cmdb.client.addresses import parse_addresses
from cmdb.client.exchange import Sent, Server
from cmdb.client.trying import Retries
from cmdb.errors import BadSettings

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
QUIET_SECONDS = 90.0
"""A feed that is silent for longer, keep-alives included, has lost its server."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """How to reach a server.

    Attributes:
        server: Its addresses, and how patient to be.
        options: For a client of HTTP, synchronous or not.
        answer_seconds: How long one answer may take.
    """

    server: Server
    options: dict[str, Any]
    answer_seconds: float

    def timeout_of(self, sent: Sent) -> httpx2.Timeout:
        """Return how long to wait for the answer to a request."""
        limit = None if sent.is_slow else self.answer_seconds
        return httpx2.Timeout(self.answer_seconds, connect=CONNECT_SECONDS, read=limit)

    @property
    def feed_timeout(self) -> httpx2.Timeout:
        """How long a feed may be silent."""
        return httpx2.Timeout(self.answer_seconds, connect=CONNECT_SECONDS, read=QUIET_SECONDS)


def connecting(
    url: str,
    token: str,
    *,
    retries: Retries | None,
    answer_seconds: float,
    allow_plain_http: bool,
) -> Connecting:
    """Return how to reach a server.

    Raises:
        BadSettings: An address or the token cannot be used.
    """
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise BadSettings("--token (CMDB_TOKEN)", "it holds what no token holds; copy it again")
    addresses = parse_addresses(url, allow_plain_http=allow_plain_http)
    headers = {"User-Agent": f"cmdb-client/{version('cmdb')}"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    # A proxy of the environment is for other machines.
    options = {"headers": headers, "trust_env": not addresses.are_all_here}
    return Connecting(Server(addresses, retries or Retries()), options, answer_seconds)
