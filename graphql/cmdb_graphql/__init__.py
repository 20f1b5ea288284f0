"""The GraphQL API: types, resolvers of a few lines, batched reads, limits and subscriptions.

A server builds one schema, one `Workers` and one `FeedWatcher` a process, makes an `ApiContext` a
request and executes documents with `ApiSchema.execute` and `ApiSchema.stream`.
"""

from cmdb_graphql.context import ApiContext, make_context
from cmdb_graphql.execution import ApiSchema, document_hash
from cmdb_graphql.feed import FeedWatcher
from cmdb_graphql.limits import Limits
from cmdb_graphql.schema import build_schema
from cmdb_graphql.workers import Workers

__all__ = [
    "ApiContext",
    "ApiSchema",
    "FeedWatcher",
    "Limits",
    "Workers",
    "build_schema",
    "document_hash",
    "make_context",
]
