"""What does each gate need: members, k_min, k_full, and which gates cannot be judged?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from impact.arrays import GATE, KIND, REPEATED, Bool, Int32, Int64, UInt8, as_optional
from impact.errors import InvalidTopology

NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, eq=False)
class Gates:
    """One entry per gate, sorted by node; all arrays have shape (gates,).

    `fails_at` and `degrades_at` are the numbers of members that must be DOWN, or not UP, for the
    gate to be DOWN or DEGRADED; NEVER where the gate is under strength and cannot be judged.
    """

    nodes: Int32
    members: Int32
    k_min: Int32
    k_full: Int32
    fails_at: Int32
    degrades_at: Int32
    is_under_strength: Bool
    is_assumed: Bool

    @property
    def nbytes(self) -> int:
        """Return the size of all arrays in bytes."""
        return sum(getattr(self, name).nbytes for name in Gates.__slots__)

    def slot(self, node: int) -> int:
        """Return the entry of a node, or -1 if it is no gate."""
        found = int(np.searchsorted(self.nodes, node))
        return found if found < len(self.nodes) and int(self.nodes[found]) == node else -1


@dataclass(frozen=True, slots=True, eq=False)
class GateFigures:
    """What is recorded about a few nodes that are gates; arrays of shape (k,).

    Attributes:
        nodes: int, distinct node indices.
        is_group: bool, those that are nothing but a group.
        k_min: int, members needed not to be DOWN; 0: not given.
        k_full: int, members needed not to be DEGRADED; 0: as k_min.
    """

    nodes: Int32
    is_group: Bool
    k_min: Int32
    k_full: Int32

    @classmethod
    def none(cls) -> GateFigures:
        """Return the figures of no gate."""
        empty = np.empty(0, dtype=np.int32)
        return cls(empty, np.empty(0, dtype=np.bool_), empty, empty)


def build_gates(
    nodes: int, dependents: Int32, codes: UInt8, *, flags: tuple[Bool, Bool], k: tuple[Any, Any]
) -> Gates:
    """Return the gates of a topology.

    Args:
        nodes: Number of nodes.
        dependents: int32 (m,), the dependent of each edge.
        codes: uint8 (m,), edge codes in the same order, repeated memberships already marked.
        flags: `is_gate` and `is_group`, bool (n,).
        k: `k_min` and `k_full`, int (n,) or None, 0 where not given.
    """
    is_gate, is_group = flags
    members = count_members(nodes, dependents, codes)
    lacking = np.flatnonzero((members > 0) & ~is_gate)
    if lacking.size:
        raise InvalidTopology(
            "is_gate", f"node {lacking[0]} has members but is not marked as a gate"
        )
    k_min, k_full = (_given_k(name, values, nodes) for name, values in zip(_K, k, strict=True))
    gates = np.flatnonzero(is_gate).astype(np.int32)
    figures = GateFigures(gates, is_group[gates], k_min[gates], k_full[gates])
    return _apply_rules(figures, members[gates])


def count_members(nodes: int, dependents: Int32, codes: UInt8) -> Int32:
    """Return int32 (nodes,): the members of each node, repeated memberships left out."""
    counted = dependents[(codes & KIND) == GATE]
    return np.bincount(counted, minlength=nodes).astype(np.int32)


def restate_gates(
    gates: Gates, stays: Bool, nodes: Int32, figures: GateFigures, members: Int32
) -> Gates:
    """Return the gates of a patched topology.

    Args:
        gates: Those before.
        stays: bool, by gate: it is not stated anew.
        nodes: The node of each gate afterwards.
        figures: Those that are stated anew.
        members: How many members each of these has.
    """
    if stays.all() and not len(figures.nodes):
        return replace(gates, nodes=nodes)
    k_min, k_full = (_given_k(name, getattr(figures, name), len(members)) for name in _K)
    made = _apply_rules(replace(figures, k_min=k_min, k_full=k_full), members)
    order = np.argsort(np.concatenate([nodes[stays], made.nodes]), kind="stable")
    kept = replace(gates, nodes=nodes)
    return Gates(
        *(
            np.concatenate([getattr(kept, name)[stays], getattr(made, name)])[order]
            for name in Gates.__slots__
        )
    )


def mark_repeated_members(
    dependents: Int32, providers: Int32, codes: UInt8, tolerates: Int64 | None
) -> None:
    """Flag, in `codes`, all but one of several memberships of one CI in one gate.

    The one that tolerates least is kept: a member counts as DOWN as soon as one of its
    memberships says so.
    """
    gate_edges = np.flatnonzero(codes == GATE)
    if gate_edges.size < 2:
        return
    pairs = (dependents[gate_edges].astype(np.int64) << 32) | providers[gate_edges]
    order = np.argsort(pairs, kind="stable")
    if tolerates is not None:
        order = np.lexsort((tolerates[gate_edges], pairs))
    ordered = pairs[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    codes[gate_edges[order[again]]] |= REPEATED


_K = ("k_min", "k_full")


def _given_k(name: str, values: Any, nodes: int) -> Int32:
    given = as_optional(name, values, nodes, np.int32)
    if given is None:
        return np.zeros(nodes, dtype=np.int32)
    if given.size and int(given.min()) < 0:
        raise InvalidTopology(name, "must be at least 1, or 0 where not given")
    return given


def _apply_rules(figures: GateFigures, members: Int32) -> Gates:
    """Fill in what was not given: a cluster gets 1 of n and full strength n, a group 1 of n.

    What may have members and has none is a plain node, unless it is nothing but a group.
    """
    k_min, k_full, is_group = figures.k_min, figures.k_full, figures.is_group
    if bool(((k_min > 0) & (k_full > 0) & (k_full < k_min)).any()):
        raise InvalidTopology("k_full", "is below k_min")
    is_real = is_group | (members > 0)
    nodes, members = figures.nodes[is_real].astype(np.int32), members[is_real]
    k_min, k_full, is_group = k_min[is_real], k_full[is_real], is_group[is_real]
    is_assumed = k_min == 0
    least = np.where(is_assumed, 1, k_min).astype(np.int32)
    default_full = np.where(is_assumed & ~is_group, members, least)
    full = np.where(k_full == 0, default_full, np.maximum(k_full, least))
    full = np.minimum(full, members).astype(np.int32)
    under = members < least
    fails_at = np.where(under, NEVER, members - least + 1).astype(np.int32)
    degrades_at = np.where(under, NEVER, members - full + 1).astype(np.int32)
    return Gates(nodes, members, least, full, fails_at, degrades_at, under, is_assumed)
