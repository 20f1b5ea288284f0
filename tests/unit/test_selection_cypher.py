"""Which selections are refused before anything is read, and what never enters a statement?"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from cmdb.errors import BadValue, LimitExceeded, UnknownClass, UnknownRelationshipType
from cmdb.model.definitions import Attribute, CIClass
from cmdb.model.registry import Registry
from cmdb.model.rights import SEES_ALL, Visibility
from cmdb.model.selection import And, Filter, Nested, Not, Or, Selection, Sort, Where
from cmdb.model.shipped import shipped_registry
from cmdb.store.reading import plan_select
from cmdb.store.selection_cypher import (
    Compiled,
    compile_level,
    compile_selection,
    decode_cursor,
    encode_cursor,
)

REGISTRY = shipped_registry()


def compiled(visibility: Visibility = SEES_ALL, **asked: Any) -> Compiled:
    return compile_selection(Selection(**asked), REGISTRY, visibility)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (Where("enviroment", "eq", "x"), "environment"),
        (Where("a_b` OR true", "eq", "x"), "no class has"),
        (Where("memory_mib", "eq", "much"), "a whole number"),
        (Where("memory_mib", "eq", True), "not true or false"),
        (Where("memory_mib", "eq", 2**63), "64 bits"),
        (Where("memory_mib", "contains", 1), "an operator for integer"),
        (Where("memory_mib", "in", 1), "a list of values"),
        (Where("memory_mib", "in", [1, None]), "is_null"),
        (Where("availability", "lt", float("nan")), "a finite number"),
        (Where("environment", "eq", None), "is_null"),
        (Where("environment", "eq", ["x"]), "text"),
        (Where("environment", "is_null", "yes"), "true or false"),
        (Where("tags", "lt", "x"), "an operator for a list"),
        (Where("tls", "lt", True), "an operator for boolean"),
        (Where("lifecycle", "eq", "deleted"), "one of planned"),
        (Where("created_at", "gt", "yesterday"), "a time such as"),
        (Where("created_at", "gt", datetime(2026, 1, 1)), "with its zone"),  # noqa: DTZ001 - on purpose
        (Where("ports", "eq", object()), "expected"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_with_what_was_expected(
    where: Where, said: str
) -> None:
    with pytest.raises(BadValue) as refused:
        compiled(where=Not(Or((where,))))

    assert said in refused.value.message
    assert where.field in refused.value.message


@pytest.mark.parametrize(
    "asked",
    [
        {"first": 0},
        {"first": True},
        {"fields": ("id", "nothing_like_it")},
        {"sort": Sort("tags")},
        {"sort": Sort("labels")},
        {"sort": Sort("ports")},
        {"sort": Sort("nothing_like_it")},
    ],
)
def test_a_page_that_cannot_be_is_refused(asked: Mapping[str, Any]) -> None:
    with pytest.raises(BadValue):
        compiled(**asked)


def test_filters_are_bounded() -> None:
    deep: Filter = Where("name", "eq", "x")
    for _ in range(40):
        deep = Not(deep)

    with pytest.raises(LimitExceeded, match="levels of a filter: 31 where 30"):
        compiled(where=deep)
    with pytest.raises(LimitExceeded, match="conditions of a filter: 601 where 500"):
        compiled(where=Or((Where("name", "eq", "x"),) * 600))
    for field in ("name", "tags", "memory_mib"):
        with pytest.raises(LimitExceeded, match="values of a condition: 1001 where 1000"):
            compiled(where=Where(field, "in", ["1"] * 1001))
    assert compiled(where=Where("name", "in", ["x"] * 1000))
    with pytest.raises(LimitExceeded, match="rows of a page: 201 where 200"):
        compiled(first=201)
    assert compiled(first=200)


def test_conditions_stand_in_runs_that_every_engine_reads() -> None:
    text = compiled(where=Or((Where("name", "eq", "x"),) * 499)).text
    runs = text.split(")) OR ((")

    assert text.count(" OR ") == 498
    assert [run.count(" OR ") for run in runs] == [99, 99, 99, 99, 98]


def test_a_mistake_in_the_last_level_is_told_before_the_first_is_read() -> None:
    def refused(nested: Nested) -> type[Exception]:
        relations = {"up": Nested(relations={"next": nested})}
        with pytest.raises((BadValue, LimitExceeded, UnknownRelationshipType)) as error:
            next(plan_select(REGISTRY, Selection(relations=relations), SEES_ALL))
        return error.type

    too_deep = Nested()
    for _ in range(10):
        too_deep = Nested(relations={"next": too_deep})
    assert refused(Nested(types=("depends_upon",))) is UnknownRelationshipType
    assert refused(Nested(types=("x`]->() DETACH DELETE c //",))) is UnknownRelationshipType
    assert refused(Nested(first=1000)) is LimitExceeded
    assert refused(Nested(fields=("nothing_like_it",))) is BadValue
    assert refused(too_deep) is BadValue
    with pytest.raises(UnknownClass):
        compiled(class_name="Hosst")


@pytest.mark.parametrize("value", ["a b", "😀", "", None, 0, 1.5, 2**62, -1])
@pytest.mark.parametrize("sort", [Sort(), Sort("memory_mib", True)])
def test_cursors_come_back_as_they_were(value: Any, sort: Sort) -> None:
    cursor = encode_cursor(sort, value, "id-1")

    assert decode_cursor(cursor, sort) == (value, "id-1")
    assert cursor.isascii()
    assert not set(cursor) & set("+/=")


def test_a_cursor_that_was_changed_is_refused() -> None:
    cursor = encode_cursor(Sort(), "web-1 id-1", "id-1")
    changed = [cursor[:at] + "A" + cursor[at + 1 :] for at in range(len(cursor))]
    changed += [cursor[:-1], cursor + "x", "", "é", "a", "[]", cursor + "==="]
    raw = base64.urlsafe_b64encode(b"123456" + b"[" * 100_000).decode()

    for wrong in {*changed, raw} - {cursor}:
        with pytest.raises(BadValue, match="not a cursor"):
            decode_cursor(wrong, Sort())


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", 1), ("name", None), ("name", ["x"]), ("environment", {"a": 1}), ("version", "x")],
)
def test_a_cursor_whose_value_has_another_kind_is_refused(field: str, value: Any) -> None:
    with pytest.raises(BadValue, match="not a cursor"):
        compiled(sort=Sort(field), after=encode_cursor(Sort(field), value, "id-1"))


@pytest.mark.parametrize("other", [Sort("name", True), Sort("version")])
def test_a_cursor_of_another_order_is_refused(other: Sort) -> None:
    with pytest.raises(BadValue, match="another order"):
        compiled(after=encode_cursor(other, "web-1 id-1", "id-1"))


def test_values_are_bound_and_never_written() -> None:
    hostile = "'`$x\\ MATCH"
    where = And((Where("name", "eq", hostile), Where("tags", "in", [hostile])))

    made = compiled(Visibility(teams=frozenset({hostile})), where=where, class_name="Host")

    assert "MATCH" not in made.text.replace("MATCH (c:CI {name_key: sought})", "")
    assert hostile in repr(made.params).replace("\\\\", "\\")
    assert made == compiled(Visibility(teams=frozenset({hostile})), where=where, class_name="Host")


def test_an_attribute_with_a_strange_name_is_refused() -> None:
    odd = CIClass("Odd", "compute", attributes=(Attribute("x`} RETURN 1 //"), Attribute("fine")))
    registry = Registry.of([odd], [], [])

    assert "c.`a_fine`" in compile_selection(Selection(fields=("fine",)), registry, SEES_ALL).text
    with pytest.raises(BadValue):
        compile_selection(Selection(fields=("x`} RETURN 1 //",)), registry, SEES_ALL)


def test_every_statement_carries_the_visibility() -> None:
    one = Visibility(teams=frozenset({"t"}))

    texts = [compiled(one).text, *(s.text for s in compile_level(Nested(), REGISTRY, one))]

    assert all("c.restricted_to IS NULL OR any(team IN c.restricted_to" in t for t in texts)
    assert "restricted_to" not in compiled().text


def test_times_are_compared_in_milliseconds() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    asked: list[Any] = [at, "2026-01-01T00:00:00Z", 1_767_225_600_000, "1767225600000"]

    found = [compiled(where=Where("updated_at", "gte", value)).params for value in asked]

    assert all(1_767_225_600_000 in params.values() for params in found)
