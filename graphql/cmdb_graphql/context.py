"""What does a resolver have at hand? The operations and reads of one caller, and its loaders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ParamSpec, TypeAlias, TypeVar

import strawberry

from cmdb.model.rights import Caller
from cmdb.ports.graph_reading import GraphReading
from cmdb.ports.operations import Operations
from cmdb.ports.requests import EditReason
from cmdb.ports.service import Service
from cmdb_graphql.feed import FeedWatcher
from cmdb_graphql.limits import SECONDS
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.workers import Workers

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class ApiContext:
    """The context of a request.

    Attributes:
        operations: Everything a user can do, on behalf of the caller.
        reading: Batched reads, on behalf of the caller.
        caller: Who asks.
        request_id: For logs, traces and the log of changes.
        workers: The threads in which services run.
        watcher: What tells subscribers of new revisions; None: no subscriptions.
        loaders: What gathers the reads of one level of a document.
        seconds: Time for each read of a subscription; that for an answer is kept by the schema.
        refusals: Codes of the mutations that were refused, for the log of requests.
    """

    operations: Operations
    reading: GraphReading
    caller: Caller
    request_id: str
    workers: Workers
    watcher: FeedWatcher | None
    loaders: Loaders
    seconds: float = SECONDS
    refusals: list[str] = field(default_factory=list)

    async def ask(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a service returns, without blocking the event loop."""
        return await self.workers.run(work, *args, **kwargs)

    def for_operation(self) -> ApiContext:
        """Return the same with fresh loaders: nothing read for one document answers another."""
        return replace(self, loaders=Loaders(self.reading, self.workers))

    def edit(
        self, reason: str, idempotency_key: str | None, expected_version: int | None = None
    ) -> EditReason:
        """Return why and how an edit is made."""
        return EditReason(reason, expected_version, idempotency_key or "", self.request_id)


Ask: TypeAlias = strawberry.Info[ApiContext, None]


def make_context(
    service: Service,
    caller: Caller,
    request_id: str,
    *,
    workers: Workers,
    watcher: FeedWatcher | None = None,
    seconds: float = SECONDS,
) -> ApiContext:
    """Return the context of a request.

    Args:
        service: What is served.
        caller: Who asks, already authenticated.
        request_id: Of this request.
        workers: The threads of this process.
        watcher: The watcher of this process.
        seconds: Time for each read of a subscription.
    """
    reading = service.reading(caller)
    loaders = Loaders(reading, workers)
    operations = service.operations(caller)
    return ApiContext(operations, reading, caller, request_id, workers, watcher, loaders, seconds)
