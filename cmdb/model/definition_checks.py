"""Which changes of a registered class or type are safe, and which only while nothing uses it?

A change may always add. What takes away, narrows or changes the meaning of what is there is safe
only where no CI and no relationship on record would be orphaned by it; `Demands` says what must
hold. A shipped definition keeps everything it was shipped with: it can only be extended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cmdb.errors import BadValue
from cmdb.model.definitions import Attribute, CIClass, RelationshipType
from cmdb.model.inventory import ATTRIBUTE_PREFIX
from cmdb.model.registry import Registry

RESERVED: Final = frozenset(
    {"id", "class", "name", "lifecycle", "version", "created_at", "updated_at", "scope"}
)
"""What a CI has besides its attributes, as edits, filters, orders and rules call it."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What the inventory must be like for a change to be safe.

    Attributes:
        unused: Reasons for which nothing on record may be of the class or type at all.
        attributes: Attributes that are removed (None) or narrowed: no value on record may be lost.
        is_ends_narrowed: Relationships on record must still have allowed ends.
        max_providers: No dependent on record may have more of them; None: no demand.
    """

    unused: tuple[str, ...] = ()
    attributes: tuple[tuple[str, Attribute | None], ...] = ()
    is_ends_narrowed: bool = False
    max_providers: int | None = None

    @property
    def are_none(self) -> bool:
        """Whether the change is safe whatever is on record."""
        return self == Demands()


@dataclass(slots=True)
class _Found:
    unused: list[str] = field(default_factory=list)
    attributes: list[tuple[str, Attribute | None]] = field(default_factory=list)


def with_class(registry: Registry, new: CIClass) -> Registry:
    """Return the registry with a class added or replaced, checked as a whole.

    Raises:
        BadValue: An unknown parent, a cycle of parents, an attribute that another class of the
            line has already, or a rule that names what the class does not have.
    """
    classes = {**registry.classes, new.name: new}
    made = Registry.of(
        classes.values(), registry.types.values(), registry.common, revision=registry.revision
    )
    clash = [n for n in registry.classes if n.casefold() == new.name.casefold() and n != new.name]
    if clash:
        raise BadValue("name", f"{clash[0]} differs from it only in capitals")
    for name in made.descendants(new.name):
        _check_line(made, name)
    return made


def with_type(registry: Registry, new: RelationshipType) -> Registry:
    """Return the registry with a relationship type added or replaced, checked as a whole.

    Raises:
        BadValue: A name that another type has already, or an end that names no class or layer.
    """
    others = [known for known in registry.types.values() if known.name != new.name]
    taken = {name for known in others for name in (known.name, known.inverse)}
    for place, name in (("name", new.name), ("inverse", new.inverse)):
        if name in taken:
            raise BadValue(place, f"{name!r} is the name or inverse of another type")
    if (new.name == new.inverse) != new.is_symmetric:
        raise BadValue("inverse", "it is the name itself where, and only where, it is symmetric")
    known = {*registry.classes, *(each.layer for each in registry.classes.values())}
    for end in (*new.dependents, *new.providers):
        if end not in known:
            raise BadValue("dependents and providers", f"{end!r} is no class and no layer")
    return Registry.of(
        registry.classes.values(),
        {**registry.types, new.name: new}.values(),
        registry.common,
        revision=registry.revision,
    )


def check_class_change(before: CIClass | None, after: CIClass) -> Demands:
    """Return what must hold so that a class may become another; a new one demands nothing."""
    if before is None:
        return Demands()
    found = _Found()
    for what in ("parent", "layer", "is_gate"):
        if getattr(before, what) != getattr(after, what):
            found.unused.append(f"its {what} changes")
    if lost := [str(rule) for rule in before.rules if rule not in after.rules]:
        found.unused.append(f"the rule {lost[0]} is taken away: identifiers would no longer hold")
    for role, expected in before.within.items():
        if after.within.get(role) != expected:
            found.unused.append(f"what is expected within the role {role} changes")
    stated = {attribute.name: attribute for attribute in after.attributes}
    for old in before.attributes:
        new = stated.get(old.name)
        if new is None or not _is_wider(old, new):
            found.attributes.append((old.name, new if _is_same_meaning(old, new) else None))
    return Demands(tuple(found.unused), tuple(found.attributes))


def check_attribute_names(before: CIClass | None, after: CIClass) -> None:
    """Return if no attribute that a class gains is called like something every CI has.

    An edit, a filter or a rule that names it would mean the other. Those that a class has already
    may stay.

    Raises:
        BadValue: With the name.
    """
    held = {attribute.name for attribute in before.attributes} if before else set()
    for attribute in after.attributes:
        where = f"attribute {attribute.name}"
        if attribute.name in held:
            continue
        if attribute.name in RESERVED:
            raise BadValue(where, "every CI has a field of that name", "Take another name.")
        if attribute.name.startswith(ATTRIBUTE_PREFIX):
            hint = f"Filters write {ATTRIBUTE_PREFIX} before names of attributes."
            raise BadValue(where, f"it begins with {ATTRIBUTE_PREFIX}", hint)


def check_type_change(before: RelationshipType | None, after: RelationshipType) -> Demands:
    """Return what must hold so that a type may become another; a new one demands nothing."""
    if before is None:
        return Demands()
    unused = ("it turns symmetric or no longer is",) * (before.is_symmetric != after.is_symmetric)
    is_lower = after.max_providers is not None and (
        before.max_providers is None or after.max_providers < before.max_providers
    )
    return Demands(
        unused=unused,
        is_ends_narrowed=not (
            _covers(after.dependents, before.dependents)
            and _covers(after.providers, before.providers)
        ),
        max_providers=after.max_providers if is_lower else None,
    )


def check_extends_class(shipped: CIClass, after: CIClass) -> None:
    """Return if a class keeps all that it was shipped with.

    Raises:
        BadValue: With what it would lose.
    """
    demands = check_class_change(shipped, after)
    if demands.unused:
        raise _shipped(shipped.name, demands.unused[0])
    if demands.attributes:
        raise _shipped(shipped.name, f"its attribute {demands.attributes[0][0]} would be narrowed")
    if after.rules[: len(shipped.rules)] != shipped.rules:
        raise _shipped(shipped.name, "its own rules come first, in their order")


def check_extends_type(shipped: RelationshipType, after: RelationshipType) -> None:
    """Return if a relationship type keeps all that it was shipped with.

    Raises:
        BadValue: With what it would lose.
    """
    for what in ("inverse", "strength", "several", "is_symmetric"):
        if getattr(shipped, what) != getattr(after, what):
            raise _shipped(shipped.name, f"its {what} would change")
    demands = check_type_change(shipped, after)
    if demands.is_ends_narrowed:
        raise _shipped(shipped.name, "its ends would be narrowed")
    if demands.max_providers is not None:
        raise _shipped(shipped.name, "its max_providers would be lowered")


def allows(registry: Registry, allowed: tuple[str, ...], class_name: str) -> bool:
    """Return whether a class may stand at an end that allows these classes and layers."""
    if not allowed or class_name not in registry.classes:
        return True
    return bool({*registry.lineage(class_name), registry.classes[class_name].layer} & set(allowed))


def _shipped(name: str, reason: str) -> BadValue:
    return BadValue(name, f"it is shipped and can only be extended: {reason}")


def _covers(after: tuple[str, ...], before: tuple[str, ...]) -> bool:
    """Return whether everything that was allowed still is; empty allows anything."""
    return not after or (bool(before) and set(before) <= set(after))


def _is_same_meaning(old: Attribute, new: Attribute | None) -> bool:
    return new is not None and (old.unit in ("", new.unit))


def _is_wider(old: Attribute, new: Attribute) -> bool:
    """Return whether every value that was allowed still is, and means the same."""
    if not _is_same_meaning(old, new) or (old.kind, old.many) != (new.kind, new.many):
        return False
    low, high = new.minimum, new.maximum
    return (
        (not new.choices or (bool(old.choices) and set(old.choices) <= set(new.choices)))
        and (low is None or (old.minimum is not None and low <= old.minimum))
        and (high is None or (old.maximum is not None and high >= old.maximum))
    )


def _check_line(registry: Registry, name: str) -> None:
    """Check that attributes of a line do not clash, and that its rules name what it has."""
    own: dict[str, str] = {attribute.name: "every class" for attribute in registry.common}
    for ancestor in reversed(registry.lineage(name)):
        for attribute in registry.classes[ancestor].attributes:
            if attribute.name in own:
                where = f"attribute {attribute.name} of {ancestor}"
                raise BadValue(where, f"{own[attribute.name]} has it already", "Take another name.")
            own[attribute.name] = ancestor
    roles = {role for each in registry.lineage(name) for role in registry.classes[each].within}
    for rule in registry.rules(name):
        _check_rule(name, str(rule), rule.fields, {*own, "name", "scope"})
        if rule.within and rule.within not in roles:
            raise BadValue(f"rule {rule} of {name}", f"`within` says nothing of {rule.within!r}")
    for role in roles:
        if (expected := registry.within_class(name, role)) and expected not in registry.classes:
            raise BadValue(f"within.{role}", f"{expected!r} is no class")


def _check_rule(name: str, rule: str, fields: Iterable[str], known: set[str]) -> None:
    for each in fields:
        if each not in known:
            raise BadValue(f"rule {rule} of {name}", f"the class has no attribute {each!r}")
