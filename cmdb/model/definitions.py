"""What does one class of CI, one attribute or one type of relationship say of itself?

These are the rows of the registries: values alone, that know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
