"""Where is the server? One or several base addresses, checked, and which of them is used now."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import httpx2

from cmdb.errors import BadSettings

SETTING = "--url (CMDB_URL)"


class Addresses:
    """Base addresses of replicas of one server; the one that answered last is used next."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._all = tuple(addresses)
        self._at = 0

    @property
    def current(self) -> str:
        """The address to use."""
        return self._all[self._at]

    @property
    def are_all_here(self) -> bool:
        """Whether all of them are on this machine."""
        return all(_is_loopback(httpx2.URL(address).host) for address in self._all)

    def leave(self, failed: str) -> None:
        """Go on to the next address, unless another thread has already left this one."""
        if self._all[self._at] == failed:
            self._at = (self._at + 1) % len(self._all)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._all)


def parse_addresses(text: str, *, allow_plain_http: bool = False) -> Addresses:
    """Return the base addresses that a setting names, separated by commas or blanks.

    Args:
        text: Such as `https://cmdb-1.example,https://cmdb-2.example/cmdb`.
        allow_plain_http: Send the token in clear to other machines, too.

    Raises:
        BadSettings: There is none, or one cannot be used; it is quoted without what may be secret.
    """
    found = [_checked(each, allow_plain_http) for each in text.replace(",", " ").split()]
    if not found:
        raise BadSettings(SETTING, "it names no address; write https://cmdb.example")
    return Addresses(found)


def _checked(text: str, allow_plain_http: bool) -> str:
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, ValueError):
        raise BadSettings(SETTING, "it is no address; write https://cmdb.example") from None
    if url.scheme not in ("https", "http") or not url.host:
        raise BadSettings(SETTING, "an address begins with https:// (or http://) and a host")
    if url.userinfo or url.query or url.fragment:
        reason = "an address holds no user, `?` or `#`; the token goes into --token (CMDB_TOKEN)"
        raise BadSettings(SETTING, reason)
    if url.scheme == "http" and not (allow_plain_http or _is_loopback(url.host)):
        raise BadSettings(
            SETTING,
            f"http://{url.host} would carry the token in clear over the network; use https://, "
            "or set CMDB_PLAIN_HTTP=1 where the network itself is trusted",
        )
    return str(url).rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
