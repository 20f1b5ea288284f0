"""Is what a person types read as meant, and refused with the way out where it is not?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cmdb.cli.auditing import split_anchor
from cmdb.cli.options import parse_moment, parse_pairs, parse_time, parse_value
from cmdb.cli.transfer import default_source
from cmdb.errors import BadValue

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hour", "minute"),
    [
        ("now", 12, 30),
        ("now+2h", 14, 30),
        ("NOW-45m", 11, 45),
        ("2026-05-01T22:00Z", 22, 0),
        ("2026-05-01T22:00+02:00", 20, 0),
        ("2026-05-01T22:00", 22, 0),
        ("2026-05-01", 0, 0),
    ],
)
def test_a_time_is_read_as_utc(text: str, hour: int, minute: int) -> None:
    assert parse_time("--at", text, NOW) == datetime(2026, 5, 1, hour, minute, tzinfo=UTC)


def test_now_is_this_very_moment_and_not_the_second_it_began_in() -> None:
    moment = NOW.replace(microsecond=999_000)

    assert parse_time("--at", "now", moment) == moment


@pytest.mark.parametrize("text", ["", "soon", "now+2", "now*2h", "2026-13-01", "yesterday"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(BadValue, match="now\\+2h"):
        parse_time("--at", text, NOW)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00+01:00"])
def test_a_time_that_no_calendar_holds_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="years 1 to 9999"):
        parse_time("--at", text, NOW)
    assert parse_time("--at", "9999-12-31T23:59:59+01:00", NOW).year == 9999


@pytest.mark.parametrize(("text", "revision"), [("r12", 12), ("12", 12), ("r0", 0)])
def test_a_revision_is_a_moment(text: str, revision: int) -> None:
    assert parse_moment("--at", text) == revision


def test_pairs_keep_later_equal_signs() -> None:
    assert parse_pairs("--set", ["a=b=c", "d="]) == {"a": "b=c", "d": ""}


@pytest.mark.parametrize("texts", [["a"], ["=b"], ["a=1", "a=2"]])
def test_pairs_that_say_nothing_or_two_things_are_refused(texts: list[str]) -> None:
    with pytest.raises(BadValue):
        parse_pairs("--set", texts)


@pytest.mark.parametrize(
    ("text", "value"),
    [("4", "4"), ("[1, 2]", [1, 2]), ("null", None), ("[broken", "[broken"), ("nulls", "nulls")],
)
def test_only_lists_objects_and_null_are_read_as_json(text: str, value: object) -> None:
    assert parse_value(text) == value


def test_an_anchor_is_read_back() -> None:
    assert split_anchor(f" 7:{'AB' * 32} ") == (7, "ab" * 32)


@pytest.mark.parametrize("text", ["7", f"{'9' * 5_000}:{'ab' * 32}", "7:short"])
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        split_anchor(text)


@pytest.mark.parametrize(
    ("file_format", "path", "source"),
    [("kubernetes", "x/shop.prod.yaml", "shop"), ("table", "-", "table"), ("records", "a/b", "b")],
)
def test_the_source_is_named_after_the_file(file_format: str, path: str, source: str) -> None:
    assert default_source(file_format, path) == source
