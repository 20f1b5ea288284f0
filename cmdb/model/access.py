"""How does the service know who asks? Tokens, kept as hashes, bound to roles and a data source."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from cmdb.model.reports import Report

TOKEN_PREFIX = "cmdb_"  # noqa: S105 - what every secret begins with, no secret itself
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Token(Report):
    """A token as it may be shown: everything but the secret.

    Attributes:
        id: Opaque, time-ordered.
        version: The revision that last changed it.
        actor: Who stands in the log.
        roles: Some of `rights.ROLES`.
        source: The only data source it may import, or empty.
        teams: Ids of teams whose restricted CIs it sees.
        created_at: When it was made.
        created_by: Who made it.
        expires_at: When it ends.
        revoked_at: When it was revoked, or None.
    """

    id: str
    version: int
    actor: str
    roles: tuple[str, ...]
    source: str
    teams: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to make; `expires_at` None takes the longest that is allowed by default."""

    actor: str
    roles: tuple[str, ...]
    source: str = ""
    teams: tuple[str, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CreatedToken(Report):
    """A token just made, with its secret: shown this once and kept nowhere."""

    token: Token
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenList(Report):
    """The tokens, newest first."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Identity(Report):
    """Who the service takes the caller for."""

    actor: str
    roles: tuple[str, ...]
    source: str
    teams: tuple[str, ...]


def new_secret() -> str:
    """Return a fresh secret of 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """Return what is kept of a secret.

    A plain hash suffices: 256 random bits cannot be guessed, so nothing needs to be slow.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
