"""What should a read return? The same answers from lists of Python dictionaries, naively."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from hypothesis import strategies as st

from cmdb.model.rights import SEES_ALL, Visibility
from cmdb.model.selection import And, Filter, Nested, Not, Or, Selection, Sort, Where
from tests.contract.reading_estate import (
    CLASSES,
    NAMES,
    NUMBERS,
    REGISTRY,
    SECRET,
    TAGS,
    TEXTS,
    WHOLE,
    Estate,
)

OWN: Final = {"id", "class", "name", "lifecycle", "version", "created_at", "updated_at"}
COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda a, b: bool(a == b),
    "lt": lambda a, b: bool(a < b),
    "lte": lambda a, b: bool(a <= b),
    "gt": lambda a, b: bool(a > b),
    "gte": lambda a, b: bool(a >= b),
    "contains": lambda a, b: b in a,
    "starts_with": lambda a, b: bool(a.startswith(b)),
    "ends_with": lambda a, b: bool(a.endswith(b)),
}
VIEWERS: Final = (SEES_ALL, Visibility(), Visibility(teams=frozenset({SECRET, "none"})))


def stored(field: str) -> str:
    """The property of a field."""
    return field if field in OWN else "a_" + field.removeprefix("a_")


def holds(where: Filter, row: Mapping[str, Any]) -> bool:
    """Whether a row fulfils a filter."""
    match where:
        case And(parts):
            return all(holds(part, row) for part in parts)
        case Or(parts):
            return any(holds(part, row) for part in parts)
        case Not(part):
            return not holds(part, row)
    return _holds(where, row.get(stored(where.field)))


def _holds(where: Where, value: Any) -> bool:
    operator, wanted = where.operator, where.value
    if operator == "is_null":
        return (value is None) is wanted
    if operator == "ne":
        return not _holds(Where(where.field, "eq", wanted), value)
    if value is None:
        return False
    if where.field == "name" and operator not in ("eq", "in"):
        value, wanted = value.casefold(), wanted.casefold()
    if operator == "in":
        members = value if isinstance(value, list) else [value]
        return any(_same(member, each) for member in members for each in wanted)
    if isinstance(value, list):
        test = COMPARE["eq" if operator == "contains" else operator]
        return any(test(member, wanted) for member in value)
    if where.field == "ports" and isinstance(value, str):
        return False
    return COMPARE[operator](value, wanted)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def may_see(row: Mapping[str, Any], visibility: Visibility) -> bool:
    """Whether the caller may know of a row."""
    teams = row.get("restricted_to")
    return visibility.sees_all or teams is None or bool(visibility.teams & set(teams))


def listed(
    estate: Estate, selection: Selection, visibility: Visibility = SEES_ALL
) -> list[dict[str, Any]]:
    """All rows of a selection in order, as if one page held them."""
    rows = [
        row
        for row in estate.cis
        if may_see(row, visibility)
        and "merged_into" not in row
        and (selection.include_retired or row["lifecycle"] != "retired")
        and (not selection.class_name or REGISTRY.is_a(row["class"], selection.class_name))
        and (selection.where is None or holds(selection.where, row))
    ]
    return sorted(rows, key=functools.cmp_to_key(functools.partial(_compare, selection.sort)))


def _compare(sort: Sort, one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    a, b = (_sort_value(sort, row) for row in (one, other))
    if (a is None) != (b is None):
        return 1 if a is None else -1
    if a == b:
        a, b = one["id"], other["id"]
    assert a is not None
    assert b is not None
    return (1 if a > b else -1) * (-1 if sort.descending else 1)


def _sort_value(sort: Sort, row: Mapping[str, Any]) -> Any:
    if sort.field == "name":
        return f"{row['name'].casefold()} {row['id']}"
    return row.get(stored(sort.field))


def nested_rows(
    estate: Estate, ci_id: str, nested: Nested, visibility: Visibility
) -> list[tuple[str, str]]:
    """(id at the other end, id of the relationship) of one level, in order."""
    cis = {row["id"]: row for row in estate.cis}
    found = set()
    for kind, dependent, provider, values in estate.edges:
        if (nested.types and kind not in nested.types) or not values["live"]:
            continue
        ends = [(dependent, provider)]
        if nested.direction == "dependents":
            ends = [(provider, dependent)]
        if REGISTRY.types[kind].is_symmetric:
            ends = [(dependent, provider), (provider, dependent)]
        for near, far in ends:
            row = cis[far]
            is_listed = "merged_into" not in row and row["lifecycle"] != "retired"
            if near == ci_id and is_listed and may_see(row, visibility):
                found.add((row["sort_key"], values["id"], far))
    return [(far, edge_id) for _, edge_id, far in sorted(found)[: nested.first]]


def _conditions() -> st.SearchStrategy[Filter]:
    orders = ("eq", "ne", "lt", "lte", "gt", "gte")
    matches = ("contains", "starts_with", "ends_with")
    parts = [name[i:j] for name in NAMES for i in (0, 1) for j in (1, 2, 3)]

    def field(
        names: list[str], operators: tuple[str, ...], values: st.SearchStrategy[Any]
    ) -> st.SearchStrategy[Filter]:
        one = st.builds(Where, st.sampled_from(names), st.sampled_from(operators), values)
        several = st.builds(
            Where, st.sampled_from(names), st.just("in"), st.lists(values, max_size=3)
        )
        absent = st.builds(Where, st.sampled_from(names), st.just("is_null"), st.booleans())
        return st.one_of(one, one, several, absent)

    return st.one_of(
        field(["name"], orders, st.sampled_from(NAMES)),
        field(["name"], matches, st.sampled_from(parts)),
        field(["environment", "class"], orders + matches, st.sampled_from((*TEXTS, *CLASSES, "o"))),
        field(["tags"], ("eq", "ne", "contains", "starts_with"), st.sampled_from(TAGS)),
        field(["availability"], orders, st.sampled_from(NUMBERS)),
        field(["memory_mib"], orders, st.sampled_from(WHOLE)),
        field(["version", "created_at"], orders, st.integers(1, 5)),
        field(["a_version"], orders, st.sampled_from(["1.0", "2", "1"])),
        field(["tls"], ("eq", "ne"), st.booleans()),
        field(["ports"], ("eq", "ne"), st.sampled_from([80, 443, 7])),
        field(["id"], ("eq", "ne", "lt", "gte"), st.sampled_from(["ci001", "ci040", "x"])),
        field(["lifecycle"], ("eq", "ne"), st.sampled_from(["in_use", "retired", "planned"])),
    )


FILTERS: Final[st.SearchStrategy[Filter]] = st.recursive(
    _conditions(),
    lambda parts: st.one_of(
        st.builds(And, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Or, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Not, parts),
    ),
    max_leaves=6,
)
SORTED_FIELDS: Final = (
    "name", "name", "id", "class", "environment", "memory_mib", "availability", "tls",
    "version", "a_version", "created_at",
)  # fmt: skip
SORTS: Final = st.builds(Sort, st.sampled_from(SORTED_FIELDS), st.booleans())
SELECTIONS: Final = st.builds(
    Selection,
    class_name=st.sampled_from(["", "", "Host", "VirtualMachine", "ApiEndpoint"]),
    where=st.none() | FILTERS,
    sort=SORTS,
    first=st.sampled_from([9, 40, 200]),
    include_retired=st.booleans(),
    fields=st.just(("id", "class", "name", "tags", "memory_mib")),
)
