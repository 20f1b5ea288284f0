"""What does a reader want? A value that lists, pages and nested reads are built from.

Resolvers, data loaders and the command line build Selections; only the store turns one into a
statement. Filters are typed and/or/not objects; an empty list of alternatives means none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cmdb.errors import BadValue, LimitExceeded

Operator = Literal[
    "eq", "ne", "lt", "lte", "gt", "gte", "in", "contains", "starts_with", "ends_with", "is_null"
]
Direction = Literal["providers", "dependents"]
MAX_IN = 1_000  # values of one condition
MAX_PAGE = 200


@dataclass(frozen=True, slots=True)
class Where:
    """One condition on a field: `class`, `name`, `lifecycle`, `version` or an attribute."""

    field: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class And:
    """All of these; none at all means everything."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these; none at all means nothing."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of this."""

    part: Filter


Filter = Where | And | Or | Not


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by a field; ties are broken by id, so that every order is total."""

    field: str = "name"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Nested:
    """Relationships of each row and what stands at their other end.

    Attributes:
        direction: Towards the providers or towards the dependents.
        types: Relationship types; empty for all.
        fields: Columns of the CI at the other end.
        first: Most rows for each parent.
        relations: One level further.
    """

    direction: Direction = "providers"
    types: tuple[str, ...] = ()
    fields: tuple[str, ...] = ("id", "class", "name")
    first: int = 20
    relations: Mapping[str, Nested] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """A page of CIs.

    Attributes:
        class_name: Only this class and its children; empty for all.
        where: A filter, or None.
        sort: The order.
        first: Rows of a page, at most `MAX_PAGE`.
        after: Cursor of the row before the page, or empty.
        fields: Columns, in the order of the rows.
        relations: Nested reads by the name the caller gives them.
        include_retired: Whether retired CIs are listed.
    """

    class_name: str = ""
    where: Filter | None = None
    sort: Sort = field(default_factory=Sort)
    first: int = 50
    after: str = ""
    fields: tuple[str, ...] = ("id", "class", "name", "lifecycle", "version")
    relations: Mapping[str, Nested] = field(default_factory=dict)
    include_retired: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the selection's fields.

    Attributes:
        rows: One list a CI, in the order of `Selection.fields`.
        cursors: One a row.
        has_next: Whether more rows follow.
        nested: By name: one list of rows for each row, in the order of `Nested.fields`, each row
            ending with the relationship as a mapping (`type`, `id`, `strength`, ...).
    """

    rows: list[list[Any]]
    cursors: list[str]
    has_next: bool
    nested: Mapping[str, list[list[list[Any]]]] = field(default_factory=dict)


def check_page(field: str, rows: int) -> int:
    """Return a number of rows, if a page can have so many.

    Raises:
        BadValue: It is no number, or less than one.
        LimitExceeded: It is more than `MAX_PAGE`.
    """
    if type(rows) is not int or rows < 1:
        raise BadValue(field, f"{rows!r} rows", f"Ask for 1 to {MAX_PAGE} and page on.")
    if rows > MAX_PAGE:
        raise LimitExceeded("rows of a page", MAX_PAGE, rows, f"It is {field}; page on.")
    return rows


def check_values(values: Collection[Any]) -> Collection[Any]:
    """Return the values of a condition `in`, if they are not too many.

    Raises:
        LimitExceeded: There are more than `MAX_IN`.
    """
    if len(values) > MAX_IN:
        hint = "Ask in several requests."
        raise LimitExceeded("values of a condition", MAX_IN, len(values), hint)
    return values


def count_parts(where: Filter) -> int:
    """Return how many parts a filter has, itself counted.

    >>> count_parts(Not(Or((Where("name", "eq", "a"), Where("name", "eq", "b")))))
    4
    """
    count, level = 0, [where]
    while level:
        count += len(level)
        level = [part for each in level for part in _parts(each)]
    return count


def _parts(part: Filter) -> Sequence[Filter]:
    match part:
        case And(parts) | Or(parts):
            return parts
        case Not(inner):
            return (inner,)
        case Where():
            return ()
