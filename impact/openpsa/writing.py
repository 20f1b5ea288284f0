"""How does a fault tree look as an Open-PSA model?"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from impact.errors import InvalidModel
from impact.openpsa.model import Model
from impact.structure.tree import TRUE, FaultTree, Gate, Op


def write_model(model: Model) -> bytes:
    """Return a model as an XML file that `read_model` and other programs read.

    Gates other than the top are called `gate-1` and so on, children first: `gate_names` says which
    names that takes.

    Raises:
        InvalidModel: Two events of one name, or an event called like a gate.
    """
    names = _names(model)
    root = ET.Element("opsa-mef")
    fault_tree = ET.SubElement(root, "define-fault-tree", name=model.name or "fault-tree")
    gates = list(model.tree.numbered_gates())
    for reference, gate in reversed(gates):
        formula = _define(fault_tree, names[reference], gate)
        for child in gate.children:
            kind = "gate" if model.tree.is_gate(child) else "basic-event"
            ET.SubElement(formula, kind, name=names[child])
    if not gates:
        _write_bare_top(fault_tree, model)
    data = ET.SubElement(root, "model-data")
    for event in model.tree.events():
        definition = ET.SubElement(data, "define-basic-event", name=model.events[event])
        if model.labels:
            ET.SubElement(definition, "label").text = _told(model.labels[event])
        ET.SubElement(definition, "float", value=repr(model.probabilities[event]))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def gate_names(tree: FaultTree, top: str) -> dict[int, str]:
    """Return how each gate of a tree is called in a file, by its reference."""
    return {
        reference: top if reference == tree.top else f"gate-{place}"
        for place, (reference, _) in enumerate(tree.numbered_gates(), start=1)
    }


def _names(model: Model) -> dict[int, str]:
    names = dict(enumerate(model.events)) | gate_names(model.tree, model.top)
    if len(set(names.values())) != len(names):
        raise InvalidModel("two of its events or gates have the same name")
    return names


def _define(parent: ET.Element, name: str, gate: Gate) -> ET.Element:
    definition = ET.SubElement(parent, "define-gate", name=name)
    formula = ET.SubElement(definition, gate.op.value)
    if gate.op is Op.AT_LEAST:
        formula.set("min", str(gate.k))
    return formula


def _told(label: str) -> str:
    """Return a label without the signs that no XML file may hold."""
    return "".join(sign if sign.isprintable() else " " for sign in label)


def _write_bare_top(parent: ET.Element, model: Model) -> None:
    """Write a top that is an event or a constant."""
    definition = ET.SubElement(parent, "define-gate", name=model.top)
    if model.tree.is_constant:
        ET.SubElement(definition, "constant", value=str(model.tree.top == TRUE).lower())
    else:
        ET.SubElement(definition, "basic-event", name=model.events[model.tree.top])
