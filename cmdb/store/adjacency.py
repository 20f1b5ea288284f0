"""Which relationships does each of these CIs have in one direction, and what is at their ends?

One statement for any number of CIs (two where types without a direction are asked for), each CI's
rows bounded in the database: a hub costs no more than its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cmdb.errors import BadValue
from cmdb.model.inventory import CI, Relationship
from cmdb.model.registry import Registry
from cmdb.model.rights import Visibility
from cmdb.model.selection import Direction
from cmdb.store.connection import Connection
from cmdb.store.filter_cypher import Bound, clean, visible
from cmdb.store.reading import Plan, run
from cmdb.store.selection_cypher import Statement, arrow

Rows = dict[str, list[tuple[Relationship, CI]]]

_ADJACENT: Final = """
UNWIND $ids AS parent
MATCH (p:CI {{id: parent}})
MATCH (p){arrow}(c:CI)
WHERE {condition}
WITH parent, r, c ORDER BY c.id, r.id
WITH parent, collect([properties(c), r.id, type(r), coalesce(r.discriminator, ''), r.version,
    r.strength, r.tolerates_seconds, coalesce(r.confidence, 1.0), coalesce(r.inferred_by, '')
])[0..$limit] AS found
RETURN collect([parent, found]) AS levels
"""


def find_adjacent(
    connection: Connection,
    registry: Registry,
    ids: Sequence[str],
    visibility: Visibility,
    *,
    direction: Direction,
    types: Sequence[str] | None,
    limit: int,
    after: str = "",
) -> Rows:
    """Return live relationships of these CIs with their visible other ends.

    Those of one CI are ordered by the id of the other end, then by that of the relationship.

    Args:
        connection: The database.
        registry: What types there are.
        ids: The CIs; those without relationships are absent from the answer.
        visibility: What the caller may see.
        direction: Towards the providers or the dependents.
        types: Relationship types; None for all, empty for none.
        limit: Most for each CI.
        after: `other:relationship`, the ids of the last row of the page before, or empty.

    Raises:
        UnknownRelationshipType: No such type.
        BadValue: `after` is no such pair.
    """
    plan = _plan(registry, ids, visibility, direction, types, limit, after)
    return run(connection, plan)


def _plan(
    registry: Registry,
    ids: Sequence[str],
    visibility: Visibility,
    direction: Direction,
    types: Sequence[str] | None,
    limit: int,
    after: str,
) -> Plan[Rows]:
    bound = Bound({"ids": list(dict.fromkeys(map(clean, ids))), "limit": limit})
    conditions = ["r.live = true", "c.merged_into IS NULL", visible("c", visibility, bound)]
    if after:
        conditions.append(_later(after, bound))
    condition = " AND ".join(text for text in conditions if text)
    found: dict[str, dict[str, tuple[Relationship, CI]]] = {}
    for names, outgoing in _ways(registry, direction, types):
        text = _ADJACENT.format(arrow=arrow(names, outgoing=outgoing), condition=condition)
        [(levels,)] = yield Statement(text, bound.params)
        for parent, rows in levels:
            pairs = [_pair(parent, row, outgoing=outgoing) for row in rows]
            # By relationship: one from a CI to itself is met from both sides.
            found.setdefault(parent, {}).update((pair[0].id, pair) for pair in pairs)
    return {
        parent: sorted(by_id.values(), key=lambda pair: (pair[1].id, pair[0].id))[:limit]
        for parent, by_id in found.items()
    }


def _ways(
    registry: Registry, direction: Direction, types: Sequence[str] | None
) -> list[tuple[list[str], bool]]:
    """Types and whether they are followed outwards: one statement each, none for no types."""
    names = list(registry.types) if types is None else list(dict.fromkeys(types))
    both = [name for name in names if registry.get_type(name).is_symmetric]
    outgoing = direction == "providers"
    return [way for way in ((names, outgoing), (both, not outgoing)) if way[0]]


def _later(after: str, bound: Bound) -> str:
    other, colon, relationship = after.partition(":")
    if not (other and colon and relationship):
        raise BadValue("after", "not a cursor of this service", "Begin at the first page.")
    ci_id, edge_id = bound.bind(clean(other)), bound.bind(clean(relationship))
    return f"(c.id > {ci_id} OR (c.id = {ci_id} AND r.id > {edge_id}))"


def _pair(parent: str, row: Sequence[Any], *, outgoing: bool) -> tuple[Relationship, CI]:
    properties, edge_id, kind, discriminator, *facts = row
    other = CI.from_properties(properties)
    ends = (parent, other.id) if outgoing else (other.id, parent)
    return Relationship(edge_id, kind, *ends, discriminator, *facts), other
