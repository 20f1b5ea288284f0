"""Is every value refused that JSON would turn into another, and no other?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from cmdb.errors import BadValue
from cmdb.model.json_values import check_json, check_json_text
from cmdb.model.values import CHECKS, NotThatKind, canonical_json


@dataclass(frozen=True)
class Target:
    start_at: datetime


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0.1,
        1e300,
        2**63 - 1,
        -(2**63),
        "Zürich 🦊",
        datetime(2026, 5, 1, tzinfo=UTC),
        [{"a": (1, {"b"})}],
        Target(datetime(2026, 5, 1, tzinfo=UTC)),
    ],
)
def test_what_json_keeps_is_taken(value: Any) -> None:
    check_json("notes", value)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (float("nan"), "notes"),
        (float("-inf"), "notes"),
        (2**63, "notes"),
        (-(2**63) - 1, "notes"),
        (1 << 20_000, "notes"),
        ("\ud800", "notes"),
        ({"a": [1, float("inf")]}, "notes.a.1"),
        ({"\udcff": 1}, "notes"),
        (datetime(2026, 5, 1), "notes"),  # noqa: DTZ001 - it is what is refused
        (Target(datetime(2026, 5, 1)), "notes.start_at"),  # noqa: DTZ001 - it is what is refused
    ],
    ids=["nan", "inf", "large", "small", "huge", "half", "inside", "name", "time", "target"],
)
def test_what_json_would_change_is_refused_with_its_place(value: Any, place: str) -> None:
    with pytest.raises(BadValue) as met:
        check_json("notes", value)

    assert met.value.facts["field"] == place
    assert met.value.message.isascii()


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 9223372036854775807, "b": -9223372036854775808}',
        '{"a": "1180591620717411303424", "b": "\\"1180591620717411303424"}',
        '{"a": 1180591620717411303424.0, "b": 11805916207174113034241e3}',
        "[1, 2, 3]",
    ],
)
def test_a_text_whose_integers_are_kept_is_taken(text: str) -> None:
    check_json_text("body", text.encode())


@pytest.mark.parametrize(
    "text",
    [
        '{"notes": 1180591620717411303424}',
        '{"notes": 9223372036854775808}',
        '["\\\\", -9223372036854775809]',
        '{"a": "x\\"y", "notes": 18446744073709551616}',
        "[" + "7" * 5_000 + "]",
    ],
)
def test_an_integer_that_parsers_change_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="more than 64 bits") as met:
        check_json_text("body", text.encode())

    assert len(met.value.message) < 200


def test_a_text_full_of_quotation_marks_is_read_once() -> None:
    check_json_text("body", b'["' + b'\\"' * 500_000 + b"1" * 20 + b'"]')


@pytest.mark.parametrize("kind", ["text", "exact", "number", "integer", "json"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1180591620717411303424.0])
def test_no_attribute_takes_a_number_that_is_none_or_another(kind: str, value: float) -> None:
    if kind in ("number", "json") and value == 1180591620717411303424.0:
        assert CHECKS[kind](value) in (value, "1.1805916207174113e+21")
        return
    with pytest.raises(NotThatKind):
        CHECKS[kind](value)


def test_numbers_are_taken_as_text_where_they_are_kept() -> None:
    assert [CHECKS["text"](each) for each in (7, 2**63 - 1, 0.5)] == [
        "7",
        "9223372036854775807",
        "0.5",
    ]


def test_what_cannot_be_written_in_one_way_has_a_code() -> None:
    with pytest.raises(BadValue, match=r"value\.1"):
        canonical_json(["a", 2**64])
