"""How are nodes and edges handed to the engine, with what each gate needs?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmdb.model.registry import Registry
from cmdb.snapshot.edges import GATE, Edges
from cmdb.snapshot.estate import Estate
from cmdb.snapshot.wiring import Nodes, Wiring, gates_by_class
from impact import EdgeArrays, GateFigures, Topology

_MOST_COUNTED = np.iinfo(np.int32).max


def build_topology(
    estate: Estate, registry: Registry, wiring: Wiring, edges: Edges, ids: tuple[str, ...]
) -> Topology:
    """Return the topology of these nodes and edges; services, figures and criticality follow."""
    figures = gate_figures(estate, registry, wiring, edges, np.arange(len(ids), dtype=np.int32))
    is_gate = np.zeros(len(ids), dtype=np.bool_)
    is_gate[figures.nodes] = True
    k_min, k_full = np.zeros((2, len(ids)), dtype=np.int32)
    k_min[figures.nodes], k_full[figures.nodes] = figures.k_min, figures.k_full
    return Topology.build(
        ids=ids,
        dependents=edges.dependent,
        providers=edges.provider,
        strengths=edges.strength,
        tolerates_seconds=_unless(edges.tolerates_seconds, np.isnan(edges.tolerates_seconds)),
        is_gate=is_gate,
        is_group=wiring.is_group,
        k_min=k_min,
        k_full=k_full,
        edge_inferred=_unless(edges.is_inferred, ~edges.is_inferred),
        edge_confidence=_unless(edges.confidence, edges.confidence == 1),
    )


def edge_arrays(edges: Edges) -> EdgeArrays:
    """Return edges as the engine takes them for a patch."""
    return EdgeArrays(
        edges.dependent,
        edges.provider,
        edges.strength,
        edges.tolerates_seconds,
        edges.is_inferred,
        edges.confidence,
    )


def gate_figures(
    estate: Estate, registry: Registry, wiring: Wiring, edges: Edges, among: NDArray[np.int32]
) -> GateFigures:
    """Return what is recorded about the gates among these nodes, ascending.

    Gates are the CIs of a class that has members, any other CI with a relationship of strength
    `gate`, and the implicit groups, of which one member is enough and all are full strength.

    Args:
        estate: Where the CIs are.
        registry: Their classes.
        wiring: The nodes.
        edges: At least the memberships of these nodes.
        among: The nodes.
    """
    cis = len(wiring.rows)
    has_members = np.zeros(len(wiring.is_group), dtype=np.bool_)
    has_members[edges.dependent[edges.strength == GATE]] = True
    own, implicit = among[among < cis], among[among >= cis]
    rows = wiring.rows[own]
    classes, _ = gates_by_class(estate.classes, registry)
    is_gate = classes[estate.cis["class"][rows]] | has_members[own]
    own, rows = own[is_gate], rows[is_gate]
    k_min = np.concatenate([_counts(estate, "a_k_min", rows), np.ones(len(implicit), np.int32)])
    k_full = np.concatenate(
        [_counts(estate, "a_k_full", rows), wiring.groups.sizes[implicit - cis]]
    )
    nodes = np.concatenate([own, implicit])
    # A group that is full below what it needs at least is full when it has that.
    k_full = np.where(k_full > 0, np.maximum(k_full, k_min), 0)
    return GateFigures(nodes, wiring.is_group[nodes], k_min, k_full)


def _unless(values: NDArray[Any], is_default: NDArray[np.bool_]) -> NDArray[Any] | None:
    return None if is_default.all() else values


def _counts(estate: Estate, name: str, rows: Nodes) -> NDArray[np.int32]:
    own = np.nan_to_num(estate.cis[name][rows])
    counts: NDArray[np.int32] = np.clip(own, 0, _MOST_COUNTED).astype(np.int32)
    return counts
