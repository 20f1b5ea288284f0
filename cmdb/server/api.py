"""How does the server reach GraphQL? One schema, one watcher, a context for each request."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import FieldNode, GraphQLError, OperationDefinitionNode
from strawberry.types import ExecutionResult

from cmdb.errors import BadSettings, BadValue, CmdbError, DatabaseError, LimitExceeded
from cmdb.model.rights import Caller
from cmdb.ports.service import Service
from cmdb.settings import ServerSettings
from cmdb_graphql.context import ApiContext, make_context
from cmdb_graphql.documents import chosen_operation
from cmdb_graphql.errors import BAD_DOCUMENT, as_error, show_error
from cmdb_graphql.execution import READING, document_hash
from cmdb_graphql.feed import FeedWatcher
from cmdb_graphql.limits import Limits
from cmdb_graphql.schema import build_schema
from cmdb_graphql.workers import Workers

SUBSCRIPTION = "subscription"
MUTATION = "mutation"
_SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Asked:
    """A document to execute; `operation_name` says which of its operations.

    With `reads_only` a mutation is refused, whatever else is said.
    """

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    reads_only: bool = False

    @classmethod
    def of(
        cls, query: Any, variables: Any, operation_name: Any, *, reads_only: bool = False
    ) -> Asked:
        """Return a document as a client sent it; None is no variables, and no name.

        Raises:
            BadValue: The query or the name is no text, or the variables are no map by name: an
                empty list is none either.
        """
        if not isinstance(query, str):
            raise BadValue("query", "it is no text")
        if variables is not None and not isinstance(variables, dict):
            raise BadValue("variables", "they are no JSON object")
        if operation_name is not None and not isinstance(operation_name, str):
            raise BadValue("operationName", "it is no text")
        return cls(query, variables or {}, operation_name or None, reads_only)


class Api:
    """The GraphQL side of one server.

    Args:
        service: What is served.
        settings: How.
        workers: The threads in which services run.
    """

    def __init__(self, service: Service, settings: ServerSettings, workers: Workers) -> None:
        limits = Limits(
            seconds=settings.request_seconds,
            long_seconds=max(settings.long_request_seconds, settings.request_seconds),
            introspection=settings.is_development,
            trusted=trusted_documents(settings.trusted_documents),
        )
        self.schema = build_schema(limits)
        self._service = service
        self._workers = workers
        self._watcher = FeedWatcher(lambda: service.head().revision, workers)

    def context(self, caller: Caller, request_id: str) -> ApiContext:
        """Return what resolvers have at hand for a request."""
        return make_context(
            self._service,
            caller,
            request_id,
            workers=self._workers,
            watcher=self._watcher,
            seconds=self.schema.limits.seconds,
        )

    async def execute(self, asked: Asked, context: ApiContext) -> ExecutionResult:
        """Return data and errors of a query or mutation."""
        return await self.schema.execute(
            asked.query, dict(asked.variables), context, None, asked.operation_name
        )

    async def stream(
        self, asked: Asked, context: ApiContext, still_known: Callable[[], Awaitable[object]]
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the results of any operation, as long as the caller is known.

        While the database that knows the tokens does not answer, nothing is told but that.

        Raises:
            Unauthenticated: The token does not hold any more; nothing was told since.
        """
        results = await self.schema.stream(
            asked.query,
            dict(asked.variables),
            context,
            None,
            asked.operation_name,
            allowed_operation_types=READING if asked.reads_only else None,
        )
        async with aclosing(results):
            async for result in results:
                try:
                    await still_known()
                except DatabaseError as error:
                    yield refused(error, context.request_id)
                    return
                yield result

    def kind_of(self, asked: Asked) -> tuple[str, str]:
        """Return the kind of operation and its only root field, as far as the schema knows them.

        Both are words out of a bounded set, whatever the document says.
        """
        operation = self._operation(asked)
        if operation is None:
            return "document", ""
        return operation.operation.value, self._root_field(operation)

    def takes(self, asked: Asked, variable: str) -> bool:
        """Return whether the operation has a variable of that name, or is none that is executed."""
        operation = self._operation(asked)
        return operation is None or any(
            node.variable.name.value == variable for node in operation.variable_definitions or ()
        )

    def _operation(self, asked: Asked) -> OperationDefinitionNode | None:
        """Return what would be executed, or None where the document is refused for it."""
        try:
            document = self.schema.documents.parsed(asked.query).document
            return chosen_operation(document, asked.operation_name)
        except (GraphQLError, LimitExceeded):
            return None

    def _root_field(self, operation: OperationDefinitionNode) -> str:
        names = [
            node.name.value
            for node in operation.selection_set.selections
            if isinstance(node, FieldNode)
        ]
        schema = self.schema._schema  # noqa: SLF001 - Strawberry shows what it made nowhere else
        root = schema.get_root_type(operation.operation)
        is_known = len(names) == 1 and root is not None and names[0] in root.fields
        return names[0] if is_known else _SEVERAL


def trusted_documents(folder: Path | None) -> frozenset[str] | None:
    """Return the hashes of the documents in a folder; None, for any document, without a folder.

    Raises:
        BadSettings: It cannot be read, or there is none in it.
    """
    if folder is None:
        return None
    if not folder.is_dir():
        raise BadSettings("CMDB_TRUSTED_DOCUMENTS", f"{folder} cannot be read: it is no folder")
    try:
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.graphql"))]
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings("CMDB_TRUSTED_DOCUMENTS", f"{folder} cannot be read") from error
    if not texts:
        raise BadSettings("CMDB_TRUSTED_DOCUMENTS", f"{folder} holds no *.graphql file")
    return frozenset(document_hash(text) for text in texts)


def refused(error: CmdbError, request_id: str) -> ExecutionResult:
    """Return an error as the result of a document."""
    return ExecutionResult(data=None, errors=[show_error(as_error(error), request_id)])


def answer_of(result: ExecutionResult) -> dict[str, Any]:
    """Return a result as JSON values, as the GraphQL specification wants it."""
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


def code_of(result: ExecutionResult, refusals: Sequence[str] = ()) -> str:
    """Return how a document ended: the code of its first error, of its first refusal, or `OK`.

    Args:
        result: What it was answered with.
        refusals: Codes of the mutations in it that were refused: those are data, not errors.
    """
    if not result.errors:
        return refusals[0] if refusals else "OK"
    return str((result.errors[0].extensions or {}).get("code", BAD_DOCUMENT))
