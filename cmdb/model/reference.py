"""What does each class and each type of relationship mean? Writes the reference page of both.

    python -m cmdb.model.reference docs/reference/classes.md

The page follows from the shipped registry alone, so it is the same on every machine; a test fails
when the page in the repository is not the one that this writes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cmdb.model.definitions import (
    LAYERS,
    LIFECYCLE,
    SERVICE_LAYERS,
    TAKES_PART,
    Attribute,
    CIClass,
    IdentificationRule,
    RelationshipType,
)
from cmdb.model.registry import Registry
from cmdb.model.shipped import shipped_registry
from cmdb.model.values import PLACEHOLDERS

KINDS: Mapping[str, str] = {
    "text": "text; compared caseless, with single spaces",
    "exact": "text; compared as it stands, trimmed (paths, digests, addresses)",
    "mac": "MAC address in any usual notation; all zeros and all ones identify nothing",
    "uuid": "UUID in any usual notation; known fillers identify nothing",
    "ip": "IPv4 or IPv6 address; a prefix length is ignored; loopback identifies nothing",
    "fqdn": "full host name; caseless; a name without a dot identifies nothing",
    "integer": "whole number of at most 64 bits",
    "number": "finite number",
    "boolean": "true or false (`yes`, `no`, `1` and `0` are read as well)",
    "json": "any JSON value, kept as its text",
}
"""What each kind of attribute takes, and how it is compared where it identifies."""

STAGES: Mapping[str, str] = {
    "planned": "decided on, not there yet",
    "in_build": "being set up",
    "in_use": "doing its work; what no source says otherwise of",
    "in_maintenance": "being worked on",
    "stale": "not seen any more where it should be seen",
    "retired": "gone, kept on record",
}

SEVERAL: Mapping[str, str] = {
    "all": "all needed",
    "each": "each counts alone",
    "any": "any one is enough",
    "k_of_n": "`k_min` and `k_full` of the group",
    "none": "–",
}
"""What several providers of one dependent mean, by `RelationshipType.several`."""

_HEAD = """\
# Classes and relationship types

Generated from the registry by `make docs`; do not edit by hand. These are the definitions that
every installation starts with.
"""

_RULES = """\
**Identification** lists the rules of a class in priority order. A rule applies where all its
attributes have a value that identifies something. Records that agree in a rule speak of one thing,
unless they contradict each other in a rule above it. `@role` means: unique only within another CI,
which is resolved first. `scope` is the scope that the source declares. A class also has the
attributes and, after its own, the rules of its parent, and it shares its identifiers with its whole
family: a record of a parent class and one of a child class can be the same thing. More is told in
[Identification and reconciliation](../reconciliation.md).
"""

_TYPES = """\
Every relationship is stored once, **from the dependent to the provider**. *Inverse* is the name
seen from the provider. *Strength* is the default: a `hard` provider takes its dependent down with
it, a `soft` one degrades it, a `gate` counts members against `k_min` and `k_full`, a `weak` one is
shown only; types without a strength never reach the impact engine. *Several* says what several
providers of one dependent mean. Ends name classes (children included) or layers.
"""


def render_reference(registry: Registry) -> str:
    """Return the page in Markdown."""
    return "\n".join(_page(registry)) + "\n"


def _page(registry: Registry) -> Iterator[str]:
    yield _HEAD
    yield from _contents(registry)
    yield from _lifecycle()
    yield "## Attributes of every class\n"
    yield from _attributes(registry.common)
    yield "## Kinds of values\n"
    yield from _table(("kind", "takes"), ((f"`{k}`", text) for k, text in KINDS.items()))
    yield "Whatever its kind, a value that sources write where they know none identifies nothing:\n"
    yield ", ".join(f"`{value}`" for value in sorted(PLACEHOLDERS - {""})) + ".\n"
    yield "## Classes\n"
    yield _RULES
    for layer in LAYERS:
        members = _members(registry, layer)
        if members:
            services = " (its CIs count as services)" if layer in SERVICE_LAYERS else ""
            yield f"### Layer: {layer}{services}\n"
            for ci_class in members:
                yield from _class(registry, ci_class)
    yield "## Relationship types\n"
    yield _TYPES
    yield from _types(registry.types.values())


def _members(registry: Registry, layer: str) -> list[CIClass]:
    return sorted((c for c in registry.classes.values() if c.layer == layer), key=lambda c: c.name)


def _contents(registry: Registry) -> Iterator[str]:
    rows = (
        (layer, ", ".join(f"[{c.name}](#{c.name.lower()})" for c in members))
        for layer in LAYERS
        if (members := _members(registry, layer))
    )
    yield from _table(("layer", "classes"), rows)


def _lifecycle() -> Iterator[str]:
    yield "## Life cycle\n"
    rows = (
        (f"`{stage}`", STAGES[stage], "yes" if stage in TAKES_PART else "no") for stage in LIFECYCLE
    )
    yield from _table(("stage", "meaning", "takes part in impact"), rows)


def _class(registry: Registry, ci_class: CIClass) -> Iterator[str]:
    yield f"#### {ci_class.name}\n"
    yield ci_class.summary + "\n"
    yield from _facts(registry, ci_class)
    yield ""
    yield from _attributes(ci_class.attributes)


def _facts(registry: Registry, ci_class: CIClass) -> Iterator[str]:
    name = ci_class.name
    if ci_class.parent:
        yield f"- Parent: {_linked(ci_class.parent)}"
    if children := [child for child in registry.descendants(name) if child != name]:
        yield f"- Children: {', '.join(map(_linked, children))}"
    inherited = set(registry.rules(ci_class.parent)) if ci_class.parent else set()
    yield "- Identification:"
    for number, rule in enumerate(registry.rules(name), start=1):
        note = " (of the parent)" if rule in inherited and rule not in ci_class.rules else ""
        yield f"    {number}. {_rule(registry, name, rule)}{note}"
    if (figures := registry.availability(name)) is not None:
        share = figures.mttf_hours / (figures.mttf_hours + figures.mttr_hours)
        note = "" if ci_class.availability else " (of the parent)"
        yield (
            f"- Default figures: MTTF {figures.mttf_hours:g} h, MTTR {figures.mttr_hours:g} h, "
            f"availability {share:.5%}{note}"
        )
    if ci_class.is_gate:
        yield "- Its members are counted against `k_min` and `k_full`."


def _rule(registry: Registry, class_name: str, rule: IdentificationRule) -> str:
    text = " + ".join(f"`{field}`" for field in rule.fields)
    if not rule.within:
        return text
    holder = registry.within_class(class_name, rule.within)
    kind = f" ({_linked(holder)})" if holder else ""
    return f"{text} within `@{rule.within}`{kind}"


def _linked(class_name: str) -> str:
    return f"[{class_name}](#{class_name.lower()})"


def _attributes(attributes: Sequence[Attribute]) -> Iterator[str]:
    if not attributes:
        yield "No attributes of its own.\n"
        return
    rows = [
        (f"`{a.name}`", _kind(a), a.unit, " ".join(_allowed(a)), a.summary)
        for a in sorted(attributes, key=lambda attribute: attribute.name)
    ]
    titles = ("attribute", "kind", "unit", "allowed", "meaning")
    used = [i for i in range(len(titles)) if i < 2 or any(row[i] for row in rows)]
    yield from _table([titles[i] for i in used], ([row[i] for i in used] for row in rows))


def _kind(attribute: Attribute) -> str:
    return f"list of {attribute.kind}" if attribute.many else attribute.kind


def _allowed(attribute: Attribute) -> Iterator[str]:
    if attribute.choices:
        yield ", ".join(f"`{choice}`" for choice in attribute.choices)
    if attribute.minimum is not None:
        yield f"from {attribute.minimum:g}"
    if attribute.maximum is not None:
        yield f"to {attribute.maximum:g}"


def _types(types: Iterable[RelationshipType]) -> Iterator[str]:
    titles = ("type", "reads", "inverse", "strength", "several", "dependents", "providers")
    yield from _table(titles, map(_type_row, types))


def _type_row(kind: RelationshipType) -> Sequence[str]:
    most = f", at most {kind.max_providers}" if kind.max_providers is not None else ""
    both = " (both ways alike)" if kind.is_symmetric else ""
    return (
        f"`{kind.name}`",
        kind.summary + both,
        f"`{kind.inverse}`",
        kind.strength or "–",
        SEVERAL[kind.several] + most,
        ", ".join(kind.dependents) or "any",
        ", ".join(kind.providers) or "any",
    )


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(titles)
    yield _row(["---"] * len(titles))
    for row in rows:
        yield _row([cell.replace("|", "\\|") for cell in row])
    yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str]) -> int:
    """Write the page to the file named, and return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m cmdb.model.reference FILE", file=sys.stderr)
        return 2
    page = Path(arguments[0])
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render_reference(shipped_registry()), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
