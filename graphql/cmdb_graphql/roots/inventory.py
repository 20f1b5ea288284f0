"""What can be asked of the inventory?"""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from cmdb.errors import NotFound
from cmdb.model import access, inventory, system_reports
from cmdb.model.reports import CIDetails as CIDetailsReport
from cmdb.model.reports import ClassesReport, SearchReport
from cmdb.model.selection import Selection
from cmdb.model.source_reports import SourceList
from cmdb_graphql.context import ApiContext, Ask
from cmdb_graphql.filters import CIFilter, CISort, filter_of, sort_of
from cmdb_graphql.ids import local_id, split_id
from cmdb_graphql.types.cis import CI, CIConnection, CIDetails, SearchResult, ci_connection, ci_type
from cmdb_graphql.types.common import Node
from cmdb_graphql.types.system import (
    CIClass,
    ClassList,
    DataSourceList,
    Format,
    ImportRun,
    ImportRunList,
    RelationshipTypeList,
)


@strawberry.type
class InventoryQuery:
    """Questions about the inventory."""

    @strawberry.field(description="Whatever has this global id; null where nothing has.")
    async def node(self, info: Ask, id: strawberry.ID) -> Node | None:
        """Return the thing of a global id."""
        try:
            found: Node | None = await _find_node(info.context, id)
        except NotFound:
            return None
        return found

    @strawberry.field(description="A CI by id, name or `Class/name`.")
    async def ci(self, info: Ask, id: strawberry.ID) -> CI:
        """Return the CI."""
        return ci_type(await info.context.ask(info.context.operations.find_ci, local_id(id)))

    @strawberry.field(
        graphql_type=CIDetails,
        description="A CI by id, name or `Class/name`, with all its relationships.",
    )
    async def ci_details(self, info: Ask, id: strawberry.ID) -> CIDetailsReport:
        """Return the CI with its relationships."""
        return await info.context.ask(info.context.operations.show_ci, local_id(id))

    @strawberry.field(description="A page of CIs; an empty list in a filter means none.")
    async def cis(
        self,
        info: Ask,
        class_name: Annotated[str, strawberry.argument(name="class")] = "",
        filter: CIFilter | None = None,
        sort: CISort | None = None,
        first: int = 50,
        after: str | None = None,
        include_retired: bool = False,
    ) -> CIConnection:
        """Return a page of CIs."""
        selection = Selection(
            class_name=class_name,
            where=filter_of(filter),
            sort=sort_of(sort),
            first=first,
            after=after or "",
            include_retired=include_retired,
        )
        page = await info.context.ask(info.context.reading.select_cis, selection)
        return ci_connection(page, after or "")

    @strawberry.field(graphql_type=SearchResult)
    async def search(self, info: Ask, text: str, first: int = 20) -> SearchReport:
        """Return CIs whose name or identifiers match the words."""
        return await info.context.ask(info.context.operations.search_cis, text, first)

    @strawberry.field(graphql_type=ClassList)
    async def classes(self, info: Ask) -> ClassesReport:
        """Return the registered classes and how many CIs each has."""
        return await info.context.ask(info.context.operations.list_classes)

    @strawberry.field(name="class", graphql_type=CIClass)
    async def class_(self, info: Ask, name: str) -> system_reports.ClassReport:
        """Return one registered class with its full definition."""
        return await info.context.ask(info.context.operations.show_class, name)

    @strawberry.field(graphql_type=RelationshipTypeList)
    async def relationship_types(self, info: Ask) -> system_reports.TypesReport:
        """Return the registered relationship types."""
        return await info.context.ask(info.context.operations.list_types)

    @strawberry.field
    async def formats(self, info: Ask) -> list[Format]:
        """Return what can be imported."""
        found = await info.context.ask(info.context.operations.list_formats)
        return [Format(name=name, summary=summary) for name, summary in found.items()]

    @strawberry.field(graphql_type=ImportRunList)
    async def import_runs(
        self, info: Ask, source: str = "", first: int = 50
    ) -> system_reports.RunList:
        """Return runs of imports, newest first."""
        return await info.context.ask(info.context.operations.list_runs, source, first)

    @strawberry.field(graphql_type=ImportRun)
    async def import_run(self, info: Ask, id: strawberry.ID) -> system_reports.RunReport:
        """Return one run of an import."""
        run_id = local_id(id, "ImportRun")
        return await info.context.ask(info.context.operations.find_run, run_id)

    @strawberry.field(graphql_type=DataSourceList)
    async def data_sources(self, info: Ask) -> SourceList:
        """Return every data source on record."""
        return await info.context.ask(info.context.operations.list_sources)


async def _find_node(context: ApiContext, id_: str) -> Any:
    found = split_id(id_)
    if found is None:
        return None
    kind, local = found
    operations = context.operations
    if kind == "CI":
        ci: inventory.CI | None = await context.loaders.ci(local)
        return ci_type(ci) if ci else None
    if kind == "Incident":
        return (await context.ask(operations.find_incident, local)).incident
    if kind == "Change":
        return (await context.ask(operations.find_change, local)).change
    if kind == "KeptPreview":
        return await context.ask(operations.find_preview, local)
    if kind == "ImportRun":
        return await context.ask(operations.find_run, local)
    tokens: access.TokenList = await context.ask(operations.list_tokens)
    return next((token for token in tokens.tokens if token.id == local), None)
