"""Which statements does a Selection become, and how are their records read? Pure: nothing runs.

By name, a page walks the index of `sort_key` (of `class_key` where one class is asked for) from
where the last page ended. The embedded engine does so only while `WHERE`, `RETURN`, `ORDER BY` and
`LIMIT` stand at one `MATCH`; a `WITH` between them makes it sort every CI. By another field it
sorts all that the filter leaves: absent values last, ties by id, resumed at (value, id).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cmdb.errors import BadValue
from cmdb.model.cursors import no_cursor, open_cursor, seal_cursor
from cmdb.model.registry import Registry
from cmdb.model.rights import Visibility
from cmdb.model.selection import And, Filter, Nested, Selection, Sort, Where, check_page
from cmdb.model.values import CHECKS, NotThatKind
from cmdb.store.connection import Row
from cmdb.store.filter_cypher import Bound, Field, clean, compile_filter, resolve, visible
from cmdb.store.ordering import ordered_text

MAX_LEVELS = 8

_RELATIONSHIP: Final = (
    "{type: type(r), id: r.id, version: r.version, discriminator: r.discriminator, "
    "strength: r.strength, tolerates_seconds: r.tolerates_seconds, confidence: r.confidence, "
    "inferred_by: r.inferred_by, live: r.live}"
)
# A level of nested rows: known node first, each parent's rows bounded, one record of lists.
_LEVEL: Final = """
UNWIND $ids AS parent
MATCH (p:CI {{id: parent}})
MATCH (p){arrow}(c:CI)
WHERE r.live = true AND {condition}
WITH parent, r, c ORDER BY c.sort_key, r.id
WITH parent, collect([c.id, c.sort_key, [{columns}], {relationship}])[0..$first] AS found
RETURN collect([parent, found]) AS levels
"""
# A text that Neo4j orders in one way and compares in another if it comes as a parameter (see
# `ordering`): two properties it compares as it orders them, so the last row's own is taken.
_AS_KEPT: Final = (
    "OPTIONAL MATCH (c:CI {{id: {ci_id}}}) "
    "WITH CASE WHEN {key} = {at} THEN {key} ELSE {at} END AS last "
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A text and its values."""

    text: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """How the records of a page are read.

    Attributes:
        first: Rows of the page; one more record means that more follow.
        sort: The order, which every cursor repeats.
    """

    first: int
    sort: Sort

    def split(self, records: Sequence[Row]) -> tuple[list[str], list[list[Any]], list[str], bool]:
        """Return ids, rows and cursors of the page, and whether more follow."""
        page = records[: self.first]
        cursors = [encode_cursor(self.sort, key, ci_id) for ci_id, key, _ in page]
        return [r[0] for r in page], [list(r[2]) for r in page], cursors, len(records) > self.first


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a Selection became: the statement of its page and how to read its records."""

    text: str
    params: Mapping[str, Any]
    shape: Shape


def compile_selection(selection: Selection, registry: Registry, visibility: Visibility) -> Compiled:
    """Return the statement of a page and the shape of its records: id, sort value, row.

    Raises:
        BadValue: A field, value, cursor or page size that cannot be.
        UnknownClass: No such class.
    """
    first = check_page("first", selection.first)
    bound = Bound()
    conditions = [_listed("c", include_retired=selection.include_retired)]
    conditions.append(visible("c", visibility, bound))
    names: list[str] = []
    if selection.class_name:
        registry.get_class(selection.class_name)
        names = registry.descendants(selection.class_name)
        conditions.append(f"c.class IN {bound.bind(names)}")
    conditions.append(compile_filter(selection.where, registry, bound, selection.class_name))
    columns = _columns(selection.fields, registry, selection.class_name)
    start, anchored = _start(selection.where, bound)
    only = names[0] if len(names) == 1 and not anchored else ""
    before = ""
    if selection.sort.field == "name":
        kept, key, order = _by_name(selection, only, bound, anchored=anchored)
    else:
        before, kept, key, order = _by_value(selection, registry, bound)
        if only:
            conditions.append(_of_class(only, bound))
    condition = " AND ".join(text for text in (kept, *conditions) if text)
    text = (
        f"{before}{start} WHERE {condition} RETURN c.id AS ci, {key} AS key, "
        f"[{columns}] AS columns ORDER BY {order} LIMIT {bound.bind(first + 1)}"
    )
    return Compiled(text, bound.params, Shape(first, selection.sort))


def compile_level(
    nested: Nested, registry: Registry, visibility: Visibility, *, include_retired: bool = False
) -> list[Statement]:
    """Return the statements of one level of nested rows; `ids` of the parents are to be added.

    Each gives one record: a list of (parent, rows), a row being (id, sort key, columns,
    relationship). A second statement is needed only for types without a direction.

    Raises:
        BadValue: A field or number of rows that cannot be.
        UnknownRelationshipType: No such type.
    """
    bound = Bound({"ids": [], "first": check_page("first of a relation", nested.first)})
    types = [registry.get_type(name) for name in nested.types or registry.types]
    condition = _listed("c", include_retired=include_retired)
    if seen := visible("c", visibility, bound):
        condition = f"{condition} AND {seen}"
    columns = _columns(nested.fields, registry, "")
    towards = [([t.name for t in types], nested.direction == "providers")]
    if both_ways := [t.name for t in types if t.is_symmetric]:
        towards.append((both_ways, nested.direction != "providers"))
    return [
        Statement(
            _LEVEL.format(
                arrow=arrow(names, outgoing=outgoing),
                condition=condition,
                columns=columns,
                relationship=_RELATIONSHIP,
            ),
            bound.params,
        )
        for names, outgoing in towards
    ]


def arrow(names: Sequence[str], *, outgoing: bool) -> str:
    """Return the relationship `r` of a pattern, of these types of the registry."""
    types = "|".join(f"`{name.replace('`', '``')}`" for name in names)
    return f"-[r:{types}]->" if outgoing else f"<-[r:{types}]-"


def encode_cursor(sort: Sort, value: Any, ci_id: str) -> str:
    """Return the opaque text that says after which row a page begins."""
    return seal_cursor([sort.field, sort.descending, value, ci_id])


def decode_cursor(cursor: str, sort: Sort) -> tuple[Any, str]:
    """Return the value and the id after which a page begins.

    Raises:
        BadValue: It is no cursor, or one of another order.
    """
    match open_cursor(cursor):
        case [str(field), bool(descending), value, str(ci_id)]:
            if (field, descending) == (sort.field, sort.descending):
                return value, ci_id
            raise BadValue("after", "a cursor of another order", "Begin at the first page.")
    raise no_cursor()


def _listed(alias: str, *, include_retired: bool) -> str:
    merged = f"{alias}.merged_into IS NULL"
    return merged if include_retired else f"{merged} AND {alias}.lifecycle <> 'retired'"


def _columns(fields: Sequence[str], registry: Registry, class_name: str) -> str:
    return ", ".join(resolve(name, registry, class_name).expression for name in fields)


def _start(where: Filter | None, bound: Bound) -> tuple[str, bool]:
    """The first clause; ids or names that every row must have are looked up, not searched."""
    parts = where.parts if isinstance(where, And) else (where,)
    for part in parts:
        if not isinstance(part, Where) or part.field not in ("id", "name"):
            continue
        if part.operator not in ("eq", "in"):
            continue
        asked = part.value if part.operator == "in" else [part.value]
        texts = sorted({clean(value) for value in asked})
        if part.field == "id":
            return f"UNWIND {bound.bind(texts)} AS sought MATCH (c:CI {{id: sought}})", True
        keys = sorted({text.casefold() for text in texts})
        return f"UNWIND {bound.bind(keys)} AS sought MATCH (c:CI {{name_key: sought}})", True
    return "MATCH (c:CI)", False


def _by_name(
    selection: Selection, only: str, bound: Bound, *, anchored: bool
) -> tuple[str, str, str]:
    """Condition, key and order of a page by name; `only` is the class whose index is walked."""
    column, prefix = ("c.class_key", f"{only.lower()} ") if only else ("c.sort_key", "")
    descending = selection.sort.descending
    kept = []
    if selection.after:
        value, _ = decode_cursor(selection.after, selection.sort)
        if not isinstance(value, str):
            raise no_cursor()
        kept.append(f"{column} {'<' if descending else '>'} {bound.bind(prefix + clean(value))}")
    if not anchored and (descending or not kept):
        kept.append(f"{column} >= {bound.bind(prefix)}")  # an index is walked only within bounds
    if only and not (descending and selection.after):
        kept.append(f"{column} < {bound.bind(prefix[:-1] + '!')}")
    order = f"{column} DESC" if descending else column
    return " AND ".join(kept), "c.sort_key", order


def _of_class(only: str, bound: Bound) -> str:
    start, end = bound.bind(f"{only.lower()} "), bound.bind(f"{only.lower()}!")
    return f"c.class_key >= {start} AND c.class_key < {end}"


def _by_value(selection: Selection, registry: Registry, bound: Bound) -> tuple[str, str, str, str]:
    """What goes before, condition, key and order by another field: absent last, ties by id."""
    sort = selection.sort
    found = resolve(sort.field, registry, selection.class_name)
    key = _sort_key(found)
    word, sign = (" DESC", "<") if sort.descending else ("", ">")
    order = f"key IS NULL, key{word}, ci{word}"
    if not selection.after:
        return "", "", key, order
    value, last_id = decode_cursor(selection.after, sort)
    ci_id = bound.bind(clean(last_id))
    later_id = f"c.id {sign} {ci_id}"
    if value is None:
        return "", f"({key} IS NULL AND {later_id})", key, order
    checked = _sort_value(value, found)
    before, at = "", bound.bind(checked)
    if isinstance(checked, str) and ordered_text(checked) != checked:
        before, at = _AS_KEPT.format(ci_id=ci_id, key=key, at=at), "last"
    later = f"({key} {sign} {at} OR ({key} = {at} AND {later_id}) OR {key} IS NULL)"
    return before, later, key, order


def _sort_key(found: Field) -> str:
    if not found.sort_storage:
        raise BadValue(
            f"sort by {found.name}", "its values have no order", "Sort by another field."
        )
    if found.sort_storage == "boolean":
        return f"CASE {found.expression} WHEN false THEN 0 WHEN true THEN 1 END"
    return found.expression


def _sort_value(value: Any, found: Field) -> Any:
    kind = "text" if found.sort_storage == "text" else "number"
    try:
        checked = CHECKS[kind](value)
    except NotThatKind:
        raise no_cursor() from None
    return value if kind == "number" and type(value) is int else checked


def check_levels(relations: Mapping[str, Nested], level: int = 1) -> None:
    """Return if nested reads are not too deep.

    Raises:
        BadValue: More than `MAX_LEVELS` levels.
    """
    if relations and level > MAX_LEVELS:
        raise BadValue("relations", f"more than {MAX_LEVELS} levels", "Read on from the last.")
    for nested in relations.values():
        check_levels(nested.relations, level + 1)
