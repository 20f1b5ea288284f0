"""Whose value is shown where sources disagree?"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from cmdb.model.records import Reference
from cmdb.model.source_records import MANUAL, SourceRecord
from cmdb.model.winners import precedence_of, winning_values

ABOUT = Reference("Host", {"fqdn": "web.example.org"})


def said(source: str, at: int = 1, *, key: str = "k", **facts: Any) -> SourceRecord:
    fields = {name: facts.pop(name) for name in ("name", "lifecycle", "deleted") if name in facts}
    about = ABOUT if source == MANUAL else None
    return SourceRecord(
        id=f"{source}/{key}",
        source=source,
        scope="z",
        key=key,
        class_name="Host",
        name=fields.get("name"),
        attributes=facts,
        lifecycle=fields.get("lifecycle"),
        deleted=fields.get("deleted", False),
        observed_ms=at,
        about=about,
    )


def shown(*records: SourceRecord, **precedence: int) -> dict[str, Any]:
    """Return the values shown, which must be the same in whatever order the records come."""
    found = [winning_values("Host", order, precedence) for order in permutations(records)]
    assert all(values == found[0] for values in found)
    return found[0]


def test_the_source_of_higher_precedence_wins_over_a_later_observation() -> None:
    values = shown(said("a", 1, os="from a"), said("b", 9, os="from b"), a=10)

    assert values["a_os"] == "from a"


def test_among_equal_precedence_the_latest_observation_wins() -> None:
    values = shown(said("a", 1, os="from a"), said("b", 9, os="from b"))

    assert values["a_os"] == "from b"


def test_among_equal_times_the_smaller_source_name_wins() -> None:
    values = shown(said("b", os="another"), said("a", os="some"))

    assert values["a_os"] == "some"


def test_among_records_of_one_source_and_time_the_smaller_value_wins() -> None:
    values = shown(said("a", key="1", os="linux", name="x"), said("a", key="2", os="bsd", name="w"))

    assert (values["a_os"], values["name"]) == ("bsd", "w")


def test_a_negative_precedence_stands_below_sources_without_one() -> None:
    values = shown(said("a", 9, os="from a"), said("b", 1, os="from b"), a=-1)

    assert values["a_os"] == "from b"


def test_each_attribute_comes_from_the_best_source_that_has_it() -> None:
    values = shown(
        said("a", 9, os="from a", name="of a"),
        said("b", 5, os="from b", model="from b", lifecycle="in_build"),
        said("c", 1, model="from c", vendor="from c"),
    )

    assert values == {
        "class": "Host",
        "name": "of a",
        "lifecycle": "in_build",
        "a_os": "from a",
        "a_model": "from b",
        "a_vendor": "from c",
    }


def test_manual_values_win_over_all_others() -> None:
    by_hand = said(MANUAL, 1, os="by hand", name="mine", lifecycle="in_maintenance")
    found = said("a", 9, os="found", name="theirs", lifecycle="in_use", model="m")

    values = shown(by_hand, found, a=999_999)

    assert (values["a_os"], values["name"]) == ("by hand", "mine")
    assert (values["lifecycle"], values["a_model"]) == ("in_maintenance", "m")


def test_manual_values_stand_where_they_are_configured_to_stand() -> None:
    by_hand, found = said(MANUAL, 9, os="by hand"), said("a", 1, os="found")

    assert shown(by_hand, found, a=5, manual=1)["a_os"] == "found"
    assert shown(by_hand, found, a=5, manual=6)["a_os"] == "by hand"


def test_the_precedence_of_a_source_is_nought_unless_it_is_configured() -> None:
    assert precedence_of("a", {}) == 0
    assert precedence_of("a", {"a": -3}) == -3
    assert precedence_of(MANUAL, {"a": 1_000}) > 1_000
    assert precedence_of(MANUAL, {MANUAL: 2}) == 2


def test_a_record_that_says_it_is_gone_says_nothing_else_while_others_speak() -> None:
    values = shown(said("a", 9, os="old", deleted=True), said("b", 1, os="new"), a=10)

    assert (values["a_os"], values["lifecycle"]) == ("new", "in_use")


def test_what_all_sources_say_is_gone_is_retired_and_keeps_its_values() -> None:
    values = shown(said("a", 1, os="x", deleted=True), said("b", 2, os="y", deleted=True))

    assert (values["lifecycle"], values["a_os"]) == ("retired", "y")


def test_manual_notes_do_not_keep_alive_what_its_source_says_is_gone() -> None:
    gone = said("a", name="web", deleted=True)

    assert shown(gone, said(MANUAL, notes="n"))["lifecycle"] == "retired"
    assert shown(said("a", name="web"), said(MANUAL, notes="n"))["lifecycle"] == "in_use"


def test_a_manual_stage_stands_whatever_a_source_says_is_gone() -> None:
    values = shown(said("a", deleted=True), said(MANUAL, lifecycle="in_use"))

    assert values["lifecycle"] == "in_use"


@pytest.mark.parametrize(
    ("records", "stage"),
    [
        ([said("a")], "in_use"),
        ([said("a", lifecycle="planned")], "planned"),
        ([said("a", 1, lifecycle="planned"), said("b", 2)], "planned"),
        ([said("a", 1, lifecycle="planned"), said("b", 2, lifecycle="in_use")], "in_use"),
        ([said("a", lifecycle="planned", deleted=True)], "retired"),
    ],
)
def test_the_life_cycle_stage_is_that_of_the_best_source_that_gives_one(
    records: list[SourceRecord], stage: str
) -> None:
    assert shown(*records)["lifecycle"] == stage


def test_what_has_no_name_is_called_by_what_identifies_it() -> None:
    assert shown(said("a", fqdn="web.example.org", serial="s"))["name"] == "web.example.org"
    assert shown(said("a", serial="s"))["name"] == "s"
    assert shown(said("a", os="linux", model="b-1"))["name"] == "b-1"
    assert shown(said("a"))["name"] == "unnamed Host"
