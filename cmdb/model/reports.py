"""What do questions about the inventory answer? Plain values that every edge can render and send.

Every report has `to_json()`: one JSON object whose keys are the field names below, with times as
ISO 8601 in UTC, `class_name` written as `class`, and nothing left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from cmdb.model.inventory import CI, HistoryEvent, Relationship


def plain(value: Any) -> Any:
    """Return a report, or any part of one, as values that JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "class" if item.name == "class_name" else item.name: plain(getattr(value, item.name))
            for item in fields(value)
        }
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {str(name): plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(member) for member in value]
    return value


class Report:
    """Base of everything that an operation returns."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return the report as one JSON object; keys are the field names."""
        made: dict[str, Any] = plain(self)
        return made


@dataclass(frozen=True, slots=True)
class NamedCI(Report):
    """A CI as answers name it."""

    id: str
    class_name: str
    name: str
    lifecycle: str = "in_use"

    def __str__(self) -> str:
        return f"{self.class_name}/{self.name}"


@dataclass(frozen=True, slots=True)
class ClassSummary(Report):
    """A registered class with the number of its CIs; `parent` is empty at the top."""

    name: str
    layer: str
    parent: str
    rules: tuple[str, ...]
    count: int
    summary: str


@dataclass(frozen=True, slots=True)
class ClassesReport(Report):
    """The registered classes, by layer and name."""

    classes: tuple[ClassSummary, ...]


@dataclass(frozen=True, slots=True)
class CIList(Report):
    """A page of CIs; `next` is the cursor of the page that follows, or empty."""

    cis: tuple[NamedCI, ...]
    next: str


@dataclass(frozen=True, slots=True)
class Neighbour(Report):
    """A relationship of a CI and what stands at its other end."""

    relationship: Relationship
    other: NamedCI


@dataclass(frozen=True, slots=True)
class CIDetails(Report):
    """One CI with everything it relies on and everything that relies on it.

    `withheld` counts its relationships with CIs that the caller may not see.
    """

    ci: CI
    providers: tuple[Neighbour, ...]
    dependents: tuple[Neighbour, ...]
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class HistoryReport(Report):
    """The changes that touched a CI, newest first; `names` are those of the CIs it mentions.

    `withheld` counts relationships with CIs that the caller may not see; their changes are left
    out.
    """

    ci: NamedCI
    events: tuple[HistoryEvent, ...]
    names: Mapping[str, str]
    is_partial: bool
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class SearchHit(Report):
    """One hit of a search with its score, best first."""

    ci: NamedCI
    score: float


@dataclass(frozen=True, slots=True)
class SearchReport(Report):
    """The hits of a search, best first."""

    text: str
    hits: tuple[SearchHit, ...]
