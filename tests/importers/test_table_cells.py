"""Is a cell read as its rule says, and reported where it cannot be?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmdb.model.records import Item, Problem, Record
from importers.table import IMPORTER
from tests.importers.reading_items import (
    only_record,
    problems,
    read_text,
    records,
)
from tests.importers.table_mappings import HOST, mapped, read_cells


@pytest.mark.parametrize(
    ("rule", "cell", "expected"),
    [
        ("c", " text ", "text"),
        ("c", 5, "5"),
        ("c", True, "true"),
        ({"column": "c", "as": "integer"}, "1 024", 1024),
        ({"column": "c", "as": "integer"}, 7, 7),
        ({"column": "c", "as": "number"}, "1,234.5", 1234.5),
        ({"column": "c", "as": "number", "decimal": ","}, "1.234,5", 1234.5),
        ({"column": "c", "as": "number", "times": 1024}, "2", 2048.0),
        ({"column": "c", "as": "boolean"}, "Yes", True),
        ({"column": "c", "as": "boolean"}, False, False),
        ({"column": "c", "as": "date", "order": "day-first"}, "1/2/2024", "2024-02-01"),
        ({"column": "c", "as": "date", "order": "month-first"}, "1/2/2024", "2024-01-02"),
        ({"column": "c", "as": "date"}, "2024-02-01", "2024-02-01"),
        ({"column": "c", "as": "date"}, "20240201", "2024-02-01"),
        ({"column": "c", "as": "date"}, "2024/02/01 9:05", "2024-02-01T09:05:00"),
        ({"column": "c", "as": "date"}, "2024-02-01T09:05:00+02:00", "2024-02-01T07:05:00Z"),
        ({"column": "c", "as": "date", "order": "day-first"}, "1.2.69", "1969-02-01"),
        ({"column": "c", "as": "date", "order": "day-first"}, "1.2.68", "2068-02-01"),
        (
            {"column": "c", "as": "date", "order": "day-first", "zone": "Europe/Berlin"},
            "1.7.2024 12:00",
            "2024-07-01T10:00:00Z",
        ),
        ({"column": "c", "as": "date", "format": "%d %b %y"}, "01 Feb 24", "2024-02-01"),
        ({"column": "c", "as": "list"}, "a, b,,c", ["a", "b", "c"]),
        ({"column": "c", "as": "list", "split": "/"}, "a/b", ["a", "b"]),
        ({"column": "c", "as": "list"}, ["a", None, 1], ["a", "1"]),
        ({"column": "c", "as": "size", "into": "MiB"}, "2 GiB", 2048.0),
        ({"column": "c", "as": "size", "into": "GiB"}, "512 MiB", 0.5),
        ({"column": "c", "as": "number", "round": True}, "2.6", 3),
        ({"column": "c", "map": {"a": "x"}}, "A", "x"),
        ({"column": "c", "map": {"a": "x"}, "others": "y"}, "b", "y"),
        ({"column": "c", "default": "d"}, "", "d"),
        ({"columns": ["id", "c"], "join": "-"}, "z", "1-z"),
        ({"constant": 5}, "", 5),
    ],
)
def test_a_cell_is_read_as_its_rule_says(
    tmp_path: Path, rule: object, cell: object, expected: object
) -> None:
    items = read_cells(tmp_path, rule, cell)

    assert problems(items) == []
    assert only_record(items).attributes == {"x": expected}


@pytest.mark.parametrize("cell", ["", "?", "NA", "n/a", "-", " ? ", None, [], "null"])
def test_a_cell_that_says_nothing_becomes_nothing(tmp_path: Path, cell: object) -> None:
    items = read_cells(tmp_path, {"column": "c", "as": "integer"}, cell)

    assert problems(items) == []
    assert only_record(items).attributes == {}


@pytest.mark.parametrize(
    ("rule", "cell", "reason"),
    [
        ("c", {"a": 1}, "expected text, not a map"),
        ({"column": "c", "as": "integer"}, "1.5", "expected a whole number"),
        ({"column": "c", "as": "integer"}, True, "expected a number, not true or false"),
        ({"column": "c", "as": "number"}, "x", "expected a number with the decimal sign '.'"),
        ({"column": "c", "as": "number"}, "1e999", "expected a finite number"),
        ({"column": "c", "as": "boolean"}, "maybe", "expected yes or no"),
        ({"column": "c", "as": "date"}, "1/2/2024", "expected a date, year-first"),
        ({"column": "c", "as": "date", "order": "day-first"}, "31/2/2024", "expected a date, day"),
        ({"column": "c", "as": "date", "order": "day-first"}, "2024-02-01", "expected a date, day"),
        ({"column": "c", "as": "date"}, "24-02-01", "expected a date, year-first"),
        ({"column": "c", "as": "size", "into": "GiB"}, "16", "expected a size with its unit"),
        ({"column": "c", "map": {"a": "x"}}, "b", "expected one of a"),
    ],
)
def test_a_cell_that_is_not_as_it_should_be_is_left_out_and_reported(
    tmp_path: Path, rule: object, cell: object, reason: str
) -> None:
    items = read_cells(tmp_path, rule, cell)

    assert only_record(items).attributes == {}
    (problem,) = problems(items)
    assert (problem.place, problem.field, problem.dropped) == ("t.json:[0]", "c", False)
    assert problem.reason.startswith(reason)


def test_times_of_observation_need_a_zone(tmp_path: Path) -> None:
    def read(rule: object) -> Item:
        mapping = {"records": [{**HOST, "observed_at": rule}]}
        text = "name,seen\na,02/01/2024 10:00\n"
        items = read_text(IMPORTER, text, "t.csv", mapped(tmp_path, mapping))
        return (problems(items) or records(items))[0]

    zoned = read({"column": "seen", "order": "day-first", "zone": "Europe/Paris"})
    bare = read({"column": "seen", "order": "day-first"})

    assert isinstance(zoned, Record)
    assert zoned.observed_at == datetime(2024, 1, 2, 9, tzinfo=UTC)
    assert isinstance(bare, Problem)
    assert "a time with its zone" in bare.reason
