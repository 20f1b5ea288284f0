"""How does a global id name a thing? As Relay wants it: opaque, one kind and one id in it."""

from __future__ import annotations

import base64
import binascii
from typing import Final, Literal

import strawberry

from cmdb.errors import BadValue

Kind = Literal["CI", "Incident", "Change", "KeptPreview", "Token", "ImportRun"]
KINDS: Final[tuple[Kind, ...]] = (
    "CI",
    "Incident",
    "Change",
    "KeptPreview",
    "Token",
    "ImportRun",
)


def global_id(kind: Kind, local_id: str) -> strawberry.ID:
    """Return the global id of a thing.

    >>> global_id("CI", "0190")
    'Q0k6MDE5MA=='
    """
    return strawberry.ID(base64.b64encode(f"{kind}:{local_id}".encode()).decode())


def split_id(text: str) -> tuple[Kind, str] | None:
    """Return kind and id that a global id holds, or None where it is none.

    >>> split_id("Q0k6MDE5MA=="), split_id("checkout")
    (('CI', '0190'), None)
    """
    try:
        kind, colon, local_id = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    known = next((each for each in KINDS if each == kind), None)
    return (known, local_id) if known and colon and local_id else None


def local_id(text: str, kind: Kind = "CI") -> str:
    """Return the id in a global id of this kind; anything else (a name, an id) as it is.

    Raises:
        BadValue: It is the global id of another kind.
    """
    found = split_id(text)
    if found is None:
        return text
    if found[0] != kind:
        raise BadValue(
            "id", f"{text!r} names {_with_article(found[0])}", f"Wanted is {_with_article(kind)}."
        )
    return found[1]


def _with_article(kind: Kind) -> str:
    return f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}"


def local_ids(texts: list[str], kind: Kind = "CI") -> list[str]:
    """Return the same for several."""
    return [local_id(text, kind) for text in texts]
