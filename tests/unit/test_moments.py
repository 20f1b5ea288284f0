"""Is a time or a revision of the API read as it was meant, or refused with a way out?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from graphql import GraphQLError

from cmdb_graphql.scalars import parse_moment


def test_a_moment_is_a_revision_or_a_time_in_utc() -> None:
    assert parse_moment(7) == 7
    assert parse_moment("2030-01-31T22:00:00+02:00") == datetime(2030, 1, 31, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("7", "no quotation marks"),
        ("soon", "is no time"),
        (True, "is no time"),
        (1.5, "is no time"),
        ("2030-01-31T22:00:00", "no offset"),
        ("0001-01-01T00:00:00+10:00", "out of the years"),
        ("9999-12-31T23:59:59-10:00", "out of the years"),
    ],
)
def test_what_is_no_moment_is_refused_with_a_way_out(given: object, reason: str) -> None:
    with pytest.raises(GraphQLError, match=reason):
        parse_moment(given)
