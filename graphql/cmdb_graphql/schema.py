"""What is the schema? All root fields together, with limits."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig

from cmdb_graphql.execution import ApiSchema
from cmdb_graphql.limits import Limits
from cmdb_graphql.roots.analysing import AnalysingQuery
from cmdb_graphql.roots.auditing import AuditingQuery
from cmdb_graphql.roots.editing import EditingMutation
from cmdb_graphql.roots.impact import ImpactQuery
from cmdb_graphql.roots.inventory import InventoryQuery
from cmdb_graphql.roots.practising import PractisingMutation
from cmdb_graphql.roots.subscribing import Subscription
from cmdb_graphql.scalars import SCALARS


@strawberry.type
class Query(InventoryQuery, ImpactQuery, AnalysingQuery, AuditingQuery):
    """What can be asked."""


@strawberry.type
class Mutation(EditingMutation, PractisingMutation):
    """What can be written; each answers with what was written or a named refusal."""


def build_schema(limits: Limits | None = None) -> ApiSchema:
    """Return the schema, ready to execute documents."""
    return ApiSchema(
        limits or Limits(),
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
