"""Which values come out of JSON as they went in? All others are refused, with their place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Final

from cmdb.errors import BadValue

LEAST_INTEGER: Final = -(2**63)
MOST_INTEGER: Final = 2**63 - 1
_HINT = "Write it as text, in quotation marks."
_LONG_DIGITS = re.compile(rb"\d{19}")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|-?\d[\d.eE+-]*+')
_INTEGER = re.compile(rb"-?\d+")
_MOST_DIGITS = 20
_SHOWN_DIGITS = 40


def check_json(where: str, value: Any) -> None:
    """Return if a value, and everything in it, comes out of JSON as it went in.

    Args:
        where: What the value is called where it is refused.
        value: Also a dataclass or an aware time, which are written as an object and as text.

    Raises:
        BadValue: A number that is not finite, an integer beyond 64 bits, half a character of
            UTF-16, or a time without a zone; with its place.
    """
    if isinstance(value, str):
        if not value.isascii():
            _check_text(where, value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise BadValue(where, f"{value} is no finite number", "JSON has no such number.")
    elif isinstance(value, int):
        if not LEAST_INTEGER <= value <= MOST_INTEGER:
            raise BadValue(where, "an integer of more than 64 bits is not kept by JSON", _HINT)
    elif isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadValue(where, "it has no time zone", "Write 2026-05-01T22:00Z.")
    else:
        for name, member in _members(value):
            place = f"{where}.{name}" if where else str(name)
            if isinstance(name, str):
                check_json(where, name)
            check_json(place, member)


def check_json_text(where: str, text: bytes) -> None:
    """Return if every integer of a text that is JSON is one that its readers keep.

    Parsers turn those of more than 64 bits into numbers that are nearly the same.

    Raises:
        BadValue: One is not.
    """
    if not _LONG_DIGITS.search(text):
        return
    for token in _TOKEN.findall(text):
        if not _INTEGER.fullmatch(token):
            continue
        if len(token) > _MOST_DIGITS or not LEAST_INTEGER <= int(token) <= MOST_INTEGER:
            shown = token[:_SHOWN_DIGITS].decode() + ("…" if len(token) > _SHOWN_DIGITS else "")
            raise BadValue(where, f"the integer {shown} has more than 64 bits", _HINT)


def _check_text(where: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        shown = where.encode("ascii", "backslashreplace").decode()
        reason = f"character {error.start + 1} is none: the text is not UTF-8"
        raise BadValue(shown, reason, "Give it in UTF-8.") from error


def _members(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, list | tuple | set | frozenset):
        return enumerate(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [(item.name, getattr(value, item.name)) for item in fields(value)]
    return ()
