"""How are CIs, their relationships and their history told?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from cmdb.model import inventory
from cmdb.model.reports import CIDetails as CIDetailsReport
from cmdb.model.reports import HistoryReport, NamedCI, SearchHit
from cmdb.model.selection import Direction
from cmdb.ports.graph_reading import AdjacentPage, CIPage
from cmdb_graphql.context import Ask
from cmdb_graphql.ids import global_id
from cmdb_graphql.types.common import NamedCIType, Node, PageInfo, page_info, whole_report
from cmdb_graphql.types.enums import Lifecycle


@strawberry.type
class Relationship:
    """A relationship as it stands, from the dependent to the provider."""

    id: strawberry.ID
    type: str
    dependent: str
    provider: str
    discriminator: str
    version: int
    strength: str | None
    tolerates_seconds: float | None
    confidence: float
    inferred_by: str
    is_live: bool


@strawberry.type
class HistoryEvent:
    """One change that touched a CI."""

    revision: int
    at: datetime
    actor: str
    source: str
    reason: str
    kind: str
    subject: str
    before: JSON
    after: JSON
    ends: JSON


@strawberry.type
class History:
    """The newest changes that touched a CI; `names` are those of the CIs they mention."""

    events: list[HistoryEvent]
    names: JSON
    is_partial: bool
    report: JSON = whole_report()


@strawberry.type(name="CI")
class CI(Node):
    """A configuration item as it stands."""

    local_id: str = strawberry.field(description="The id as reports and the log write it.")
    class_name: str = strawberry.field(name="class")
    name: str
    lifecycle: Lifecycle
    version: int
    attributes: JSON
    created_at: datetime
    updated_at: datetime
    merged_into: str = strawberry.field(description="The CI that took it over, or empty.")

    @strawberry.field(description="What it relies on.")
    async def providers(
        self, info: Ask, types: list[str] | None = None, first: int = 20, after: str | None = None
    ) -> RelationshipConnection:
        """Return a page of providers."""
        return await _adjacent(info, self.local_id, "providers", types, first, after)

    @strawberry.field(description="What relies on it.")
    async def dependents(
        self, info: Ask, types: list[str] | None = None, first: int = 20, after: str | None = None
    ) -> RelationshipConnection:
        """Return a page of dependents."""
        return await _adjacent(info, self.local_id, "dependents", types, first, after)

    @strawberry.field(description="The groups and clusters that count it as a member.")
    async def groups(
        self, info: Ask, first: int = 20, after: str | None = None
    ) -> RelationshipConnection:
        """Return a page of groups."""
        registry = await info.context.ask(info.context.reading.registry)
        gates = [each.name for each in registry.types.values() if each.strength == "gate"]
        return await _adjacent(info, self.local_id, "dependents", gates, first, after)

    @strawberry.field(graphql_type=History | None)
    async def history(self, info: Ask, first: int = 20) -> HistoryReport | None:
        """Return the newest changes that touched it."""
        return await info.context.loaders.history(self.local_id, first)


def _ci_of(root: strawberry.Parent[CIDetailsReport]) -> CI:
    """Return the CI itself."""
    return ci_type(root.ci)


@strawberry.type(name="CIDetails")
class CIDetails:
    """One CI with everything it relies on and everything that relies on it, not in pages."""

    withheld: int = strawberry.field(
        description="How many relationships it has with CIs that the caller may not see."
    )
    report: JSON = whole_report()

    ci: CI = strawberry.field(resolver=_ci_of)


@strawberry.type
class RelationshipEdge:
    """A relationship of a CI and the CI at its other end."""

    cursor: str
    node: CI
    relationship: Relationship


@strawberry.type
class RelationshipConnection:
    """A page of relationships of a CI, by the id of the other end."""

    edges: list[RelationshipEdge]
    page_info: PageInfo

    @strawberry.field
    def nodes(self) -> list[CI]:
        """Return the CIs alone."""
        return [edge.node for edge in self.edges]


@strawberry.type(name="CIEdge")
class CIEdge:
    """A CI and its place in the order."""

    cursor: str
    node: CI


@strawberry.type(name="CIConnection")
class CIConnection:
    """A page of CIs."""

    edges: list[CIEdge]
    page_info: PageInfo

    @strawberry.field
    def nodes(self) -> list[CI]:
        """Return the CIs alone."""
        return [edge.node for edge in self.edges]


@strawberry.type(name="SearchHit")
class SearchHitType:
    """One hit of a search."""

    score: float

    @strawberry.field(graphql_type=NamedCIType)
    def named(self: SearchHit) -> NamedCI:
        """Return how the CI is named."""
        return self.ci

    @strawberry.field(description="The CI; absent where it is gone since it was found.")
    async def ci(self: SearchHit, info: Ask) -> CI | None:
        """Return the CI."""
        found = await info.context.loaders.ci(self.ci.id)
        return ci_type(found) if found else None


@strawberry.type(name="SearchResult")
class SearchResult:
    """The hits of a search, best first."""

    text: str
    hits: list[SearchHitType]
    report: JSON = whole_report()


def ci_type(ci: inventory.CI) -> CI:
    """Return a CI as the API tells it."""
    attributes: Any = ci.attributes
    stage: Any = ci.lifecycle
    return CI(
        id=global_id("CI", ci.id),
        local_id=ci.id,
        class_name=ci.class_name,
        name=ci.name,
        lifecycle=stage,
        version=ci.version,
        attributes=attributes,
        created_at=ci.created_at,
        updated_at=ci.updated_at,
        merged_into=ci.merged_into,
    )


def ci_connection(page: CIPage, after: str) -> CIConnection:
    """Return a page of CIs as the API tells it."""
    pairs = zip(page.cursors, page.cis, strict=True)
    edges = [CIEdge(cursor=cursor, node=ci_type(ci)) for cursor, ci in pairs]
    info = page_info(list(page.cursors), after, has_next=page.has_next)
    return CIConnection(edges=edges, page_info=info)


def relationship_connection(page: AdjacentPage, after: str) -> RelationshipConnection:
    """Return a page of relationships as the API tells it."""
    edges = [
        RelationshipEdge(
            cursor=item.cursor,
            node=ci_type(item.other),
            relationship=relationship_type(item.relationship),
        )
        for item in page.items
    ]
    cursors = [edge.cursor for edge in edges]
    info = page_info(cursors, after, has_next=page.has_next)
    return RelationshipConnection(edges=edges, page_info=info)


def relationship_type(relationship: inventory.Relationship) -> Relationship:
    """Return a relationship as the API tells it: field by field the same."""
    same: Any = relationship
    return same  # type: ignore[no-any-return]  # resolved by attribute


async def _adjacent(
    info: Ask,
    ci_id: str,
    direction: Direction,
    types: list[str] | None,
    first: int,
    after: str | None,
) -> RelationshipConnection:
    page = await info.context.loaders.adjacent(ci_id, direction, types, first, after or "")
    return relationship_connection(page, after or "")
