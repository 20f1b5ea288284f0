"""How is a document executed? One function, whoever calls: limits, documents kept, errors shown.

`ApiSchema.execute` runs queries and mutations, `ApiSchema.stream` subscriptions as well; both are
what Strawberry's HTTP and WebSocket views call. A faster executor of hot reads stands in `execute`,
before Strawberry, and answers what it can.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import aclosing
from typing import Any, Final

import strawberry
from graphql import FieldNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from cmdb.errors import Forbidden
from cmdb_graphql.context import ApiContext
from cmdb_graphql.descriptions import describe
from cmdb_graphql.documents import Documents, Known, chosen_operation
from cmdb_graphql.errors import as_error, show_errors
from cmdb_graphql.limits import LONG, Limits, check_variables, not_trusted
from cmdb_graphql.measuring import check_document
from cmdb_graphql.timing import within
from cmdb_graphql.variables import check_uses

MAYBE_WRITTEN = (
    "What it writes may be written nevertheless: send it again with the same idempotencyKey."
)
READING: Final = frozenset({OperationType.QUERY, OperationType.SUBSCRIPTION})
"""The operations by which nothing is written."""
_ANSWERED: Final = frozenset({OperationType.QUERY, OperationType.MUTATION})


class ApiSchema(strawberry.Schema):
    """The schema with its limits; `limits` and `documents` are those of this process."""

    def __init__(self, limits: Limits, **parts: Any) -> None:
        super().__init__(extensions=[lambda: _Known(self)], **parts)
        describe(self._schema)
        self.limits = limits
        self.documents = Documents(self._schema, limits)

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Return data and errors of a query or mutation, as the caller may see them."""
        context = _context(context_value)
        allowed = _ANSWERED & _allowed(allowed_operation_types)
        try:
            operation = await self._check(query, variable_values, context, operation_name, allowed)
            hint = MAYBE_WRITTEN if _kind(operation) is OperationType.MUTATION else ""
            async with within(self._seconds_for(operation), hint):
                result = await super().execute(
                    query,
                    variable_values,
                    context.for_operation(),
                    root_value,
                    operation_name,
                    allowed,
                    operation_extensions,
                )
        except Exception as error:
            result = _failed(error)
        return _shown(result, context)

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> Any:
        """Return an asynchronous generator of the results of any operation."""
        context = _context(context_value)
        allowed = _allowed(allowed_operation_types)
        try:
            operation = await self._check(query, variable_values, context, operation_name, allowed)
        except Exception as error:
            return _once(_shown(_failed(error), context))
        if _kind(operation) is not OperationType.SUBSCRIPTION:
            return self._answered(query, variable_values, context, operation_name, allowed)
        results = await super().stream(
            query,
            variable_values,
            context.for_operation(),
            root_value,
            operation_name,
            operation_extensions,
            allowed,
        )
        return _shown_each(results, context)

    async def _answered(
        self,
        query: str | None,
        variables: dict[str, Any] | None,
        context: ApiContext,
        operation_name: str | None,
        allowed: Collection[OperationType],
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the one result of a query or mutation, as `execute` answers it."""
        yield await self.execute(query, variables, context, None, operation_name, allowed)

    def _seconds_for(self, operation: OperationDefinitionNode) -> float:
        """Return the time for an operation; nothing else rides along with a long field."""
        is_long = all(
            isinstance(node, FieldNode) and node.name.value in LONG
            for node in operation.selection_set.selections
        )
        return self.limits.long_seconds if is_long else self.limits.seconds

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Leave errors alone: they are logged and shown once, at the end."""

    async def _check(
        self,
        query: str | None,
        variables: Any,
        context: ApiContext,
        operation_name: str | None,
        allowed: Collection[OperationType],
    ) -> OperationDefinitionNode:
        """Return the operation that is to be run if it may be, its document parsed and validated.

        A new document is parsed and validated in a thread: a large one keeps nobody waiting.

        Raises:
            LimitExceeded: It is over a limit.
            Forbidden: The caller has no role at all, or asks for a schema that is not shown.
            GraphQLError: It is no document, none of the trusted ones, does not say which of its
                operations is meant, or that is of a kind that is not executed here.
        """
        actor = context.caller.actor
        if not context.caller.roles:
            raise Forbidden(actor, "read")
        if not query:
            raise GraphQLError("There is no document: `query` is empty.")
        trusted = self.limits.trusted
        if trusted is not None and document_hash(query) not in trusted:
            raise not_trusted()
        check_variables(variables, self.limits)
        known = self.documents.find(query)
        if known is None:
            known = await context.ask(self.documents.parsed, query)
        operation = chosen_operation(known.document, operation_name)
        if _kind(operation) not in allowed:
            raise GraphQLError(f"A {_kind(operation).value} is not executed here.")
        check_document(self._schema, known.document, variables, self.limits, actor)
        check_uses(self._schema, known.document, operation, variables, self.limits)
        if known.errors is None:
            await context.ask(self.documents.validated, known)
        return operation


class _Known(SchemaExtension):
    """Hands over documents that were parsed and validated before."""

    def __init__(self, schema: ApiSchema) -> None:
        super().__init__()
        self._schema = schema
        self._document: Known | None = None

    def on_parse(self) -> Iterator[None]:
        """Take the parsed document."""
        self._document = self._schema.documents.parsed(self.execution_context.query or "")
        self.execution_context.graphql_document = self._document.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Take what validation found."""
        if self._document is not None:
            found = self._schema.documents.validated(self._document)
            self.execution_context.pre_execution_errors = found
        yield


def document_hash(text: str) -> str:
    """Return what a list of trusted documents names a document by: its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def _allowed(given: Iterable[OperationType] | None) -> frozenset[OperationType]:
    return frozenset(OperationType if given is None else given)


def _kind(operation: OperationDefinitionNode) -> OperationType:
    return OperationType(operation.operation.value)


def _context(given: Any) -> ApiContext:
    if not isinstance(given, ApiContext):
        raise TypeError("the context of a document must be an ApiContext")
    return given


def _failed(error: Exception) -> ExecutionResult:
    return ExecutionResult(data=None, errors=[as_error(error)])


def _shown(result: Any, context: ApiContext) -> ExecutionResult:
    result.errors = show_errors(result.errors, context.request_id)
    shown: ExecutionResult = result
    return shown


async def _once(result: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield result


async def _shown_each(results: Any, context: ApiContext) -> AsyncGenerator[ExecutionResult, None]:
    async with aclosing(results):
        async for result in results:
            yield _shown(result, context)
