"""How much work are the variables of an operation, each time it uses them?

A variable is made fit for its type once and for its argument wherever it stands, in the event loop:
what is heavy is refused before. JSON counts as one value: it is handed on as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    VariableNode,
    get_nullable_type,
    type_from_ast,
    value_from_ast_untyped,
)

from cmdb.errors import LimitExceeded
from cmdb_graphql.limits import Limits

_MOST: Final = 10**12


def check_uses(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any] | None,
    limits: Limits,
) -> None:
    """Return if the variables of an operation are not too much work where it uses them.

    Raises:
        LimitExceeded: Their values, counted at each use.
    """
    sizes = _sizes(schema, operation, variables or {}, limits.used_values)
    if all(size <= 1 for size in sizes.values()):
        return
    uses = _Uses(document).of(operation)
    # One that is not used is made fit for its type nevertheless.
    total = sum(size * max(uses[name], 1) for name, size in sizes.items())
    if total > limits.used_values:
        raise LimitExceeded(
            "values of the variables at each use",
            limits.used_values,
            min(total, _MOST),
            "There may be more.",
        )


def _sizes(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    most: int,
) -> dict[str, int]:
    """Return how many values each variable has, counted just beyond `most`."""
    sizes: dict[str, int] = {}
    for node in operation.variable_definitions or ():
        name = node.variable.name.value
        if name in variables:
            value = variables[name]
        else:
            value = node.default_value and value_from_ast_untyped(node.default_value)
        count = 0
        for count, _ in enumerate(_values(type_from_ast(schema, node.type), value), start=1):
            if count > most:
                break
        sizes[name] = count
    return sizes


def _values(kind: Any, value: Any) -> Iterator[Any]:
    """Yield a value and those within it, as far as the schema knows their types."""
    pending = [(kind, value)]
    while pending:
        declared, each = pending.pop()
        yield each
        plain = get_nullable_type(declared)
        if isinstance(plain, GraphQLList) and isinstance(each, list | tuple):
            pending += [(plain.of_type, member) for member in each]
        elif isinstance(plain, GraphQLInputObjectType) and isinstance(each, dict):
            fields = plain.fields
            pending += [(fields[n].type, member) for n, member in each.items() if n in fields]


class _Uses:
    """Counts where variables stand, fragments wherever they are spread, each measured once."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, Counter[str]] = {}

    def of(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> Counter[str]:
        """Return how often each variable stands in what a definition selects."""
        found: Counter[str] = Counter()
        pending: list[Any] = [node.selection_set, *(node.directives or ())]
        while pending:
            each = pending.pop()
            if isinstance(each, VariableNode):
                found[each.name.value] += 1
                continue
            if isinstance(each, FragmentSpreadNode):
                found.update(self._spread(each.name.value))
            for key in each.keys:
                inner = getattr(each, key)
                if isinstance(inner, Node):
                    pending.append(inner)
                elif isinstance(inner, tuple | list):
                    pending += inner
        return Counter({name: min(count, _MOST) for name, count in found.items()})

    def _spread(self, name: str) -> Counter[str]:
        if name not in self._known:
            # Missing, or in a circle: validation names it.
            self._known[name] = Counter()
            if name in self._fragments:
                self._known[name] = self.of(self._fragments[name])
        return self._known[name]
