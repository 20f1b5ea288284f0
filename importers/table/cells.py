"""What does one cell say, once it is read as a number, a date, a list or a truth value?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from importers.fields import kind_of

KINDS: Final = ("text", "integer", "number", "boolean", "date", "list", "size")
"""How a cell can be read."""
DATE_ORDERS: Final[Mapping[str, tuple[int, int, int]]] = {
    "year-first": (0, 1, 2),
    "day-first": (2, 1, 0),
    "month-first": (2, 0, 1),
}
"""Where year, month and day stand in a date."""
SIZES: Final[Mapping[str, int]] = {
    "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
    "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
}  # fmt: skip

_DATE: Final = re.compile(
    r"([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})"
    r"(?:[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?",
)
_TRUE: Final = frozenset({"true", "yes", "y", "1", "x", "on"})
_FALSE: Final = frozenset({"false", "no", "n", "0", "off"})
_SIZE: Final = re.compile(r"([0-9][0-9., ']*)\s*([a-zA-Z]+)")
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_CELL_LIMIT: Final = 100_000


class BadCell(ValueError):
    """A cell is not what the mapping says; the message tells what was expected."""


@dataclass(frozen=True, slots=True)
class CellRule:
    """How a cell is read.

    Attributes:
        kind: One of `KINDS`.
        split: What separates the members of a list.
        decimal: The decimal sign of numbers, `.` or `,`.
        date_order: A key of `DATE_ORDERS`, or empty where `date_format` says it.
        date_format: A format as `datetime.strptime` takes it.
        zone: The zone of times that state none.
        into: The unit of a size.
        times: A factor for numbers.
        rounded: Whether numbers and sizes are brought to the nearest whole one.
        mapped: What a text becomes, compared caseless.
        others: What a text becomes that `mapped` does not hold; None refuses it.
    """

    kind: str = "text"
    split: str = ""
    decimal: str = "."
    date_order: str = "year-first"
    date_format: str = ""
    zone: str = ""
    into: str = ""
    times: float = 1.0
    rounded: bool = False
    mapped: Mapping[str, Any] = field(default_factory=dict)
    others: Any = None

    def read(self, cell: Any) -> Any:
        """Return the value of a cell that is not empty.

        Raises:
            BadCell: It is not of the kind.
        """
        if self.mapped:
            known = self.mapped.get(_text(cell).casefold(), self.others)
            if known is None:
                raise BadCell("one of " + ", ".join(list(self.mapped)[:20]))
            return known
        value = _READERS[self.kind](self, cell)
        return round(value) if self.rounded and isinstance(value, float) else value


def parse_time(rule: CellRule, text: str) -> tuple[datetime, bool]:
    """Return the moment of a text, and whether it states a time of day.

    Raises:
        BadCell: It is not in the format of the rule.
    """
    text = " ".join(text.split())
    if rule.date_format:
        found = _try_format(text, rule.date_format)
        has_time = "%H" in rule.date_format or "%I" in rule.date_format
        if found is None:
            raise BadCell(f"a date like {rule.date_format}")
        return found, has_time
    if (parsed := _parse_numbers(text, rule.date_order)) is not None:
        return parsed
    if rule.date_order == "year-first":
        try:
            return datetime.fromisoformat(text), len(text) > len("2024-01-31")
        except ValueError:
            pass
    raise BadCell(f"a date, {rule.date_order}")


def parse_moment(rule: CellRule, text: str) -> datetime:
    """Return the moment of a text in UTC.

    Raises:
        BadCell: Not a date, or neither the text nor the rule states a zone.
    """
    found, _ = parse_time(rule, text)
    if found.tzinfo is None:
        if not rule.zone:
            raise BadCell("a time with its zone, or a `zone` in the mapping")
        found = found.replace(tzinfo=ZoneInfo(rule.zone))
    try:
        return found.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise BadCell("a time between the years 1 and 9999") from error


def _parse_numbers(text: str, order: str) -> tuple[datetime, bool] | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    parts = (match[1], match[3], match[4])
    year, month, day = (parts[at] for at in DATE_ORDERS[order])
    if len(year) not in (2, 4) or len(day) > 2 or (len(year) == 2 and order == "year-first"):
        return None
    century = 0 if len(year) == 4 else 2000 if int(year) < 69 else 1900
    hour, minute, second = (int(match[group] or 0) for group in (5, 6, 7))
    try:
        # The zone is put on afterwards, where one is declared.
        found = datetime(int(year) + century, int(month), int(day), hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
    return found, match[5] is not None


def _try_format(text: str, pattern: str) -> datetime | None:
    try:
        # The zone is put on afterwards, where one is declared.
        return datetime.strptime(text, pattern)  # noqa: DTZ007
    except ValueError:
        return None


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return str(cell)
    if not isinstance(cell, str):
        raise BadCell(f"text, not {kind_of(cell)}")
    if len(cell) > _CELL_LIMIT:
        raise BadCell(f"at most {_CELL_LIMIT:,} characters")
    return cell.strip()


def _read_text(_: CellRule, cell: Any) -> Any:
    return _text(cell)


def _read_number(rule: CellRule, cell: Any) -> float | int:
    if isinstance(cell, bool):
        raise BadCell("a number, not true or false")
    if isinstance(cell, int) and rule.times == 1:
        return cell
    return _number(rule, _text(cell)) * rule.times


def _number(rule: CellRule, text: str) -> float:
    grouping = "." if rule.decimal == "," else ","
    plain = re.sub(rf"[\s'_{re.escape(grouping)}]", "", text).replace(rule.decimal, ".")
    if len(plain) > 100 or not _NUMBER.fullmatch(plain):
        raise BadCell(f"a number with the decimal sign {rule.decimal!r}")
    number = float(plain)
    if number in (float("inf"), float("-inf")):
        raise BadCell("a finite number")
    return number


def _read_integer(rule: CellRule, cell: Any) -> int:
    number = _read_number(rule, cell)
    if number != int(number):
        raise BadCell("a whole number")
    return int(number)


def _read_size(rule: CellRule, cell: Any) -> float:
    match = _SIZE.fullmatch(_text(cell))
    unit = match[2].casefold() if match else ""
    if match is None or unit not in SIZES:
        raise BadCell("a size with its unit, like 16 GiB")
    return _number(rule, match[1]) * SIZES[unit] / SIZES[rule.into.casefold()]


def _read_boolean(_: CellRule, cell: Any) -> bool:
    word = _text(cell).casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadCell("yes or no")


def _read_date(rule: CellRule, cell: Any) -> str:
    found, has_time = parse_time(rule, _text(cell))
    if not has_time:
        return found.date().isoformat()
    if found.tzinfo is None and not rule.zone:
        return found.isoformat()
    return parse_moment(rule, _text(cell)).isoformat().replace("+00:00", "Z")


def _read_list(rule: CellRule, cell: Any) -> list[str]:
    if isinstance(cell, list):
        return [text for member in cell if member is not None and (text := _text(member))]
    return split_cell(_text(cell), rule.split or ",")


def split_cell(text: str, separator: str) -> list[str]:
    """Return the members of a cell, trimmed, without empty ones; line ends separate too."""
    parts = (part.strip() for line in text.splitlines() for part in line.split(separator))
    return [part for part in parts if part]


_READERS: Final[Mapping[str, Callable[[CellRule, Any], Any]]] = {
    "text": _read_text,
    "integer": _read_integer,
    "number": _read_number,
    "boolean": _read_boolean,
    "date": _read_date,
    "list": _read_list,
    "size": _read_size,
}
