"""Which classes of CI and which types of relationship are there, and what may each carry?

Both registries are data: the shipped defaults (`shipped`) plus what an administrator added to the
graph. Nothing else in the product names a class or a type that a registry could name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from cmdb.errors import BadValue, UnknownClass, UnknownRelationshipType
from cmdb.model.values import CHECKS, NotThatKind

Strength = Literal["hard", "soft", "gate", "weak"]
Several = Literal["all", "each", "any", "k_of_n", "none"]

LAYERS = (
    "business", "service", "application", "data", "compute", "network", "storage", "cloud",
    "facility", "any",
)  # fmt: skip
SERVICE_LAYERS = frozenset({"business", "service"})
LIFECYCLE = ("planned", "in_build", "in_use", "in_maintenance", "stale", "retired")
TAKES_PART = frozenset({"in_use", "in_maintenance", "stale"})


@dataclass(frozen=True, slots=True)
class Attribute:
    """One typed attribute of a class.

    Attributes:
        name: As stored and as an importer spells it.
        kind: One of `values.CHECKS`.
        many: True where the value is a list of that kind.
        unit: Unit of measure, or empty.
        summary: One line for the reference.
        choices: The allowed values, or empty for any.
        minimum: Smallest allowed number, or None.
        maximum: Largest allowed number, or None.
    """

    name: str
    kind: str = "text"
    many: bool = False
    unit: str = ""
    summary: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    def check(self, value: Any) -> Any:
        """Return the value as stored.

        Raises:
            NotThatKind: With what was expected.
        """
        if self.many:
            members = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
            return [self._check_one(member) for member in members]
        return self._check_one(value)

    def _check_one(self, value: Any) -> Any:
        checked = CHECKS[self.kind](value)
        if self.choices and checked not in self.choices:
            raise NotThatKind(f"one of {', '.join(self.choices)}")
        if isinstance(checked, int | float) and not isinstance(checked, bool):
            if self.minimum is not None and checked < self.minimum:
                raise NotThatKind(f"at least {self.minimum:g}")
            if self.maximum is not None and checked > self.maximum:
                raise NotThatKind(f"at most {self.maximum:g}")
        return checked


@dataclass(frozen=True, slots=True)
class IdentificationRule:
    """A set of attributes that together name one thing, perhaps only within another thing.

    Attributes:
        fields: Attribute names, `name` and `scope` among the possible ones.
        within: Role of the thing it is identified within, or empty.

    `serial+vendor` and `kind+namespace+name@cluster` are rules in text form.
    """

    fields: tuple[str, ...]
    within: str = ""

    @classmethod
    def parse(cls, text: str) -> IdentificationRule:
        """Read the text form."""
        fields, _, within = text.strip().partition("@")
        return cls(tuple(part.strip() for part in fields.split("+")), within.strip())

    def __str__(self) -> str:
        return "+".join(self.fields) + (f"@{self.within}" if self.within else "")


@dataclass(frozen=True, slots=True)
class Availability:
    """Default reliability figures of a class: mean up time and mean time to restore, in hours."""

    mttf_hours: float
    mttr_hours: float


@dataclass(frozen=True, slots=True)
class CIClass:
    """One class of configuration items; see the reference for the shipped ones.

    Attributes:
        name: In UpperCamelCase.
        layer: One of `LAYERS`.
        rules: Identification rules, highest priority first; those of the parent follow.
        attributes: The class's own attributes; those of the parent and the common ones are added.
        parent: The parent class, or empty.
        within: Class expected for each role that a rule names.
        availability: Default figures, or None.
        is_gate: Whether its members are counted (groups and clusters).
        summary: One line for the reference.
    """

    name: str
    layer: str
    rules: tuple[IdentificationRule, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    parent: str = ""
    within: Mapping[str, str] = field(default_factory=dict)
    availability: Availability | None = None
    is_gate: bool = False
    summary: str = ""


@dataclass(frozen=True, slots=True)
class RelationshipType:
    """One type of relationship, stored from the dependent to the provider.

    Attributes:
        name: Reads dependent - verb - provider.
        inverse: The name seen from the provider; exists only in the API.
        strength: Default strength, or None: never compiled into the engine.
        several: What several providers of one dependent mean.
        dependents: Classes or layers allowed as dependent; empty for any.
        providers: Classes or layers allowed as provider; empty for any.
        max_providers: Most providers of one dependent, or None.
        is_symmetric: No dependent; one edge stands for both directions.
        summary: How it reads.
    """

    name: str
    inverse: str
    strength: Strength | None
    several: Several
    dependents: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    max_providers: int | None = None
    is_symmetric: bool = False
    summary: str = ""


@dataclass(frozen=True)
class Registry:
    """Both registries, with what follows from them."""

    classes: Mapping[str, CIClass]
    types: Mapping[str, RelationshipType]
    common: tuple[Attribute, ...]
    plans: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What `identify` prepares for each class, once."""

    @classmethod
    def of(
        cls,
        classes: Iterable[CIClass],
        types: Iterable[RelationshipType],
        common: Iterable[Attribute],
    ) -> Registry:
        """Return a registry of these, checked.

        Raises:
            BadValue: A parent that is missing or makes a cycle, or an unknown layer.
        """
        made = cls({c.name: c for c in classes}, {t.name: t for t in types}, tuple(common))
        for ci_class in made.classes.values():
            made._check(ci_class)
        return made

    def _check(self, ci_class: CIClass) -> None:
        where = f"class {ci_class.name}"
        if ci_class.layer not in LAYERS:
            raise BadValue(where, f"unknown layer {ci_class.layer!r}", f"One of {LAYERS}.")
        seen = {ci_class.name}
        parent = ci_class.parent
        while parent:
            if parent in seen:
                raise BadValue(where, "its parents make a cycle")
            seen.add(parent)
            if parent not in self.classes:
                raise BadValue(where, f"its parent {parent!r} is not registered")
            parent = self.classes[parent].parent

    def get_class(self, name: str) -> CIClass:
        """Return the class.

        Raises:
            UnknownClass: With the nearest names.
        """
        try:
            return self.classes[name]
        except KeyError:
            near = difflib.get_close_matches(name, self.classes, n=3, cutoff=0.5)
            folded = [known for known in self.classes if known.casefold() == name.casefold()]
            raise UnknownClass(name, list(dict.fromkeys(folded + near))) from None

    def get_type(self, name: str) -> RelationshipType:
        """Return the relationship type.

        Raises:
            UnknownRelationshipType: With the nearest names.
        """
        try:
            return self.types[name]
        except KeyError:
            near = difflib.get_close_matches(name, self.types, n=3, cutoff=0.5)
            raise UnknownRelationshipType(name, near) from None

    def lineage(self, name: str) -> tuple[str, ...]:
        """Return the class and its parents, the class itself first."""
        return self._lineages[name]

    def family(self, name: str) -> str:
        """Return the topmost parent: identifiers are unique within a family."""
        return self._lineages[name][-1]

    def is_a(self, name: str, ancestor: str) -> bool:
        """Return whether a class is another one or a child of it."""
        return ancestor in self._lineages.get(name, ())

    def descendants(self, name: str) -> list[str]:
        """Return the class and all its children, sorted."""
        return sorted(c for c in self.classes if name in self._lineages[c])

    def more_specific(self, one: str, other: str) -> str | None:
        """Return the more specific of two classes of one line, or None if neither is a parent."""
        if self.is_a(one, other):
            return one
        return other if self.is_a(other, one) else None

    def rules(self, name: str) -> tuple[IdentificationRule, ...]:
        """Return the identification rules in priority order, inherited ones last."""
        return self._rules[name]

    def attributes(self, name: str) -> Mapping[str, Attribute]:
        """Return all attributes of a class by name: common, inherited and its own."""
        return self._attributes[name]

    def within_class(self, name: str, role: str) -> str:
        """Return the class expected in a role of a rule, or empty if any."""
        for ancestor in self._lineages[name]:
            if role in self.classes[ancestor].within:
                return self.classes[ancestor].within[role]
        return ""

    def availability(self, name: str) -> Availability | None:
        """Return the default figures of a class, inherited where it has none of its own."""
        for ancestor in self._lineages[name]:
            if (figures := self.classes[ancestor].availability) is not None:
                return figures
        return None

    def identifying_fields(self, name: str) -> tuple[str, ...]:
        """Return the attributes that any rule of a class names, `name` and `scope` left out."""
        return self._identifying[name]

    @cached_property
    def _identifying(self) -> dict[str, tuple[str, ...]]:
        return {
            name: tuple(sorted({f for rule in rules for f in rule.fields} - {"name", "scope"}))
            for name, rules in self._rules.items()
        }

    @cached_property
    def _lineages(self) -> dict[str, tuple[str, ...]]:
        lines: dict[str, tuple[str, ...]] = {}
        for name in self.classes:
            line = [name]
            while parent := self.classes[line[-1]].parent:
                line.append(parent)
            lines[name] = tuple(line)
        return lines

    @cached_property
    def _rules(self) -> dict[str, tuple[IdentificationRule, ...]]:
        return {
            name: tuple(dict.fromkeys(r for a in line for r in self.classes[a].rules))
            for name, line in self._lineages.items()
        }

    @cached_property
    def _attributes(self) -> dict[str, dict[str, Attribute]]:
        return {
            name: {a.name: a for a in self.common}
            | {a.name: a for c in reversed(line) for a in self.classes[c].attributes}
            for name, line in self._lineages.items()
        }
