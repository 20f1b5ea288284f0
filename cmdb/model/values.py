"""Is this value right for that attribute, and in which form is it compared?

Kinds of values, their canonical form, and the placeholders that real sources put where a unique
value should stand.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from cmdb.errors import BadValue
from cmdb.model.json_values import MOST_INTEGER, check_json

Scalar = str | int | float | bool

PLACEHOLDERS: Final = frozenset(
    {
        "", "-", "--", "?", "0", "1234567890", "123456789", "00000000", "n/a", "na", "nil", "none",
        "null", "unknown", "undefined", "default string", "not applicable", "not available",
        "not specified", "not provided", "no asset tag", "to be filled by o.e.m.", "o.e.m.", "oem",
        "serial number", "system serial number", "chassis serial number",
        "base board serial number", "system product name", "localhost", "localhost.localdomain",
        "localhost4", "localhost6", "empty", "xxxxxxxx", "invalid", "127.0.0.1", "::1", "::",
        "0.0.0.0",  # noqa: S104 - an address that sources write, none to listen on
    }
)  # fmt: skip
"""Values that identify nothing, whatever source writes them (compared caseless and trimmed)."""

LONGEST_PLACEHOLDER = max(map(len, PLACEHOLDERS))

_MAC = re.compile(r"[0-9a-f]{12}")
_ZERO_UUIDS = frozenset({uuid.UUID(int=0).hex, "f" * 32, "03000200040005000006000700080009"})


class NotThatKind(ValueError):
    """The value is not of the kind; the message says what was expected."""


def canonical_text(value: Any) -> str:
    """Return the value as caseless text with single spaces."""
    return " ".join(str(value).split()).casefold()


def canonical_exact(value: Any) -> str:
    """Return the value as text, trimmed and otherwise untouched (paths, digests, URLs)."""
    return str(value).strip()


def canonical_mac(value: Any) -> str:
    """Return twelve lower-case hexadecimal digits in pairs, or empty if it is no MAC address."""
    digits = re.sub(r"[^0-9a-fA-F]", "", str(value)).lower()
    if not _MAC.fullmatch(digits) or digits in ("0" * 12, "f" * 12):
        return ""
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def canonical_uuid(value: Any) -> str:
    """Return the UUID in its usual form, or empty if it is none or a known filler."""
    try:
        parsed = uuid.UUID(str(value).strip())
    except ValueError:
        return ""
    return "" if parsed.hex in _ZERO_UUIDS else str(parsed)


def canonical_ip(value: Any) -> str:
    """Return the address without prefix length; empty if it is none or names its own machine."""
    try:
        parsed = ipaddress.ip_address(str(value).strip().split("/")[0])
    except ValueError:
        return ""
    return "" if parsed.is_loopback or parsed.is_unspecified else parsed.compressed


def canonical_fqdn(value: Any) -> str:
    """Return the caseless name without its final dot, or empty for a bare or local name."""
    name = canonical_text(value).rstrip(".")
    is_local = name.startswith("localhost.") or name.endswith(".localdomain")
    return "" if "." not in name or is_local else name


def _check_integer(value: Any) -> Scalar:
    if isinstance(value, bool):
        raise NotThatKind("a whole number, not true or false")
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotThatKind("a whole number") from error
    if (isinstance(value, float) and number != value) or not -(2**63) <= number < 2**63:
        raise NotThatKind("a whole number of at most 64 bits")
    return number


def _check_number(value: Any) -> Scalar:
    if isinstance(value, bool):
        raise NotThatKind("a number, not true or false")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotThatKind("a number") from error
    if not math.isfinite(number):
        raise NotThatKind("a finite number")
    return number


def _check_boolean(value: Any) -> Scalar:
    if isinstance(value, bool):
        return value
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    try:
        return known[str(value).strip().casefold()]
    except KeyError:
        raise NotThatKind("true or false") from None


def _check_text(value: Any) -> Scalar:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, float) and not abs(value) <= MOST_INTEGER:
        # Not a number, or what parsers make of a long row of digits: other digits.
        raise NotThatKind("text; a number of more than 64 bits is written in quotation marks")
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise NotThatKind("text")


def _check_json(value: Any) -> Scalar:
    try:
        check_json("", value)
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    except (BadValue, TypeError, orjson.JSONEncodeError) as error:
        raise NotThatKind("something JSON can hold") from error


CHECKS: Final[Mapping[str, Callable[[Any], Scalar]]] = {
    "text": _check_text,
    "exact": _check_text,
    "mac": _check_text,
    "uuid": _check_text,
    "ip": _check_text,
    "fqdn": _check_text,
    "integer": _check_integer,
    "number": _check_number,
    "boolean": _check_boolean,
    "json": _check_json,
}
"""Kinds of attribute values: each check returns the value as stored or raises `NotThatKind`."""

CANONICAL: Final[Mapping[str, Callable[[Any], str]]] = {
    "text": canonical_text,
    "exact": canonical_exact,
    "mac": canonical_mac,
    "uuid": canonical_uuid,
    "ip": canonical_ip,
    "fqdn": canonical_fqdn,
    "integer": canonical_exact,
    "number": canonical_exact,
    "boolean": canonical_text,
    "json": canonical_exact,
}
"""How identifying values of each kind are compared; empty means: identifies nothing."""


def canonical_identifier(kind: str, value: Any) -> str:
    """Return the form in which an identifying value is compared; empty if it identifies nothing.

    >>> canonical_identifier("mac", "00-1B-44-11-3A-B7")
    '00:1b:44:11:3a:b7'
    >>> canonical_identifier("text", " To Be Filled By O.E.M. ")
    ''
    """
    if value is None:
        return ""
    text = CANONICAL[kind](value)
    if len(text) > LONGEST_PLACEHOLDER or kind == "integer":
        return text
    return "" if text.casefold() in PLACEHOLDERS else text


def canonical_json(value: Any) -> bytes:
    """Return the one byte string that stands for a JSON value (sorted keys, no spaces).

    Raises:
        BadValue: JSON cannot hold something in it.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        check_json("value", value)
        raise
