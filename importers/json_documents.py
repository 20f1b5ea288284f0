"""Which value does a JSON text hold, read safely?

As strict as the standard (no `NaN`), and guarded: depth is limited, keys that stand twice are
noted rather than lost in silence.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final, NoReturn

from cmdb.errors import BadFile

DEPTH_LIMIT: Final = 100
_INTEGER_DIGITS: Final = 300


class NotJson(ValueError):
    """The text is not JSON; `line` and `column` say where, 0 where unknown."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


def parse_json(text: str) -> tuple[Any, list[str]]:
    """Return the value and the keys that stand twice in one object (the last one counts).

    Raises:
        NotJson: With the reason and the place.
    """
    repeated: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) < len(found):
            counts = Counter(name for name, _ in found)
            repeated.extend(sorted(name for name, count in counts.items() if count > 1))
        return made

    try:
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=_refuse_constant,
            parse_int=_parse_integer,
        )
    except json.JSONDecodeError as error:
        raise NotJson(error.msg, error.lineno, error.colno) from error
    except RecursionError as error:
        raise NotJson(f"nested deeper than {DEPTH_LIMIT} levels") from error
    if is_too_deep(value):
        raise NotJson(f"nested deeper than {DEPTH_LIMIT} levels")
    return value, repeated


def load_json(name: str, data: bytes) -> tuple[Any, list[str]]:
    """Return the value of a whole JSON file, and the keys that stand twice in one object.

    Raises:
        BadFile: Not JSON, not UTF-8, or too deep.
    """
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise BadFile(
            name,
            f"this is not {encoding.upper()} text",
            "Save the file as UTF-8.",
            place=f"byte {error.start}",
        ) from error
    try:
        return parse_json(text)
    except NotJson as error:
        place = f"{error.line}:{error.column}" if error.line else ""
        reason = f"this is not JSON ({error.reason})"
        raise BadFile(name, reason, "Was its export cut off?", place=place) from error


def is_too_deep(value: Any, limit: int = DEPTH_LIMIT) -> bool:
    """Return whether lists and objects are nested deeper than the limit."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            member
            for holder in level
            if isinstance(holder, dict | list)
            for member in (holder.values() if isinstance(holder, dict) else holder)
            if isinstance(member, dict | list)
        ]
        if not level:
            return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is no JSON number")


def _parse_integer(text: str) -> int:
    if len(text) > _INTEGER_DIGITS:
        raise NotJson(f"a number of {len(text)} digits")
    return int(text)
