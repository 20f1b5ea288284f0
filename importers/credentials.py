"""Does this name or value look like a credential, which must never be stored?

Names decide first (`DB_PASSWORD`, `apiKey`); a few values give themselves away whatever they are
called (private keys, tokens with a known prefix, addresses with a password in them).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

REASON: Final = "value that looks like a credential never stored"

_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_INSIDE: Final = (
    "password", "passwd", "passwort", "passphrase", "secret", "credential", "apikey", "privatekey",
    "accesskey", "connectionstring", "connstr", "authkey", "signingkey", "encryptionkey",
)  # fmt: skip
_WORDS: Final = frozenset({"pwd", "pass", "token", "tokens", "bearer", "jwt", "pat", "psk", "sas"})
_ENDINGS: Final = ("token", "pwd")
_VALUES: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|\bglpat-[\w-]{16,}"
    r"|\bxox[abprs]-[\w-]{10,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|://[^/\s:@]*:[^/\s@]+@"
    r"|\bBearer [\w.~+/-]{16,}"
)
_VALUE_BYTES: Final = 100_000


@lru_cache(maxsize=4096)
def is_credential_name(name: str) -> bool:
    """Return whether a field of that name probably holds a credential.

    >>> [is_credential_name(n) for n in ("DB_PASSWORD", "apiKey", "PGPASSWORD", "keyboard")]
    [True, True, True, False]
    """
    words = [word.lower() for word in _PARTS.findall(name[:500])]
    joined = "".join(words)
    if any(mark in joined for mark in _INSIDE):
        return True
    return not _WORDS.isdisjoint(words) or joined.endswith(_ENDINGS)


def is_credential_value(value: object) -> bool:
    """Return whether a text gives itself away as a credential, whatever it is called.

    >>> is_credential_value("postgres://app:hunter2@db:5432/shop")
    True
    """
    return isinstance(value, str) and _VALUES.search(value[:_VALUE_BYTES]) is not None


def is_credential(name: str, value: object) -> bool:
    """Return whether the name or the value looks like a credential."""
    return is_credential_name(name) or is_credential_value(value)


def without_credentials(values: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return the values that may be stored, and how many were left out."""
    kept = {name: value for name, value in values.items() if not is_credential(name, value)}
    return kept, len(values) - len(kept)


def redacted(value: Any) -> Any:
    """Return a JSON-like value in which whatever looks like a credential is replaced.

    Entries of the form `{"name": ..., "value": ...}` are judged by their name.
    """
    if isinstance(value, Mapping):
        named = str(value.get("name", ""))
        return {
            name: "(left out)"
            if is_credential_name(str(name)) or (name == "value" and is_credential_name(named))
            else redacted(member)
            for name, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(member) for member in value]
    return "(left out)" if is_credential_value(value) else value
