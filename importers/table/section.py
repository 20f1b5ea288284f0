"""Is this part of a mapping file as it must be? Every refusal names its place and a way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, NoReturn

from cmdb.errors import BadFile
from importers.fields import kind_of


class Section:
    """One map of a mapping file: values are taken out, and `finish` refuses what is left over."""

    def __init__(self, file: str, path: str, values: Any) -> None:
        self.file = file
        self.path = path
        if not isinstance(values, dict):
            self.refuse("", f"expected a map, found {kind_of(values)}")
        self._values: dict[str, Any] = dict(values)
        self._asked: list[str] = []

    def refuse(self, key: str, reason: str, hint: str = "") -> NoReturn:
        """Refuse the mapping file for one of the fields."""
        place = self.at(key)
        if not hint:
            hint = "See the mapping language in the reference of the table format."
        raise BadFile(self.file, reason, hint, place=place)

    def at(self, key: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{key}" if self.path and key else self.path or key

    def take(self, key: str) -> Any:
        """Return the value of a field, None where it is missing."""
        self._asked.append(key)
        return self._values.pop(key, None)

    def text(self, key: str, *, required: bool = False) -> str:
        """Return a text, empty where it is missing."""
        value = self.take(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or (required and not value):
            self.refuse(key, f"expected text, found {kind_of(value)}")
        return value

    def choice(self, key: str, choices: Iterable[str]) -> str:
        """Return one of the choices, empty where it is missing."""
        value = self.text(key)
        known = list(choices)
        if value and value not in known:
            near = difflib.get_close_matches(value, known, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            self.refuse(key, f"{value[:100]!r} is not known", f"{hint}One of {', '.join(known)}.")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false, false where it is missing."""
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            self.refuse(key, f"expected true or false, found {kind_of(value)}")
        return bool(value)

    def number(self, key: str, *, most: float = float("inf")) -> float | None:
        """Return a number from 0, None where it is missing."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, f"expected a number, found {kind_of(value)}")
        if not 0 <= value <= most:
            self.refuse(key, f"{value} is out of range", f"From 0 to {most:g}.")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty where it is missing; one text counts as a list of one."""
        value = self.take(key)
        if value is None:
            return ()
        members = value if isinstance(value, list) else [value]
        for number, member in enumerate(members):
            if not isinstance(member, str):
                self.refuse(f"{key}[{number}]", f"expected text, found {kind_of(member)}")
        return tuple(members)

    def map(self, key: str) -> dict[str, Any]:
        """Return a map, empty where it is missing."""
        value = self.take(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse(key, f"expected a map, found {kind_of(value)}")
        return value

    def sections(self, key: str) -> list[Section]:
        """Return the maps of a list, empty where it is missing."""
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(key, f"expected a list, found {kind_of(value)}")
        return [
            Section(self.file, self.at(f"{key}[{number}]"), member)
            for number, member in enumerate(value)
        ]

    def finish(self) -> None:
        """Refuse fields that nobody asked for."""
        for name in self._values:
            near = difflib.get_close_matches(name, self._asked, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(self._asked)}."
            self.refuse(name[:100], "there is no such field", hint)
