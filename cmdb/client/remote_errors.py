"""Which error does the server mean? Codes and facts become the classes that raised them there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from cmdb.errors import CmdbError, ServerRefused


def error_of(address: str, code: str, message: str, facts: Mapping[str, Any]) -> CmdbError:
    """Return the error of this code with the server's own words and facts.

    A code that this version does not know becomes `ServerRefused`, with the code among its facts.
    """
    kind = _kinds().get(code)
    if kind is None:
        refused = ServerRefused(address, f"{code}: {message}".rstrip("."))
        refused.facts.update({**facts, "code": code})
        return refused
    # Not through the constructor of the class: the sentence is the server's, made there.
    error = kind.__new__(kind)
    CmdbError.__init__(error, message)
    error.facts = dict(facts)
    return error


@cache
def _kinds() -> Mapping[str, type[CmdbError]]:
    return {kind.code: kind for kind in CmdbError.kinds()}
