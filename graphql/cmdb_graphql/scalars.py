"""How do times and moments look in the API?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Moment = NewType("Moment", object)
"""In documents a time or the number of a revision."""


def parse_time(given: Any) -> datetime:
    """Return the aware time that a text gives.

    Raises:
        GraphQLError: It is no time, or one without an offset.
    """
    try:
        at = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        raise GraphQLError(f"{given!r} is no time; write it like 2030-01-31T22:00:00Z.") from None
    if at.tzinfo is None:
        raise GraphQLError(f"{given!r} has no offset from UTC; end it with Z or +02:00.")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise GraphQLError(f"{given!r} is out of the years 1 to 9999 in UTC.") from None


def show_time(at: datetime) -> str:
    """Return a time as text in UTC, as the reports write it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_moment(given: Any) -> datetime | int:
    """Return the revision or time that was given.

    Raises:
        GraphQLError: It is neither.
    """
    if type(given) is int:
        return given
    if isinstance(given, str) and given.isdecimal():
        raise GraphQLError(f"{given!r} is a text; the number of a revision has no quotation marks.")
    return parse_time(given)


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A time in ISO 8601 with its offset from UTC; answers are in UTC.",
        serialize=show_time,
        parse_value=parse_time,
    ),
    Moment: strawberry.scalar(
        name="Moment",
        description="A time in ISO 8601, or the number of a revision.",
        parse_value=parse_moment,
    ),
}
