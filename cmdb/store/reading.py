"""What do people read of the graph, whichever engine holds it?

Every read is a plan: a generator that yields statements and is sent their records. It knows no
connection; `run` and `run_async` do, and run the same plan in a thread or in an event loop. How
many statements a plan yields depends on what is asked for, never on how many rows there are.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from cmdb.model.inventory import CI, Found, Relationship
from cmdb.model.registry import Registry
from cmdb.model.rights import Visibility
from cmdb.model.selection import Nested, Page, Selection
from cmdb.store.connection import Connection, Row, search_params
from cmdb.store.filter_cypher import Bound, clean, visible
from cmdb.store.schema import CI_SEARCH
from cmdb.store.selection_cypher import (
    Statement,
    check_levels,
    compile_level,
    compile_selection,
)

T = TypeVar("T")
Plan: TypeAlias = Generator[Statement, list[Row], T]


_PRESENT: Final = "c.merged_into IS NULL AND c.lifecycle <> 'retired'"
_GET_CIS: Final = """
UNWIND $ids AS sought
MATCH (c:CI {{id: sought}})
WHERE {condition}
RETURN collect(properties(c)) AS cis
"""
_FIND_BY_NAME: Final = """
MATCH (c:CI {{name_key: $name_key}})
WHERE {condition}
WITH c ORDER BY c.sort_key LIMIT $limit
RETURN collect(properties(c)) AS cis
"""
_SEARCH: Final = """
CALL db.index.fulltext.queryNodes($index, $query) YIELD node, score
WITH node AS c, score
WHERE {condition}
RETURN c.id AS ci, c.class AS class, c.name AS name, c.lifecycle AS lifecycle, score
ORDER BY score DESC, ci LIMIT $limit
"""
# Either way and of any type: a second text, or one that names the types, takes the embedded engine
# longer to prepare than to run.
_RELATIONSHIPS: Final = """
UNWIND $ids AS sought
MATCH (p:CI {{id: sought}})
MATCH (p)-[r]-(c:CI)
WHERE {condition}
RETURN collect([r.id, type(r), startNode(r).id, endNode(r).id, coalesce(r.discriminator, ''),
    r.version, r.strength, r.tolerates_seconds, coalesce(r.confidence, 1.0),
    coalesce(r.inferred_by, ''), r.live
]) AS relationships
"""
_COUNT_CLASSES: Final = """
MATCH (c:CI)
WHERE {condition}
RETURN c.class AS class, count(c) AS number
"""


def run(connection: Connection, plan: Plan[T]) -> T:
    """Return what a plan returns, its statements read one after another."""
    records: list[Row] | None = None
    while True:
        try:
            statement = plan.send(records) if records is not None else next(plan)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # StopIteration is untyped
        records = connection.read(statement.text, statement.params)


async def run_async(connection: Connection, plan: Plan[T]) -> T:
    """Return what a plan returns, without blocking the event loop."""
    records: list[Row] | None = None
    while True:
        try:
            statement = plan.send(records) if records is not None else next(plan)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # StopIteration is untyped
        records = await connection.read_async(statement.text, statement.params)


def select(
    connection: Connection, registry: Registry, selection: Selection, visibility: Visibility
) -> Page:
    """Return a page of CIs with their nested relationships.

    A nested row holds the columns of `Nested.fields`, then one list of rows for each of its own
    `relations` in their order, and ends with the relationship as a mapping: `type`, `id`,
    `version`, `discriminator`, `strength`, `tolerates_seconds`, `confidence`, `inferred_by`,
    `live`. Rows of one parent are ordered by name. Times are epoch milliseconds.

    Raises:
        BadValue: A field, value, cursor or page size that cannot be.
        UnknownClass: No such class.
        UnknownRelationshipType: No such type.
    """
    return run(connection, plan_select(registry, selection, visibility))


async def select_async(
    connection: Connection, registry: Registry, selection: Selection, visibility: Visibility
) -> Page:
    """Return the same page as `select`, without blocking the event loop."""
    return await run_async(connection, plan_select(registry, selection, visibility))


def get_cis(connection: Connection, ids: Sequence[str], visibility: Visibility) -> dict[str, CI]:
    """Return the visible CIs of these ids, retired and merged ones too; others are absent."""
    return run(connection, plan_get_cis(ids, visibility))


def find_by_name(
    connection: Connection,
    registry: Registry,
    name: str,
    class_name: str,
    visibility: Visibility,
    limit: int = 20,
) -> list[CI]:
    """Return CIs of exactly that name (caseless), of a class and its children or of any.

    Raises:
        UnknownClass: No such class.
    """
    return run(connection, plan_find_by_name(registry, name, class_name, visibility, limit))


def search(
    connection: Connection, text: str, visibility: Visibility, limit: int = 20
) -> list[Found]:
    """Return CIs whose name or identifiers hold every word, as prefixes, best first."""
    return run(connection, plan_search(text, visibility, limit))


def find_relationships(
    connection: Connection,
    registry: Registry,
    ci_ids: Sequence[str],
    visibility: Visibility,
    *,
    live_only: bool = True,
) -> list[Relationship]:
    """Return relationships with at least one of these ends and both ends visible.

    Ordered by type, dependent, provider, discriminator and id.
    """
    return run(
        connection, plan_find_relationships(registry, ci_ids, visibility, live_only=live_only)
    )


def count_classes(connection: Connection, visibility: Visibility) -> dict[str, int]:
    """Return the number of CIs by class, by name of class, retired and merged ones left out."""
    return run(connection, plan_count_classes(visibility))


def plan_select(registry: Registry, selection: Selection, visibility: Visibility) -> Plan[Page]:
    """Return the plan of `select`."""
    compiled = compile_selection(selection, registry, visibility)
    check_levels(selection.relations)
    levels = _Levels(registry, visibility, include_retired=selection.include_retired)
    levels.check(selection.relations)
    records = yield Statement(compiled.text, compiled.params)
    ids, rows, cursors, has_next = compiled.shape.split(records)
    nested = {}
    for name, relation in selection.relations.items():
        found = yield from levels.read(relation, ids)
        nested[name] = [found.get(ci_id, []) for ci_id in ids]
    return Page(rows, cursors, has_next, nested)


def plan_get_cis(ids: Sequence[str], visibility: Visibility) -> Plan[dict[str, CI]]:
    """Return the plan of `get_cis`."""
    bound = Bound({"ids": _distinct(ids)})
    condition = visible("c", visibility, bound) or "true"
    [(found,)] = yield Statement(_GET_CIS.format(condition=condition), bound.params)
    return {ci.id: ci for ci in map(CI.from_properties, found)}


def plan_find_by_name(
    registry: Registry, name: str, class_name: str, visibility: Visibility, limit: int
) -> Plan[list[CI]]:
    """Return the plan of `find_by_name`."""
    bound = Bound({"name_key": clean(name).casefold(), "limit": limit})
    conditions = [_PRESENT, visible("c", visibility, bound)]
    if class_name:
        registry.get_class(class_name)
        conditions.append(f"c.class IN {bound.bind(registry.descendants(class_name))}")
    [(found,)] = yield Statement(_FIND_BY_NAME.format(condition=_all(conditions)), bound.params)
    return [CI.from_properties(stored) for stored in found]


def plan_search(text: str, visibility: Visibility, limit: int) -> Plan[list[Found]]:
    """Return the plan of `search`."""
    params = search_params(CI_SEARCH, clean(text), limit)
    if params is None:
        return []
    bound = Bound(params)
    condition = _all([_PRESENT, visible("c", visibility, bound)])
    records = yield Statement(_SEARCH.format(condition=condition), bound.params)
    return [Found(*record) for record in records]


def plan_find_relationships(
    registry: Registry, ci_ids: Sequence[str], visibility: Visibility, *, live_only: bool
) -> Plan[list[Relationship]]:
    """Return the plan of `find_relationships`."""
    bound = Bound({"ids": _distinct(ci_ids)})
    seen = [visible(end, visibility, bound) for end in ("p", "c")]
    condition = _all(["r.live = true" if live_only else "true", *seen])
    [(records,)] = yield Statement(_RELATIONSHIPS.format(condition=condition), bound.params)
    # By id: one whose ends are both asked for is met from both.
    found = {row[0]: Relationship(*row) for row in records if row[1] in registry.types}
    return sorted(
        found.values(), key=lambda r: (r.type, r.dependent, r.provider, r.discriminator, r.id)
    )


def plan_count_classes(visibility: Visibility) -> Plan[dict[str, int]]:
    """Return the plan of `count_classes`."""
    bound = Bound()
    condition = _all([_PRESENT, visible("c", visibility, bound)])
    records = yield Statement(_COUNT_CLASSES.format(condition=condition), bound.params)
    return dict(sorted(records))


class _Levels:
    """Reads nested rows level by level, each CI of a level once."""

    def __init__(
        self, registry: Registry, visibility: Visibility, *, include_retired: bool
    ) -> None:
        self._registry = registry
        self._visibility = visibility
        self._include_retired = include_retired

    def check(self, relations: Mapping[str, Nested]) -> None:
        """Compile all levels, so that a mistake in the last is told before the first is read."""
        for nested in relations.values():
            self._compile(nested)
            self.check(nested.relations)

    def read(self, nested: Nested, parents: Iterable[str]) -> Plan[dict[str, list[list[Any]]]]:
        """Return the rows of each parent that has some."""
        ids = list(dict.fromkeys(parents))
        found: dict[str, dict[str, list[Any]]] = {}
        for statement in self._compile(nested):
            [(levels,)] = yield Statement(statement.text, {**statement.params, "ids": ids})
            for parent, records in levels:
                # By relationship: one from a CI to itself is met from both sides.
                found.setdefault(parent, {}).update((record[3]["id"], record) for record in records)
        kept = {
            parent: sorted(by_id.values(), key=lambda r: (r[1], r[3]["id"]))[: nested.first]
            for parent, by_id in found.items()
        }
        below = []
        others = [record[0] for records in kept.values() for record in records]
        for relation in nested.relations.values():
            # A comprehension cannot yield.
            below.append((yield from self.read(relation, others)))  # noqa: PERF401
        return {
            parent: [
                [*columns, *(level.get(ci_id, []) for level in below), relationship]
                for ci_id, _, columns, relationship in records
            ]
            for parent, records in kept.items()
        }

    def _compile(self, nested: Nested) -> list[Statement]:
        return compile_level(
            nested, self._registry, self._visibility, include_retired=self._include_retired
        )


def _all(conditions: Iterable[str]) -> str:
    return " AND ".join(condition for condition in conditions if condition)


def _distinct(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(clean(ci_id) for ci_id in ids))
