"""What would a document do at most? Depth, aliases, fields and cost, before it is run.

Fragments are counted wherever they are spread, but measured once: a document in which they multiply
is measured as fast as any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_introspection_type,
    value_from_ast_untyped,
)

from cmdb.errors import Forbidden, LimitExceeded
from cmdb.model.selection import MAX_PAGE
from cmdb_graphql.limits import Limits

_MOST: Final = 10**12
_PAGE_ARGUMENT: Final = "first"
_INTROSPECTION: Final[Mapping[str, str]] = {"__schema": "__Schema", "__type": "__Type"}
_SCHEMA_ROWS: Final[Mapping[str, int]] = {
    "types": 200,
    "directives": 10,
    "fields": 10,
    "inputFields": 10,
    "args": 5,
    "enumValues": 10,
    "possibleTypes": 5,
    "interfaces": 2,
}
"""How many rows the lists of the schema about itself have, in round numbers."""

HEAVY: Final[Mapping[str, int]] = {
    "ciDetails": 500,
    "blastRadius": 2_000,
    "explain": 2_000,
    "preview": 5_000,
    "comparePreview": 5_000,
    "keepPreview": 5_000,
    "diff": 5_000,
    "incident": 2_000,
    "change": 2_000,
    "changesNear": 2_000,
    "availability": 5_000,
    "spof": 5_000,
    "importance": 5_000,
    "cutSets": 5_000,
    "structure": 5_000,
    "whatIf": 5_000,
    "rootCause": 5_000,
    "conflicts": 5_000,
    "doctor": 5_000,
    "verifyLog": 20_000,
    "rankSource": 5_000,
    "upsertRecords": 5_000,
}
"""What root fields cost that compute rather than page; the others cost what they may return."""
PER_LISTED_OF_HEAVY: Final = 10
"""What each member of a list costs that such a field is given; elsewhere it costs 1."""


def check_document(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Mapping[str, Any] | None,
    limits: Limits,
    actor: str = "",
) -> int:
    """Return the highest cost of its operations, if none is over a limit.

    Raises:
        LimitExceeded: Depth, aliases, fields, root fields or cost.
        Forbidden: It asks for the schema, which is off.
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    costs = [0]
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            meter = _Meter(schema, fragments, _values(node, variables or {}))
            measure = meter.measure(node.selection_set, schema.get_root_type(node.operation))
            if measure.asks_schema and not limits.introspection:
                raise Forbidden(actor, "read", "the schema of this service")
            _check(measure, meter.root_fields(node.selection_set), limits)
            costs.append(measure.cost)
    return max(costs)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a selection is and may return at most."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0
    asks_schema: bool = False


def _check(measure: Measure, root_fields: int, limits: Limits) -> None:
    for name, allowed, found in (
        ("depth", limits.depth, measure.depth),
        ("aliases", limits.aliases, measure.aliases),
        ("fields", limits.fields, measure.fields),
        ("root fields", limits.root_fields, root_fields),
        ("cost", limits.cost, measure.cost),
    ):
        if found > allowed:
            raise LimitExceeded(name, allowed, found)


class _Meter:
    """Measures selections, each fragment once, however often it is spread."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        values: dict[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._values = values
        self._known: dict[str, Measure] = {}
        self._roots: dict[str, int] = {}
        self._open: set[str] = set()

    def root_fields(self, selections: SelectionSetNode) -> int:
        """Return how many fields the operation itself selects."""
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += 1
            elif isinstance(node, InlineFragmentNode):
                total += self.root_fields(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                total += self._spread_root_fields(node.name.value)
        return min(total, _MOST)

    def measure(
        self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None
    ) -> Measure:
        """Return what a selection comes to."""
        if selections is None:
            return Measure()
        parts = [self._part(node, parent) for node in selections.selections]
        return Measure(
            depth=max((part.depth for part in parts), default=0),
            aliases=min(sum(part.aliases for part in parts), _MOST),
            fields=min(sum(part.fields for part in parts), _MOST),
            cost=min(sum(part.cost for part in parts), _MOST),
            asks_schema=any(part.asks_schema for part in parts),
        )

    def _part(self, node: Any, parent: GraphQLNamedType | None) -> Measure:
        if isinstance(node, FieldNode):
            return self._field(node, parent)
        if isinstance(node, FragmentSpreadNode):
            return self._spread(node.name.value)
        on = node.type_condition
        narrowed = self._schema.get_type(on.name.value) if on else parent
        return self.measure(node.selection_set, narrowed)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        name = node.name.value
        definition = getattr(parent, "fields", {}).get(name)
        kind = get_named_type(definition.type) if definition else None
        is_schema = name in _INTROSPECTION
        if is_schema:
            kind = self._schema.get_type(_INTROSPECTION[name])
        inner = self.measure(node.selection_set, kind)
        cost = inner.cost
        if definition is not None and _PAGE_ARGUMENT in definition.args:
            cost = self._page(node, definition.args[_PAGE_ARGUMENT].default_value) * (1 + cost)
        if parent is not None and is_introspection_type(parent) and name in _SCHEMA_ROWS:
            cost = _SCHEMA_ROWS[name] * (1 + cost)
        if parent in (self._schema.query_type, self._schema.mutation_type):
            cost += HEAVY.get(name, 1)
            cost += self._listed(node) * (PER_LISTED_OF_HEAVY if name in HEAVY else 1)
        return Measure(
            depth=0 if is_schema else 1 + inner.depth,
            aliases=inner.aliases + (node.alias is not None),
            fields=1 + inner.fields,
            cost=min(cost, _MOST),
            asks_schema=inner.asks_schema or is_schema,
        )

    def _page(self, node: FieldNode, default: Any) -> int:
        value: Any = default
        for argument in node.arguments or ():
            if argument.name.value == _PAGE_ARGUMENT:
                value = self._value(argument.value, default)
        return max(value, 1) if type(value) is int else MAX_PAGE

    def _listed(self, node: FieldNode) -> int:
        """Return how many members the lists among the arguments have, those of an input too."""
        total = 0
        for argument in node.arguments or ():
            value = value_from_ast_untyped(argument.value, self._values)
            parts = value.values() if isinstance(value, dict) else [value]
            total += sum(len(part) for part in parts if isinstance(part, list))
        return total

    def _value(self, given: Any, default: Any) -> Any:
        if isinstance(given, VariableNode):
            return self._values.get(given.name.value, default)
        return int(given.value) if isinstance(given, IntValueNode) else None

    def _spread(self, name: str) -> Measure:
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:
            return Measure()  # missing or in a circle: validation names it
        if name not in self._known:
            self._open.add(name)
            on = self._schema.get_type(fragment.type_condition.name.value)
            self._known[name] = self.measure(fragment.selection_set, on)
            self._open.discard(name)
        return self._known[name]

    def _spread_root_fields(self, name: str) -> int:
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:
            return 0
        if name not in self._roots:
            self._open.add(name)
            self._roots[name] = self.root_fields(fragment.selection_set)
            self._open.discard(name)
        return self._roots[name]


def _values(operation: OperationDefinitionNode, given: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        node.variable.name.value: value_from_ast_untyped(node.default_value)
        for node in operation.variable_definitions or ()
        if node.default_value is not None
    }
    return {**defaults, **given}
