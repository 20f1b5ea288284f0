"""A service over a connection whose reads are counted, and a client that executes documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from strawberry.types import ExecutionResult

from cmdb.bootstrap import list_importers, load_importer
from cmdb.demo.estate import ESTATE, EstateImporter
from cmdb.model.import_reports import ImportRequest
from cmdb.model.records import ImportInput, Record
from cmdb.model.rights import ROLES, Caller
from cmdb.ports.operations import Operations
from cmdb.services.context import Context
from cmdb.services.local_operations import LocalOperations
from cmdb.services.local_service import LocalService
from cmdb.snapshot import Snapshots
from cmdb.store.connection import Connection, Ddl, Params, Row, Transaction
from cmdb.store.graph_store import GraphStore
from cmdb_graphql.context import ApiContext, make_context
from cmdb_graphql.execution import ApiSchema
from cmdb_graphql.feed import FeedWatcher
from cmdb_graphql.workers import Workers
from tests.contract.stores import SetClock

T = TypeVar("T")
ADMINISTRATOR = Caller("anna", frozenset(ROLES))
VIEWER = Caller("vic", frozenset({"viewer"}))
NOBODY = Caller("mallory")


class CountingConnection:
    """A connection that counts the statements it reads with."""

    def __init__(self, connection: Connection) -> None:
        self.name = connection.name
        self.is_shared = connection.is_shared
        self.reads = 0
        self._connection = connection

    def setup(self, ddl: Sequence[Ddl]) -> None:
        self._connection.setup(ddl)

    def read(self, text: str, params: Params | None = None) -> list[Row]:
        self.reads += 1
        return self._connection.read(text, params)

    async def read_async(self, text: str, params: Params | None = None) -> list[Row]:
        self.reads += 1
        return await self._connection.read_async(text, params)

    def write(self, fn: Callable[[Transaction], T]) -> T:
        return self._connection.write(fn)

    def search_text(self, index: str, query: str, limit: int = 50) -> list[tuple[str, float]]:
        self.reads += 1
        return self._connection.search_text(index, query, limit)

    def close(self) -> None:
        self._connection.close()

    async def close_async(self) -> None:
        await self._connection.close_async()


class CountedService(LocalService):
    """The service over one connection whose reads are counted, at a time that tests set."""

    def __init__(self, connection: Connection) -> None:
        self.connection = CountingConnection(connection)
        self.clock = SetClock()
        self.store = GraphStore(self.connection, self.clock)
        self.store.setup()
        snapshots = Snapshots(self.store, self.store.registry)
        context = Context(self.store, snapshots, self.clock, ADMINISTRATOR)
        super().__init__(context, load_importer, list_importers, _encode)

    def fill(self) -> None:
        """Import the demo estate."""
        importer: Any = EstateImporter()
        operations = LocalOperations(self._context, lambda _: importer, list_importers, _encode)
        request = ImportRequest(source="estate", format="demo", observed_at=self.clock.now())
        operations.import_inventory(ImportInput(path=ESTATE, name=ESTATE.name), request)


def _encode(records: Iterator[Record]) -> Iterator[bytes]:
    raise AssertionError(f"nothing here exports {records!r}")


class Answer:
    """What a document was answered with."""

    def __init__(self, result: ExecutionResult) -> None:
        self.errors = result.errors or []
        self._data = result.data

    @property
    def data(self) -> Any:
        """The data of a document that must not fail."""
        assert not self.errors, self.errors
        return self._data

    @property
    def partial(self) -> Any:
        """The data, errors or not."""
        return self._data

    @property
    def extensions(self) -> Mapping[str, Any]:
        """What the only error says to programs."""
        (error,) = self.errors
        assert error.extensions is not None
        return error.extensions

    @property
    def code(self) -> str:
        """The code of the only error."""
        return str(self.extensions["code"])


class Client:
    """Executes documents, each in an event loop of its own."""

    def __init__(self, service: CountedService, schema: ApiSchema) -> None:
        self.service = service
        self.schema = schema
        self.workers = Workers(4)

    def __call__(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        caller: Caller = ADMINISTRATOR,
        operations: Operations | None = None,
        operation_name: str | None = None,
    ) -> Answer:
        return asyncio.run(self.execute(document, variables, caller, operations, operation_name))

    async def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        caller: Caller = ADMINISTRATOR,
        operations: Operations | None = None,
        operation_name: str | None = None,
    ) -> Answer:
        context = self.context(caller, operations)
        given = None if variables is None else dict(variables)
        result = await self.schema.execute(document, given, context, operation_name=operation_name)
        return Answer(result)

    def context(
        self,
        caller: Caller = ADMINISTRATOR,
        operations: Operations | None = None,
        watcher: FeedWatcher | None = None,
    ) -> ApiContext:
        made = make_context(self.service, caller, "r-1", workers=self.workers, watcher=watcher)
        return replace(made, operations=operations) if operations is not None else made

    def reads(self, document: str, variables: Mapping[str, Any] | None = None) -> int:
        """How many statements a document is answered with."""
        before = self.service.connection.reads
        _ = self(document, variables).data
        return self.service.connection.reads - before
