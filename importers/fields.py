"""What stands at this field of a document, and is it of the kind that it should be?

A `Fields` walks a JSON-like object whose author is not trusted: it returns the expected kind or an
empty one, and notes a `Problem` with the path of every field that is of another kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cmdb.model.records import Problem

TEXT_LIMIT: Final = 100_000

_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (list, "a list"),
    (dict, "a map"),
)


def kind_of(value: Any) -> str:
    """Return what a value is, in words."""
    return next((words for kind, words in _KINDS if isinstance(value, kind)), "nothing")


class Fields:
    """One object of a document, with the path to it and the problems found in it."""

    __slots__ = ("path", "place", "problems", "values")

    def __init__(
        self, values: Mapping[str, Any], place: str, problems: list[Problem], path: str = ""
    ) -> None:
        self.values = values
        self.place = place
        self.problems = problems
        self.path = path

    def at(self, key: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{key}" if self.path else key

    def note(self, key: str, reason: str, hint: str = "") -> None:
        """Note a problem with one field; the rest of the document is still taken."""
        self.problems.append(Problem(self.place, self.at(key), reason, hint, dropped=False))

    def _wrong(self, key: str, expected: str) -> None:
        found = kind_of(self.values.get(key))
        self.note(key, f"expected {expected}, found {found}", "The field was left out.")

    def text(self, key: str) -> str:
        """Return a text; empty where there is none."""
        value = self.values.get(key)
        if isinstance(value, str) and len(value) <= TEXT_LIMIT:
            return value.strip()
        if value is not None:
            self._wrong(key, "text")
        return ""

    def scalar(self, key: str) -> str:
        """Return a text, number or truth value as text; empty where there is none."""
        value = self.values.get(key)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        return self.text(key)

    def integer(self, key: str) -> int | None:
        """Return a whole number, or None."""
        value = self.values.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if value is not None:
            self._wrong(key, "a whole number")
        return None

    def has(self, key: str) -> bool:
        """Return whether the field is there and not null."""
        return self.values.get(key) is not None

    def object(self, key: str) -> Fields:
        """Return the object of a field; an empty one where there is none."""
        value = self.values.get(key)
        if isinstance(value, dict):
            return Fields(value, self.place, self.problems, self.at(key))
        if value is not None:
            self._wrong(key, "a map")
        return Fields({}, self.place, self.problems, self.at(key))

    def members(self, key: str) -> list[Any]:
        """Return the list of a field; an empty one where there is none."""
        value = self.values.get(key)
        if isinstance(value, list):
            return value
        if value is not None:
            self._wrong(key, "a list")
        return []

    def objects(self, key: str) -> list[Fields]:
        """Return the objects of a list, leaving out and noting whatever else is in it."""
        found = []
        for number, member in enumerate(self.members(key)):
            where = f"{key}[{number}]"
            if isinstance(member, dict):
                found.append(Fields(member, self.place, self.problems, self.at(where)))
            elif member is not None:
                self.note(where, f"expected a map, found {kind_of(member)}")
        return found

    def texts(self, key: str) -> dict[str, str]:
        """Return a map of texts (labels); numbers and truth values in it are read as text."""
        holder = self.object(key)
        found = {name: holder.scalar(name) for name in holder.values if isinstance(name, str)}
        return {name: text for name, text in found.items() if text or holder.has(name)}
