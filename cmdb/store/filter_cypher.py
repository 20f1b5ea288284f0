"""Which conditions does a filter become, and may this caller see that row?

Two-valued logic: where a value is absent every comparison is false, so that `ne` and `Not` are
true. Text compares exactly and with case; only `contains`, `starts_with`, `ends_with`, `lt`, `lte`,
`gt` and `gte` on `name` are caseless, as its order is. On a list, `eq` and `contains` mean that it
has that member, `in` that it has one of those. A class and an attribute may share a name with a
field of every CI (`version`): `a_version` then says the attribute.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from cmdb.errors import BadValue, LimitExceeded
from cmdb.model.definitions import LIFECYCLE, Attribute
from cmdb.model.inventory import ATTRIBUTE_PREFIX, to_epoch_ms
from cmdb.model.registry import Registry
from cmdb.model.rights import Visibility
from cmdb.model.selection import And, Filter, Not, Or, Where, check_values, count_parts
from cmdb.model.values import CHECKS, NotThatKind

MAX_CONDITIONS = 500
MAX_DEPTH = 30
_MOST_IN_A_RUN: Final = 100  # the embedded engine refuses runs of more than 200 terms

_OWN: Final = {
    "id": "text",
    "class": "text",
    "name": "text",
    "lifecycle": "text",
    "version": "integer",
    "created_at": "time",
    "updated_at": "time",
}
_STORAGE: Final = {"integer": "integer", "number": "number", "boolean": "boolean", "json": "json"}
_COMPARE: Final = {"eq": "=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_TEXT_TESTS: Final = {
    "contains": "CONTAINS",
    "starts_with": "STARTS WITH",
    "ends_with": "ENDS WITH",
}
_EVERY: Final = frozenset({"eq", "ne", "in", "is_null"})
_ORDERED: Final = _EVERY | {"lt", "lte", "gt", "gte"}
_OPERATORS: Final = {
    "text": _ORDERED | set(_TEXT_TESTS),
    "integer": _ORDERED,
    "number": _ORDERED,
    "time": _ORDERED,
    "boolean": _EVERY,
    "json": _EVERY | {"contains"},
}
_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Variant:
    """One way in which a field is stored.

    Attributes:
        storage: `text`, `integer`, `number`, `boolean`, `json` or `time`.
        many: Whether it is a list of that.
        classes: Classes that store it so; empty where it is the only way.
    """

    storage: str
    many: bool = False
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a reader may name, with the expression that reads it of `c`."""

    name: str
    expression: str
    variants: tuple[Variant, ...]

    @property
    def sort_storage(self) -> str:
        """The one kind by which rows can be ordered, or empty."""
        kinds = {"list" if v.many else v.storage for v in self.variants}
        if kinds <= {"integer", "number"}:
            return "number" if len(kinds) > 1 else kinds.pop()
        return kinds.pop() if len(kinds) == 1 and not kinds & {"list", "json"} else ""


@dataclass(slots=True)
class Bound:
    """The values of a statement; `bind` gives each a name for its text."""

    params: dict[str, Any] = field(default_factory=dict)

    def bind(self, value: Any) -> str:
        """Keep a value and return how the text refers to it."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"${name}"


def clean(text: str) -> str:
    """Return the text as the store would have kept it: no NUL, no lone surrogates."""
    return str(CHECKS["text"](text))


def visible(alias: str, visibility: Visibility, bound: Bound) -> str:
    """Return the condition under which the caller may see a CI; empty for those who see all."""
    if visibility.sees_all:
        return ""
    teams = bound.bind(sorted(clean(team) for team in visibility.teams))
    return (
        f"({alias}.restricted_to IS NULL OR any(team IN {alias}.restricted_to "
        f"WHERE team IN {teams}))"
    )


def resolve(name: str, registry: Registry, class_name: str = "") -> Field:
    """Return the field of that name.

    Args:
        name: A field of every CI or an attribute; `a_` before an attribute is allowed.
        registry: What says which attributes there are.
        class_name: Its attributes, and its children's, go before those of other classes.

    Raises:
        BadValue: No class has it; with the nearest names.
    """
    if name in _OWN:
        return Field(name, f"c.`{name}`", (Variant(_OWN[name]),))
    attribute = name.removeprefix(ATTRIBUTE_PREFIX)
    related = registry.descendants(class_name) if class_name else list(registry.classes)
    found = _declared(attribute, registry, related)
    if not found and class_name:
        found = _declared(attribute, registry, registry.classes)
    if not found or not _PROPERTY.fullmatch(attribute):
        near = difflib.get_close_matches(name, _all_names(registry), n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "See the reference of classes."
        raise BadValue(f"field {name}", "no class has such a field", hint)
    # Who may see a CI stands at the CI itself, where every statement looks for it.
    stored = attribute if attribute == "restricted_to" else ATTRIBUTE_PREFIX + attribute
    alone = len(found) == 1
    variants = (Variant(*kind, () if alone else tuple(names)) for kind, names in found.items())
    return Field(name, f"c.`{stored}`", tuple(variants))


def compile_filter(
    where: Filter | None, registry: Registry, bound: Bound, class_name: str = ""
) -> str:
    """Return the condition on `c` that a filter means, never null; empty if there is none.

    Raises:
        BadValue: An unknown field, or a value of the wrong kind.
        LimitExceeded: Too many conditions, or levels of them.
    """
    if where is None:
        return ""
    if (count := count_parts(where)) > MAX_CONDITIONS:
        hint = "Use `in` for many values, or ask in several requests."
        raise LimitExceeded("conditions of a filter", MAX_CONDITIONS, count, hint)
    return _Compiler(registry, bound, class_name).condition(where, 0)


class _Compiler:
    def __init__(self, registry: Registry, bound: Bound, class_name: str) -> None:
        self._registry = registry
        self._bound = bound
        self._class_name = class_name

    def condition(self, part: Filter, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise LimitExceeded("levels of a filter", MAX_DEPTH, depth, "Ask in several requests.")
        match part:
            case And(parts):
                return self._joined(parts, " AND ", "true", depth)
            case Or(parts):
                return self._joined(parts, " OR ", "false", depth)
            case Not(inner):
                return f"(NOT {self.condition(inner, depth + 1)})"
            case Where():
                return self._where(part)

    def _joined(self, parts: Sequence[Filter], word: str, none: str, depth: int) -> str:
        texts = [self.condition(part, depth + 1) for part in parts]
        while len(texts) > _MOST_IN_A_RUN:
            runs = range(0, len(texts), _MOST_IN_A_RUN)
            texts = [f"({word.join(texts[at : at + _MOST_IN_A_RUN])})" for at in runs]
        return f"({word.join(texts)})" if texts else none

    def _where(self, where: Where) -> str:
        found = resolve(where.field, self._registry, self._class_name)
        if where.operator == "is_null":
            if not isinstance(where.value, bool):
                raise BadValue(f"field {where.field}", "is_null takes true or false")
            return f"({found.expression} IS {'' if where.value else 'NOT '}NULL)"
        texts, refused = [], None
        for variant in found.variants:
            try:
                texts.append(self._for_variant(where, found, variant))
            except NotThatKind as error:
                refused = error
        if not texts:
            raise BadValue(f"field {where.field}", f"expected {refused}") from refused
        positive = f"({' OR '.join(texts)})"
        return f"(NOT {positive})" if where.operator == "ne" else positive

    def _for_variant(self, where: Where, found: Field, variant: Variant) -> str:
        test = _test_member if variant.many else _test_value
        if variant.classes:
            # Another class's value is not even looked at: `IN` and `any` on a scalar are errors,
            # and the embedded engine evaluates `any` in a branch that is not taken.
            own = f"c.class IN {self._bound.bind(variant.classes)}"
            found = replace(found, expression=f"CASE WHEN {own} THEN {found.expression} END")
        return test(where, found, variant, self._bound)


def _test_value(where: Where, found: Field, variant: Variant, bound: Bound) -> str:
    operator = "eq" if where.operator == "ne" else where.operator
    if where.operator not in _OPERATORS[variant.storage]:
        raise NotThatKind(f"an operator for {variant.storage}, not {where.operator}")
    if operator == "in":
        values = [_checked(value, found, variant, exact=True) for value in _several(where.value)]
        return f"coalesce({found.expression} IN {bound.bind(values)}, false)" if values else "false"
    value = _checked(where.value, found, variant, exact=operator == "eq")
    expression = found.expression
    if found.name == "name" and operator != "eq":
        expression, value = "c.name_key", str(value).casefold()
    symbol = _COMPARE.get(operator) or _TEXT_TESTS[operator]
    return f"coalesce({expression} {symbol} {bound.bind(value)}, false)"


def _test_member(where: Where, found: Field, variant: Variant, bound: Bound) -> str:
    operator, members = where.operator, found.expression
    if operator in ("eq", "ne", "contains"):
        value = _checked(where.value, found, variant, exact=True)
        return f"coalesce({bound.bind(value)} IN {members}, false)"
    if operator == "in":
        values = [_checked(value, found, variant, exact=True) for value in _several(where.value)]
        test = f"member IN {bound.bind(values)}" if values else "false"
    elif operator in _TEXT_TESTS and variant.storage == "text":
        value = _checked(where.value, found, variant, exact=False)
        test = f"member {_TEXT_TESTS[operator]} {bound.bind(value)}"
    else:
        raise NotThatKind(f"an operator for a list, not {operator}")
    return f"coalesce(any(member IN {members} WHERE {test}), false)"


def _several(value: Any) -> Iterable[Any]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise NotThatKind("a list of values")
    return check_values(value)


def _checked(value: Any, found: Field, variant: Variant, *, exact: bool) -> Any:
    """Return a value as it can be compared; `exact` where it is to be equal."""
    if value is None:
        raise NotThatKind("a value; `is_null` asks for absent ones")
    storage = variant.storage
    if storage == "time":
        return _milliseconds(value)
    if storage == "json" and not exact:
        storage = "text"
    if storage == "integer" and isinstance(value, float):
        storage = "number"
    checked = CHECKS[storage](value)
    if found.name == "lifecycle" and exact and checked not in LIFECYCLE:
        raise NotThatKind(f"one of {', '.join(LIFECYCLE)}")
    return checked


def _milliseconds(value: Any) -> Any:
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise NotThatKind("a time such as 2030-01-31T08:00:00Z") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise NotThatKind("a time with its zone")
        return to_epoch_ms(value)
    return CHECKS["integer"](value)


def _declared(
    name: str, registry: Registry, classes: Iterable[str]
) -> dict[tuple[str, bool], list[str]]:
    found: dict[tuple[str, bool], list[str]] = {}
    for class_name in classes:
        attribute: Attribute | None = registry.attributes(class_name).get(name)
        if attribute is not None:
            kind = (_STORAGE.get(attribute.kind, "text"), attribute.many)
            found.setdefault(kind, []).append(class_name)
    return found


def _all_names(registry: Registry) -> list[str]:
    attributes = {name for each in registry.classes for name in registry.attributes(each)}
    return sorted({*_OWN, *attributes})
