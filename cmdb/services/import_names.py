"""Can a data source and its scope be called so?"""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.errors import BadValue
from cmdb.model.source_records import MANUAL

LONGEST_NAME = 200


def check_names(source: str, scope: Mapping[str, str]) -> None:
    """Return if these can be names: they stand in the log, in reports and on terminals.

    Raises:
        BadValue: One is empty, too long, holds what cannot be printed, or is reserved.
    """
    _check("source", source)
    if source == MANUAL:
        hint = "Name another source; `ci set` and the other edits are for what is said by hand."
        raise BadValue("source", f"{MANUAL} stands for edits by hand", hint)
    for key, value in scope.items():
        _check("scope", key)
        _check(f"scope {key}", value)


def _check(field: str, text: str) -> None:
    if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        raise BadValue(field, f"it must have 1 to {LONGEST_NAME} printable characters")
