"""What does each gate need: members, k_min, k_full, and which gates cannot be judged?"""

from __future__ import annotations

from dataclasses import dataclass
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
    counted = dependents[(codes & KIND) == GATE]
    if counted.size and not bool(is_gate[counted].all()):
        culprit = int(counted[~is_gate[counted]][0])
        raise InvalidTopology("is_gate", f"node {culprit} has members but is not marked as a gate")
    k_min, k_full = (_given_k(name, values, nodes) for name, values in zip(_K, k, strict=True))
    if bool(((k_min > 0) & (k_full > 0) & (k_full < k_min)).any()):
        raise InvalidTopology("k_full", "is below k_min")
    members = np.bincount(counted, minlength=nodes).astype(np.int32)
    chosen = np.flatnonzero(is_gate & (is_group | (members > 0))).astype(np.int32)
    return _apply_rules(chosen, members[chosen], k_min[chosen], k_full[chosen], is_group[chosen])


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


def _apply_rules(
    nodes: Int32, members: Int32, k_min: Int32, k_full: Int32, is_group: Bool
) -> Gates:
    """Fill in what was not given: a cluster gets 1 of n and full strength n, a group 1 of n."""
    is_assumed = k_min == 0
    least = np.where(is_assumed, 1, k_min).astype(np.int32)
    default_full = np.where(is_assumed & ~is_group, members, least)
    full = np.where(k_full == 0, default_full, np.maximum(k_full, least))
    full = np.minimum(full, members).astype(np.int32)
    under = members < least
    fails_at = np.where(under, NEVER, members - least + 1).astype(np.int32)
    degrades_at = np.where(under, NEVER, members - full + 1).astype(np.int32)
    return Gates(nodes, members, least, full, fails_at, degrades_at, under, is_assumed)
