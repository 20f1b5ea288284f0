"""How does a topology take in what a few nodes depend on now, without being built anew?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impact.arrays import (
    INFERRED,
    KIND,
    TOLERANT,
    WEAK,
    Bool,
    Float64,
    Int32,
    Int64,
    UInt8,
    as_nodes,
    row_positions,
)
from impact.compiling import edge_codes
from impact.errors import InvalidTopology
from impact.gates import GateFigures, count_members, mark_repeated_members, restate_gates
from impact.row_patching import Renumbering, RowPatch, renumber, without
from impact.topology import GROUP

if TYPE_CHECKING:
    from impact.topology import Topology

_NO_NODES = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class EdgeArrays:
    """Edges to add; arrays of shape (k,), as `Topology.build` takes them.

    Attributes:
        dependents: int, node index of each dependent.
        providers: int, node index of each provider.
        strengths: uint8, codes of `Strength`.
        tolerates_seconds: float64, NaN or 0 for none.
        inferred: bool.
        confidence: float32 in [0, 1]; 1 where nothing was given.
    """

    dependents: Int32
    providers: Int32
    strengths: UInt8
    tolerates_seconds: Float64
    inferred: Bool
    confidence: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of edges."""
        return len(self.strengths)


def no_edges() -> EdgeArrays:
    """Return arrays of no edges."""
    return EdgeArrays(
        _NO_NODES,
        _NO_NODES,
        np.empty(0, dtype=np.uint8),
        np.empty(0, dtype=np.float64),
        np.empty(0, dtype=np.bool_),
        np.empty(0, dtype=np.float32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """What distinguishes a topology from an earlier one.

    A node is stated anew as a whole: all edges to what it depends on, its members among them, and
    what it needs as a gate. Nodes go and come; the others keep their order.

    Attributes:
        restated: int, nodes that are stated anew, by the indices that hold before.
        gone: int, ascending: nodes that are no more, by the indices that hold before.
        places: int, ascending: indices of new nodes, of those that hold afterwards. They are no
            services, and have criticality 1 and q 0.
        ids: Ids of the new nodes, none of them known.
        edges: What the restated and the new nodes depend on, by the indices that hold afterwards.
        gates: Which of them are gates, by the indices that hold afterwards; the others are none.
    """

    restated: Int32 = field(default_factory=_NO_NODES.copy)
    gone: Int32 = field(default_factory=_NO_NODES.copy)
    places: Int32 = field(default_factory=_NO_NODES.copy)
    ids: Sequence[str] = ()
    edges: EdgeArrays = field(default_factory=no_edges)
    gates: GateFigures = field(default_factory=GateFigures.none)


@dataclass(frozen=True, slots=True, eq=False)
class _Packed:
    """Edges with their codes as a topology keeps them, and the milliseconds each tolerates."""

    dependents: Int32
    providers: Int32
    codes: UInt8
    tolerates: Int64
    confidence: NDArray[np.float32]

    def take(self, chosen: NDArray[Any]) -> _Packed:
        return _Packed(*(getattr(self, name)[chosen] for name in self.__slots__))


def apply_patch(topology: Topology, patch: Patch) -> dict[str, Any]:
    """Return the parts of a patched topology; O(n + m), copying only."""
    count = len(topology)
    nodes = renumber(count, patch.gone.astype(np.int64), patch.places.astype(np.int64))
    is_stated = np.zeros(nodes.size, dtype=np.bool_)
    left = nodes.of(patch.restated)
    is_stated[left[left >= 0]] = True
    is_stated[patch.places] = True
    new = _packed(patch.edges, nodes.size)
    if not bool(is_stated[new.dependents].all()):
        raise InvalidTopology("edges", "holds one of a dependent that is not stated anew")
    is_left = np.zeros(count, dtype=np.bool_)
    is_left[patch.restated] = True
    is_left[patch.gone] = True
    parts = _node_parts(topology, patch, nodes, is_stated)
    parts |= _gate_parts(topology, patch, nodes, is_left, new)
    if topology.confidence is None and (new.confidence != 1).any():
        parts["confidence"] = np.ones(topology.edge_count, dtype=np.float32)
    parts |= _patch_weak(parts, nodes, is_left, new)
    return parts | _patch_rows(parts, nodes, is_left, new)


def _packed(edges: EdgeArrays, nodes: int) -> _Packed:
    arrays = {"strengths": edges.strengths, "tolerates_seconds": edges.tolerates_seconds}
    dependents = as_nodes("dependents", edges.dependents, nodes)
    providers = as_nodes("providers", edges.providers, nodes)
    codes, tolerates = edge_codes(len(edges), arrays)
    mark_repeated_members(dependents, providers, codes, tolerates)
    codes |= np.where(edges.inferred, INFERRED, 0).astype(np.uint8)
    if tolerates is None:
        tolerates = np.zeros(len(edges), dtype=np.int64)
    codes |= np.where(tolerates > 0, TOLERANT, 0).astype(np.uint8)
    return _Packed(dependents, providers, codes, tolerates, edges.confidence)


def _node_parts(
    topology: Topology, patch: Patch, nodes: Renumbering, is_stated: Bool
) -> dict[str, Any]:
    flags = nodes.moved(topology.flags, 0)
    if is_stated.any():
        flags = flags.copy()
        flags[is_stated] &= np.uint8(0xFF & ~GROUP)
        flags[patch.gates.nodes[patch.gates.is_group]] |= np.uint8(GROUP)
    q, mttr_hours = topology.q, topology.mttr_hours
    owners, states = nodes.of(topology.own[0]), topology.own[1]
    return topology.parts | {
        "ids": _patch_ids(topology.ids, patch),
        "flags": flags,
        "criticality": nodes.moved(topology.criticality, 1),
        "own": (owners[owners >= 0], states[owners >= 0]),
        "q": None if q is None else nodes.moved(q, 0.0),
        "mttr_hours": None if mttr_hours is None else nodes.moved(mttr_hours, np.nan),
    }


def _patch_ids(ids: tuple[str, ...], patch: Patch) -> tuple[str, ...]:
    if not len(patch.gone) and not len(patch.places):
        return ids
    kept: list[str] = []
    at = 0
    for node in patch.gone.tolist():
        kept += ids[at:node]
        at = node + 1
    kept += ids[at:]
    made: list[str] = []
    at = 0
    for place, new in zip(patch.places.tolist(), patch.ids, strict=True):
        until = at + place - len(made)
        made += kept[at:until]
        made.append(new)
        at = until
    return (*made, *kept[at:])


def _gate_parts(
    topology: Topology, patch: Patch, nodes: Renumbering, is_left: Bool, new: _Packed
) -> dict[str, Any]:
    members = count_members(nodes.size, new.dependents, new.codes)
    members_of = members[patch.gates.nodes]
    if int(members.sum()) != int(members_of.sum()):
        raise InvalidTopology("gates", "does not hold a node that has members")
    gates = topology.gates
    stays = ~is_left[gates.nodes]
    return {"gates": restate_gates(gates, stays, nodes.of(gates.nodes), patch.gates, members_of)}


def _patch_weak(
    parts: dict[str, Any], nodes: Renumbering, is_left: Bool, new: _Packed
) -> dict[str, Any]:
    dependents, providers, codes = parts["weak"]
    strong, sure = len(parts["dependents_of"].ends), parts["confidence"]
    cut = np.flatnonzero(is_left[dependents])
    new = new.take(np.flatnonzero((new.codes & KIND) == WEAK))
    if not len(cut) and not len(new.codes) and nodes.new is None:
        return {}
    kept = nodes.of(without(providers, cut))
    _refuse_dangling(nodes, kept)
    weak = (
        np.concatenate([nodes.of(without(dependents, cut)), new.dependents]),
        np.concatenate([kept, new.providers]),
        np.concatenate([without(codes, cut), new.codes]),
    )
    if sure is None:
        return {"weak": weak}
    return {
        "weak": weak,
        "confidence": np.concatenate([without(sure, cut + strong), new.confidence]),
    }


def _patch_rows(
    parts: dict[str, Any], nodes: Renumbering, is_left: Bool, new: _Packed
) -> dict[str, Any]:
    forth, back = parts["dependents_of"], parts["providers_of"]
    new = new.take(np.flatnonzero((new.codes & KIND) != WEAK))
    cut, _ = row_positions(back, np.flatnonzero(is_left).astype(np.int32))
    counterparts = _counterparts(parts, is_left, cut)
    by_provider = new.take(np.argsort(new.providers, kind="stable"))
    by_dependent = new.take(np.argsort(new.dependents, kind="stable"))
    patch = RowPatch(forth, counterparts, nodes, by_provider.providers)
    made = patch.rows(by_provider.dependents, by_provider.codes)
    mirrored = RowPatch(back, cut, nodes, by_dependent.dependents).rows(
        by_dependent.providers, by_dependent.codes
    )
    _refuse_dangling(nodes, mirrored.ends)
    sure = parts["confidence"]
    if sure is not None:
        edges = len(forth.ends)
        kept = patch.applied(sure[:edges], by_provider.confidence)
        sure = np.concatenate([kept, sure[edges:]])
    return {
        "dependents_of": made,
        "providers_of": mirrored,
        "tolerant": patch.tolerant(parts["tolerant"], by_provider.tolerates),
        "confidence": sure,
    }


def _counterparts(parts: dict[str, Any], is_left: Bool, cut: Int64) -> Int64:
    """Return, in the rows by provider, the positions of edges that leave the rows by dependent."""
    back, forth = parts["providers_of"], parts["dependents_of"]
    is_met = np.zeros(len(is_left), dtype=np.bool_)
    is_met[back.ends[cut]] = True
    positions, _ = row_positions(forth, np.flatnonzero(is_met).astype(np.int32))
    found: Int64 = positions[is_left[forth.ends[positions]]]
    return found


def _refuse_dangling(nodes: Renumbering, providers: Int32) -> None:
    if nodes.new is not None and len(providers) and int(providers.min()) < 0:
        raise InvalidTopology("gone", "holds a node that others depend on")
