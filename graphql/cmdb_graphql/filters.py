"""Which CIs are wanted? Typed conditions, joined by and, or, not; an empty list means none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import strawberry
from strawberry.scalars import JSON

from cmdb.errors import BadValue
from cmdb.model.selection import And, Filter, Not, Operator, Or, Sort, Where
from cmdb_graphql.ids import local_id
from cmdb_graphql.types.enums import Lifecycle, SortDirection

T = TypeVar("T")
_OPERATORS: Final[dict[str, Operator]] = {
    "eq": "eq",
    "ne": "ne",
    "lt": "lt",
    "lte": "lte",
    "gt": "gt",
    "gte": "gte",
    "in_": "in",
    "contains": "contains",
    "starts_with": "starts_with",
    "ends_with": "ends_with",
    "is_null": "is_null",
}


@strawberry.input
class IdMatch:
    """Conditions on the id; global and plain ids are understood."""

    eq: strawberry.ID | None = strawberry.UNSET
    ne: strawberry.ID | None = strawberry.UNSET
    in_: list[strawberry.ID] | None = strawberry.field(name="in", default=strawberry.UNSET)


@strawberry.input
class TextMatch:
    """Conditions on a text; all that are given must hold."""

    eq: str | None = strawberry.UNSET
    ne: str | None = strawberry.UNSET
    in_: list[str] | None = strawberry.field(name="in", default=strawberry.UNSET)
    contains: str | None = strawberry.UNSET
    starts_with: str | None = strawberry.UNSET
    ends_with: str | None = strawberry.UNSET


@strawberry.input
class LifecycleMatch:
    """Conditions on the stage of life."""

    eq: Lifecycle | None = strawberry.UNSET
    ne: Lifecycle | None = strawberry.UNSET
    in_: list[Lifecycle] | None = strawberry.field(name="in", default=strawberry.UNSET)


@strawberry.input
class IntMatch:
    """Conditions on a whole number."""

    eq: int | None = strawberry.UNSET
    ne: int | None = strawberry.UNSET
    in_: list[int] | None = strawberry.field(name="in", default=strawberry.UNSET)
    lt: int | None = strawberry.UNSET
    lte: int | None = strawberry.UNSET
    gt: int | None = strawberry.UNSET
    gte: int | None = strawberry.UNSET


@strawberry.input
class TimeMatch:
    """Conditions on a time."""

    lt: datetime | None = strawberry.UNSET
    lte: datetime | None = strawberry.UNSET
    gt: datetime | None = strawberry.UNSET
    gte: datetime | None = strawberry.UNSET


@strawberry.input
class AttributeMatch:
    """Conditions on an attribute; values are those of its kind."""

    name: str
    eq: JSON | None = strawberry.UNSET
    ne: JSON | None = strawberry.UNSET
    in_: list[JSON] | None = strawberry.field(name="in", default=strawberry.UNSET)
    lt: JSON | None = strawberry.UNSET
    lte: JSON | None = strawberry.UNSET
    gt: JSON | None = strawberry.UNSET
    gte: JSON | None = strawberry.UNSET
    contains: str | None = strawberry.UNSET
    starts_with: str | None = strawberry.UNSET
    ends_with: str | None = strawberry.UNSET
    is_null: bool | None = strawberry.UNSET


@strawberry.input(name="CIFilter")
class CIFilter:
    """Conditions on a CI; all that are given must hold. An empty list means none."""

    and_: list[CIFilter] | None = strawberry.field(name="and", default=strawberry.UNSET)
    or_: list[CIFilter] | None = strawberry.field(name="or", default=strawberry.UNSET)
    not_: CIFilter | None = strawberry.field(name="not", default=strawberry.UNSET)
    id: IdMatch | None = strawberry.UNSET
    class_name: TextMatch | None = strawberry.field(name="class", default=strawberry.UNSET)
    name: TextMatch | None = strawberry.UNSET
    lifecycle: LifecycleMatch | None = strawberry.UNSET
    version: IntMatch | None = strawberry.UNSET
    created_at: TimeMatch | None = strawberry.UNSET
    updated_at: TimeMatch | None = strawberry.UNSET
    attributes: list[AttributeMatch] | None = strawberry.UNSET


@strawberry.input(name="CISort")
class CISort:
    """By which field CIs are ordered; ties are broken by id."""

    field: str = "name"
    direction: SortDirection = SortDirection.ASC


_FIELDS: Final = {
    "id": "id",
    "class_name": "class",
    "name": "name",
    "lifecycle": "lifecycle",
    "version": "version",
    "created_at": "created_at",
    "updated_at": "updated_at",
}


def filter_of(given: CIFilter | None) -> Filter | None:
    """Return a filter as the store understands it.

    Raises:
        BadValue: A condition is null, or there is none where one is begun.
    """
    return None if given is None else _joined(list(_parts(given)))


def sort_of(given: CISort | None) -> Sort:
    """Return an order as the store understands it."""
    if given is None:
        return Sort()
    return Sort(given.field, descending=SortDirection(given.direction) is SortDirection.DESC)


def _parts(given: CIFilter) -> Iterator[Filter]:
    if given.and_ is not strawberry.UNSET:
        parts = [_one("and", part) for part in _listed("and", given.and_)]
        yield And(tuple(parts)) if parts else Or(())
    if given.or_ is not strawberry.UNSET:
        yield Or(tuple(_one("or", part) for part in _listed("or", given.or_)))
    if given.not_ is not strawberry.UNSET:
        yield Not(_one("not", _present("not", given.not_)))
    for attribute, field in _FIELDS.items():
        match = getattr(given, attribute)
        if match is not strawberry.UNSET:
            yield from _stated(field, list(_conditions(field, _present(field, match))))
    if given.attributes is not strawberry.UNSET:
        wanted = _listed("attributes", given.attributes)
        if not wanted:
            yield Or(())
        for match in wanted:
            yield from _stated(match.name, list(_conditions(match.name, match)))


def _one(name: str, given: CIFilter) -> Filter:
    """A filter within another, which must say something."""
    return _joined(_stated(name, list(_parts(given))))


def _stated(name: str, parts: list[T]) -> list[T]:
    # A variable that was forgotten finds nothing; it does not find everything.
    if not parts:
        raise BadValue(f"filter.{name}", "it has no condition", "Leave it out.")
    return parts


def _conditions(field: str, match: Any) -> Iterator[Where]:
    for attribute, operator in _OPERATORS.items():
        value = getattr(match, attribute, strawberry.UNSET)
        if value is not strawberry.UNSET:
            yield Where(field, operator, _value(field, _present(f"{field}.{operator}", value)))


def _value(field: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(field, member) for member in value]
    if field == "id":
        return local_id(value)
    return value.value if isinstance(value, Lifecycle) else value


def _joined(parts: Sequence[Filter]) -> Filter:
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _listed(name: str, given: Any) -> list[Any]:
    found: list[Any] = _present(name, given)
    return found


def _present(name: str, value: Any) -> Any:
    if value is None:
        raise BadValue(f"filter.{name}", "null is no condition", "Leave it out, or ask isNull.")
    return value
