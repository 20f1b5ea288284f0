"""How is the same document not parsed and validated twice? It is kept, by its text, in a bound.

And which of its operations is executed? `chosen_operation` alone says so.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)

from cmdb_graphql.limits import Limits, check_text


@dataclass(slots=True)
class Known:
    """A document that parses; `errors` is None until it was validated."""

    document: DocumentNode
    errors: list[GraphQLError] | None = None


def chosen_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation of a document that is executed: the one named, or its only one.

    Raises:
        GraphQLError: There is none, none of that name, or there are several and none is named.
    """
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if not found:
        raise GraphQLError("The document has no operation, only fragments.")
    if name is None:
        if len(found) > 1:
            raise GraphQLError(
                f"The document has {len(found)} operations: say which by `operationName`."
            )
        return found[0]
    named = [node for node in found if node.name is not None and node.name.value == name]
    if not named:
        raise GraphQLError(f"The document has no operation {name[:100]!r}.")
    return named[0]


class Documents:
    """The documents used last, parsed, and validated once that was asked for."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, text: str) -> Known | None:
        """Return a document that is kept, or None."""
        with self._lock:
            if text in self._known:
                self._known.move_to_end(text)
            return self._known.get(text)

    def parsed(self, text: str) -> Known:
        """Return a document by its text.

        Raises:
            LimitExceeded: It is too large or too deeply nested to be parsed.
            GraphQLSyntaxError: It is no document.
        """
        if known := self.find(text):
            return known
        check_text(text, self._limits)
        known = Known(parse(text, no_location=False))
        with self._lock:
            self._known[text] = known
            while len(self._known) > self._limits.cached:
                self._known.popitem(last=False)
        return known

    def validated(self, known: Known) -> list[GraphQLError]:
        """Return what is wrong with a document, at most a hundred things."""
        if known.errors is None:
            known.errors = validate(self._schema, known.document, specified_rules, max_errors=100)
        return known.errors
