"""What can be written of the inventory, its registries and sources?"""

from __future__ import annotations

from typing import Any

import strawberry

from cmdb.model import inventory, source_reports, system_reports
from cmdb.model.reports import plain
from cmdb.ports.requests import NewGroup, NewRelationship, UpsertRequest
from cmdb_graphql import inputs
from cmdb_graphql.context import Ask
from cmdb_graphql.ids import local_id, local_ids
from cmdb_graphql.types.cis import ci_type, relationship_type
from cmdb_graphql.types.results import (
    CIResult,
    CIWritten,
    RankSourceResult,
    RecordsUpserted,
    RegistryChanged,
    RegistryResult,
    RelationshipResult,
    RelationshipWritten,
    SourceRanked,
    UpsertRecordsResult,
)
from cmdb_graphql.writing import as_type, object_of, reason_of, texts_of, write


@strawberry.type
class EditingMutation:
    """Changes of the inventory; each is one entry of the log."""

    @strawberry.mutation
    async def add_ci(self, info: Ask, input: inputs.AddCI) -> CIResult:
        """Record a CI."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> inventory.CI:
            attributes = object_of("attributes", input.attributes)
            holders = texts_of("within", input.within)
            within = {role: local_id(holder) for role, holder in holders.items()}
            return operations.add_ci(input.class_name, input.name, attributes, within, reason)

        return await write(info, work, _ci)

    @strawberry.mutation
    async def set_attributes(
        self,
        info: Ask,
        input: inputs.SetAttributesInput,
    ) -> CIResult:
        """Set values by hand; null takes a manual value back."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> inventory.CI:
            values = object_of("values", input.values)
            return operations.set_attributes(local_id(input.ci), values, reason)

        return await write(info, work, _ci)

    @strawberry.mutation
    async def retire_ci(self, info: Ask, input: inputs.OneCI) -> CIResult:
        """Retire a CI: it stays on record, out of impact."""
        operations, reason = info.context.operations, reason_of(info.context, input)
        return await write(info, lambda: operations.retire_ci(local_id(input.ci), reason), _ci)

    @strawberry.mutation
    async def restore_ci(self, info: Ask, input: inputs.OneCI) -> CIResult:
        """Take a retired CI back into use."""
        operations, reason = info.context.operations, reason_of(info.context, input)
        return await write(info, lambda: operations.restore_ci(local_id(input.ci), reason), _ci)

    @strawberry.mutation
    async def add_relationship(
        self,
        info: Ask,
        input: inputs.AddRelationshipInput,
    ) -> RelationshipResult:
        """Record that one CI relies on another."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> inventory.Relationship:
            ends = local_id(input.dependent), local_id(input.provider)
            new = NewRelationship(input.type, *ends, input.strength, input.tolerates_seconds)
            return operations.add_relationship(new, reason)

        return await write(info, work, _relationship)

    @strawberry.mutation
    async def remove_relationship(
        self,
        info: Ask,
        input: inputs.RemoveRelationshipInput,
    ) -> RelationshipResult:
        """End a relationship; the log keeps it."""
        operations, reason = info.context.operations, reason_of(info.context, input)
        return await write(
            info, lambda: operations.remove_relationship(input.id, reason), _relationship
        )

    @strawberry.mutation
    async def add_group(self, info: Ask, input: inputs.AddGroupInput) -> CIResult:
        """Record a redundancy group with its members."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> inventory.CI:
            members, owner = tuple(local_ids(input.members)), local_id(input.owner or "")
            new = NewGroup(input.name, members, input.k_min, input.k_full, input.mode, owner)
            return operations.add_group(new, reason)

        return await write(info, work, _ci)

    @strawberry.mutation
    async def register_class(
        self,
        info: Ask,
        input: inputs.DefinitionInput,
    ) -> RegistryResult:
        """Register a CI class, or change one registered so."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> system_reports.RegistryChange:
            return operations.register_class(object_of("definition", input.definition), reason)

        return await write(info, work, _registry)

    @strawberry.mutation
    async def register_relationship_type(
        self,
        info: Ask,
        input: inputs.DefinitionInput,
    ) -> RegistryResult:
        """Register a relationship type, or change one so registered."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> system_reports.RegistryChange:
            return operations.register_type(object_of("definition", input.definition), reason)

        return await write(info, work, _registry)

    @strawberry.mutation
    async def upsert_records(
        self,
        info: Ask,
        input: inputs.UpsertRecordsInput,
    ) -> UpsertRecordsResult:
        """Take records of a data source in, as an import does it."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> system_reports.UpsertReport:
            given: Any = input.records
            records = [object_of(f"records[{n}]", each) for n, each in enumerate(given)]
            scope = texts_of("scope", input.scope)
            request = UpsertRequest(input.source, records, scope, input.observed_at)
            return operations.upsert_records(request, reason)

        return await write(info, work, _upserted)

    @strawberry.mutation(
        description="Rank a data source; what it speaks of is decided again, within the limit of "
        "time for long requests."
    )
    async def rank_source(
        self,
        info: Ask,
        input: inputs.RankSourceInput,
    ) -> RankSourceResult:
        """Rank a data source."""
        operations, reason = info.context.operations, reason_of(info.context, input)

        def work() -> source_reports.RankReport:
            return operations.rank_source(input.source, input.precedence, reason)

        return await write(info, work, _ranked)


def _ci(ci: inventory.CI) -> CIWritten:
    return CIWritten(ci=ci_type(ci), report=plain(ci))


def _relationship(relationship: inventory.Relationship) -> RelationshipWritten:
    return RelationshipWritten(
        relationship=relationship_type(relationship), report=plain(relationship)
    )


def _registry(made: system_reports.RegistryChange) -> RegistryChanged:
    return RegistryChanged(
        kind=made.kind,
        name=made.name,
        revision=made.revision,
        definition=plain(made.definition),
        report=plain(made),
    )


def _upserted(made: system_reports.UpsertReport) -> RecordsUpserted:
    return RecordsUpserted(
        revision=made.revision,
        results=as_type(made.results),
        decided=plain(made.decided),
        report=plain(made),
    )


def _ranked(made: source_reports.RankReport) -> SourceRanked:
    return SourceRanked(
        source=made.source,
        before=made.before,
        precedence=made.precedence,
        is_known=made.is_known,
        nearest=list(made.nearest),
        records=made.records,
        cis=made.cis,
        relationships=made.relationships,
        first_revision=made.first_revision,
        last_revision=made.last_revision,
        report=plain(made),
    )
