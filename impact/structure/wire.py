"""How do a tree and a question travel to the worker process and back? As lines of JSON."""

from __future__ import annotations

from typing import Any

from impact.structure.tree import FaultTree, Gate, Op

Message = dict[str, Any]


def pack_tree(tree: FaultTree) -> Message:
    """Return a tree in the words of JSON."""
    gates = [[gate.op.value, gate.k, *gate.children] for gate in tree.gates]
    return {"event_count": tree.event_count, "gates": gates, "top": tree.top}


def unpack_tree(packed: Message) -> FaultTree:
    """Return the tree that `pack_tree` packed."""
    gates = tuple(Gate(Op(op), tuple(children), k) for op, k, *children in packed["gates"])
    return FaultTree(packed["event_count"], gates, packed["top"])
