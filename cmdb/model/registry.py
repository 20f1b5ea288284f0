"""Which classes of CI and which types of relationship are there, and what may each carry?

Both registries are data: the shipped defaults (`shipped`) plus what an administrator added to the
graph. Nothing else in the product names a class or a type that a registry could name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cmdb.errors import BadValue, UnknownClass, UnknownRelationshipType
from cmdb.model.definitions import (
    LAYERS,
    Attribute,
    Availability,
    CIClass,
    IdentificationRule,
    RelationshipType,
)


@dataclass(frozen=True)
class Registry:
    """Both registries, with what follows from them.

    Attributes:
        classes: By name.
        types: By name.
        common: Attributes of every class.
        revision: Of the log entry that last changed them; 0 for the shipped ones.
        plans: What `identify` prepares for each class, once.
    """

    classes: Mapping[str, CIClass]
    types: Mapping[str, RelationshipType]
    common: tuple[Attribute, ...]
    revision: int = field(default=0, compare=False)
    plans: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        classes: Iterable[CIClass],
        types: Iterable[RelationshipType],
        common: Iterable[Attribute],
        *,
        revision: int = 0,
    ) -> Registry:
        """Return a registry of these, checked.

        Raises:
            BadValue: A parent that is missing or makes a cycle, or an unknown layer.
        """
        by_name = {c.name: c for c in classes}
        made = cls(by_name, {t.name: t for t in types}, tuple(common), revision)
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
