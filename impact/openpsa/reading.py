"""Which fault tree does an Open-PSA model describe?

Source: Epstein, Rauzy and Reinhart, Open-PSA Model Exchange Format 2.0d (2008-2017).
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import BinaryIO

from impact.errors import InvalidModel
from impact.openpsa.expressions import Expressions, expression_of
from impact.openpsa.model import Model
from impact.openpsa.parsing import parse_xml
from impact.structure.building import TreeBuilder
from impact.structure.tree import FALSE, TRUE, FaultTree

FORMULAS = ("and", "or", "not", "xor", "atleast", "nand", "nor")
REFERENCES = ("gate", "basic-event", "house-event", "event")


def read_model(
    source: Path | BinaryIO, *, top: str | None = None, mission_hours: float | None = None
) -> Model:
    """Return the fault tree of an Open-PSA file.

    Args:
        source: A path or an open binary file.
        top: Name of the gate to take as the top; by default the only one that no other names.
        mission_hours: What `system-mission-time` stands for.

    Raises:
        InvalidModel: What cannot be read, with its line: no XML, a document type, a name that is
            not defined or defined twice, a circle of gates, a formula or an expression that is not
            read here, a probability out of [0, 1], more than one top.
        OSError: The file cannot be opened.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_model(file, top=top, mission_hours=mission_hours)
    definitions = _Definitions(parse_xml(source))
    name = top or definitions.find_top()
    if name not in definitions.gates:
        raise InvalidModel(f"there is no gate '{name}'")
    order = definitions.gates_below(name)
    events = definitions.events_of(order)
    tree = _Reader(definitions, events).read(order)
    expressions = Expressions(definitions.parameters, mission_hours)
    probabilities = tuple(definitions.probability(event, expressions) for event in events)
    return Model(definitions.name, name, tree, tuple(events), probabilities)


class _Definitions:
    """What a model defines, by name."""

    def __init__(self, root: ET.Element) -> None:
        if root.tag != "opsa-mef":
            raise InvalidModel(f"its root is <{root.tag}>, not <opsa-mef>", line=_line(root))
        self.gates: dict[str, ET.Element] = {}
        self.basic_events: dict[str, ET.Element] = {}
        self.house_events: dict[str, ET.Element] = {}
        self.parameters: dict[str, ET.Element] = {}
        self.name = ""
        self._take(root)

    def _take(self, parent: ET.Element) -> None:
        into = {
            "define-gate": self.gates,
            "define-basic-event": self.basic_events,
            "define-house-event": self.house_events,
            "define-parameter": self.parameters,
        }
        for child in parent:
            if child.tag in into:
                _define(child, into[child.tag])
            elif child.tag in ("define-fault-tree", "define-component", "model-data"):
                if child.tag == "define-fault-tree" and not self.name:
                    self.name = child.get("name", "")
                self._take(child)
            elif child.tag not in ("label", "attributes"):
                raise InvalidModel(f"<{child.tag}> is not read here", line=_line(child))

    def find_top(self) -> str:
        """Return the only gate that no other names."""
        named = {name for gate in self.gates.values() for _, name in _references(gate)}
        tops = [name for name in self.gates if name not in named]
        if not self.gates:
            raise InvalidModel("it defines no gate")
        if len(tops) == 1:
            return tops[0]
        if not tops:
            raise InvalidModel("every gate is named by another, so there is no top")
        listed = ", ".join(tops[:10])
        raise InvalidModel(f"it has {len(tops)} tops ({listed}); choose one by its name")

    def gates_below(self, top: str) -> list[str]:
        """Return a gate and all below it, children before parents."""
        done: dict[str, None] = {}
        path: dict[str, None] = {}
        stack = [(top, False)]
        while stack:
            name, is_left = stack.pop()
            if is_left:
                del path[name]
                done[name] = None
            elif name in path:
                names = [*list(path)[list(path).index(name) :], name]
                raise InvalidModel(
                    f"gates go in a circle: {' -> '.join(names)}", line=_line(self.gates[name])
                )
            elif name not in done:
                path[name] = None
                stack.append((name, True))
                below = [self.resolve(*reference) for reference in _references(self.gates[name])]
                stack.extend((n, False) for kind, n in reversed(below) if kind == "gate")
        return list(done)

    def events_of(self, order: list[str]) -> dict[str, int]:
        """Return the number of each basic event that the gates name, as the top meets them."""
        found: dict[str, int] = {}
        for gate in reversed(order):
            for element, name in _references(self.gates[gate]):
                if self.resolve(element, name)[0] == "basic-event":
                    found.setdefault(name, len(found))
        return found

    def resolve(self, element: ET.Element, name: str) -> tuple[str, str]:
        """Return what a reference names: its kind and its name."""
        kinds = {
            "gate": self.gates, "basic-event": self.basic_events, "house-event": self.house_events
        }  # fmt: skip
        asked = element.get("type", "event") if element.tag == "event" else element.tag
        for kind in kinds if asked == "event" else (asked,):
            if name in kinds.get(kind, {}):
                return kind, name
        raise InvalidModel(f"{asked} '{name}' is not defined", line=_line(element))

    def holds(self, house_event: str) -> bool:
        """Return the constant of a house event, false if none is given."""
        body = expression_of(self.house_events[house_event])
        return body is not None and body.get("value", "false").lower() == "true"

    def probability(self, event: str, expressions: Expressions) -> float:
        """Return the probability of a basic event."""
        definition = self.basic_events[event]
        body = expression_of(definition)
        if body is None:
            raise InvalidModel(f"event '{event}' has no probability", line=_line(definition))
        value = expressions.value(body)
        if not 0.0 <= value <= 1.0 or math.isnan(value):
            raise InvalidModel(
                f"event '{event}' has probability {value}, which is not in [0, 1]",
                line=_line(definition),
            )
        return value


class _Reader:
    """Turns formulas into the gates of a tree."""

    def __init__(self, definitions: _Definitions, events: dict[str, int]) -> None:
        self._definitions = definitions
        self._events = events
        self._builder = TreeBuilder(len(events))
        self._gates: dict[str, int] = {}

    def read(self, order: list[str]) -> FaultTree:
        """Return the tree of the last of some gates, which stand children first."""
        for name in order:
            definition = self._definitions.gates[name]
            body = expression_of(definition)
            if body is None:
                raise InvalidModel(f"gate '{name}' has no formula", line=_line(definition))
            self._gates[name] = self._formula(body)
        return self._builder.tree(self._gates[order[-1]])

    def _formula(self, element: ET.Element) -> int:
        if element.tag in REFERENCES:
            kind, name = self._definitions.resolve(element, element.get("name", ""))
            if kind == "house-event":
                return TRUE if self._definitions.holds(name) else FALSE
            return self._gates[name] if kind == "gate" else self._events[name]
        if element.tag == "constant":
            return TRUE if element.get("value", "").lower() == "true" else FALSE
        if element.tag not in FORMULAS:
            raise InvalidModel(
                f"formula <{element.tag}> is not read; known are {', '.join(FORMULAS)}",
                line=_line(element),
            )
        return self._join(element, [self._formula(child) for child in element])

    def _join(self, element: ET.Element, children: list[int]) -> int:
        builder, tag = self._builder, element.tag
        if not children or (tag == "not" and len(children) != 1):
            raise InvalidModel(f"<{tag}> has {len(children)} arguments", line=_line(element))
        match tag:
            case "and":
                return builder.all_of(children)
            case "or":
                return builder.any_of(children)
            case "xor":
                return builder.odd_of(children)
            case "not":
                return builder.negation(children[0])
            case "nand":
                return builder.negation(builder.all_of(children))
            case "nor":
                return builder.negation(builder.any_of(children))
            case _:
                return builder.at_least(_least(element, len(children)), children)


def _least(element: ET.Element, count: int) -> int:
    text = element.get("min", "")
    if not text.isdecimal() or not 1 <= int(text) <= count:
        raise InvalidModel(
            f"<atleast> needs a 'min' from 1 to its {count} arguments, not '{text}'",
            line=_line(element),
        )
    return int(text)


def _define(element: ET.Element, known: dict[str, ET.Element]) -> None:
    name = element.get("name", "")
    if not name:
        raise InvalidModel(f"<{element.tag}> has no name", line=_line(element))
    if name in known:
        first = _line(known[name])
        fault = f"'{name}' is defined twice, first in line {first}"
        raise InvalidModel(fault, line=_line(element))
    known[name] = element


def _references(definition: ET.Element) -> list[tuple[ET.Element, str]]:
    """Return what a definition names, in document order."""
    return [
        (element, element.get("name", ""))
        for element in definition.iter()
        if element.tag in REFERENCES
    ]


def _line(element: ET.Element) -> int:
    return int(element.get("line", "0"))
