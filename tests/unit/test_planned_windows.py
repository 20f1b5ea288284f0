"""Is a timeline of overlapping outages cut into stretches that never overlap?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cmdb.services.outlook import Effect
from cmdb.services.planned_windows import disjoint
from impact.availability import Maintenance

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)


def hour(count: int) -> datetime:
    """Return a moment, counted from the begin."""
    return BEGIN + timedelta(hours=count)


def out(ci: str, start: int, end: int) -> Effect:
    return Effect(ci, "outage", hour(start), hour(end))


def test_overlapping_windows_are_cut_where_one_begins_or_ends() -> None:
    found = disjoint([out("db", 2, 5), out("web", 4, 8)], hour(0), hour(100))

    assert found == (
        Maintenance(("db",), 2.0),
        Maintenance(("db", "web"), 1.0, continues=True),
        Maintenance(("web",), 3.0, continues=True),
    )


def test_two_windows_of_one_ci_are_out_until_the_last_ends() -> None:
    found = disjoint([out("db", 2, 5), out("db", 3, 4), out("db", 7, 8)], hour(0), hour(100))

    assert [(each.cis, each.hours, each.continues) for each in found] == [
        (("db",), 1.0, False),
        (("db",), 1.0, True),
        (("db",), 1.0, True),
        (("db",), 1.0, False),
    ]


def test_what_reaches_beyond_the_year_is_cut_off() -> None:
    found = disjoint([out("db", -9, 2), out("web", 98, 300)], hour(0), hour(100))

    assert found == (Maintenance(("db",), 2.0), Maintenance(("web",), 2.0))


def test_nothing_planned_is_nothing_out() -> None:
    assert disjoint([], hour(0), hour(100)) == ()


WINDOWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-3, 20), st.integers(1, 9)), max_size=8
)


@given(WINDOWS)
def test_every_hour_is_told_once_with_all_that_is_out_in_it(
    windows: list[tuple[str, int, int]],
) -> None:
    last = 24
    inside = [(ci, at, at + long) for ci, at, long in windows if at + long > 0 and at < last]

    found = disjoint([out(*each) for each in inside], hour(0), hour(last))

    by_hour = [
        tuple(sorted({ci for ci, start, end in inside if start <= now < end}))
        for now in range(last)
    ]
    told = [each.cis for each in found for _ in range(round(each.hours))]
    assert told == [cis for cis in by_hour if cis]
    starts = [now for now in range(last) if by_hour[now] and (now == 0 or not by_hour[now - 1])]
    assert sum(not each.continues for each in found) == len(starts)
