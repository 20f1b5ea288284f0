"""Are values told in the words people use?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from cmdb.cli.inventory_tables import change_text, value_text
from cmdb.cli.output import duration_text, plural, print_table, shown, time_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (600, "10 min"), (3600, "1 h"), (5400, "1 h 30 min"),
     (200_000, "2 d 7 h")],
)  # fmt: skip
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_time_is_told_in_utc() -> None:
    east = timezone(timedelta(hours=2))

    assert time_text(datetime(2026, 5, 1, 22, 0, tzinfo=east)) == "2026-05-01 20:00 UTC"
    assert time_text(datetime(2026, 5, 1, 22, 0, 5, tzinfo=UTC)) == "2026-05-01 22:00:05 UTC"
    assert time_text(None) == "-"


def test_numbers_agree_with_their_words() -> None:
    assert (plural(1, "entry", "entries"), plural(2, "entry", "entries")) == (
        "1 entry",
        "2 entries",
    )


def test_control_characters_are_replaced() -> None:
    assert shown("a\x07\x1b[2Jb") == "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[2Jb"


def test_an_empty_table_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("a",), [], empty="Nothing here.")

    assert capsys.readouterr().out.strip() == "Nothing here."


def test_a_change_is_told_by_old_and_new_value() -> None:
    assert change_text({"a_owner": "A"}, {"a_owner": "B"}) == "owner: A -> B"
    assert change_text({}, {"a_owner": "A", "assertions": "x", "live": True}) == "new: owner: A"
    assert change_text({"live": True}, {"live": False}) == "live: True -> False"
    assert change_text({"assertions": "x"}, {"assertions": "y"}) == "its evidence"
    assert change_text({"a_k": 1}, {"a_k": None}) == "k: 1 -> nothing"


def test_lists_are_told_in_one_line() -> None:
    assert value_text(["a", "b"]) == "a, b"


def test_an_id_stays_whole_where_other_columns_can_be_broken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ci = "01a2179e-2deb-776f-ac8d-154417f7ab97"

    print_table(("run", "text", "more"), [(ci, "many words " * 10, "and more words " * 10)])

    printed = capsys.readouterr().out
    assert ci in printed
    assert printed.count("more") == 11
    assert printed.count("many") == 10


def test_nothing_is_lost_of_an_id_where_there_is_no_room(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ci = "01a2179e-2deb-776f-ac8d-154417f7ab97"

    print_table([f"c{number}" for number in range(12)], [[ci] * 12])

    head, _, *lines = capsys.readouterr().out.splitlines()
    assert "".join(line[: head.index("c1")].strip() for line in lines) == ci
