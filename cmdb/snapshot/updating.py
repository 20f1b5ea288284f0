"""Which nodes and edges does an update touch, and are they few and plain enough to be patched?

Wiring everything anew costs tens of milliseconds; most writes add a CI, or touch a few
relationships that are no memberships. Whatever might form, change or end a gate or an implicit
group is left to `wire`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cmdb.model.registry import Registry
from cmdb.snapshot.columns import Table, differs_from, starts_with
from cmdb.snapshot.edges import GATE, Edges, joined
from cmdb.snapshot.estate import RELATIONSHIP_KINDS, Estate
from cmdb.snapshot.wiring import Bool, Nodes, Wiring, gates_by_class, live_edges, node_numbers
from impact import EdgeArrays, Topology

MOST_EDGES = 500
"""Changed relationships and new CIs up to which patching is tried."""

WIRED_BY = ("class", "is_merged", "a_k_min", "a_k_full")


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """What distinguishes the wiring of a state from that of an earlier one.

    Attributes:
        new_rows: Rows of CIs that are new nodes, put in behind all other CIs.
        removed: Edges that are no more, in the node indices that hold with the new nodes.
        added: Edges that are new.
    """

    new_rows: Nodes
    removed: Edges
    added: Edges


def find_update(
    old: Estate, wiring: Wiring, estate: Estate, registry: Registry, takes_part: Bool
) -> Update | None:
    """Return what to patch, or None where everything must be wired anew.

    Args:
        old: The earlier state.
        wiring: Its nodes and edges, made with the same registry.
        estate: The state to reach.
        registry: Classes and types.
        takes_part: bool, by row of CIs.
    """
    if not is_same_line(old, estate) or not _are_old_nodes_alike(old, wiring, estate, takes_part):
        return None
    new_rows = old.cis.size + np.flatnonzero(takes_part[old.cis.size :])
    changed = _changed_rows(estate.relationships, old.relationships)
    if len(new_rows) + len(changed) > MOST_EDGES:
        return None
    gates, _ = gates_by_class(estate.classes, registry)
    nodes = node_numbers(takes_part)
    before = changed[changed < old.relationships.size]
    removed = live_edges(old, registry, node_numbers(wiring.takes_part), before)
    added = live_edges(estate, registry, nodes, changed)
    if gates[estate.cis["class"][new_rows]].any() or not _are_plain(
        joined([removed, added]), wiring
    ):
        return None
    return Update(new_rows, removed, added)


def update_wiring(wiring: Wiring, update: Update, takes_part: Bool) -> Wiring:
    """Return the wiring after an update."""
    place, count = len(wiring.rows), len(update.new_rows)
    kept = np.ones(len(wiring.edges), dtype=np.bool_)
    for edge in range(len(update.removed)):
        kept[_find_edge(wiring.edges, update.removed, edge, kept)] = False
    edges = wiring.edges if kept.all() else wiring.edges.take(kept)
    if count and len(wiring.groups):
        step = np.int32(count)
        edges = replace(
            edges,
            dependent=edges.dependent + (edges.dependent >= place) * step,
            provider=edges.provider + (edges.provider >= place) * step,
        )
    return Wiring(
        takes_part,
        np.concatenate([wiring.rows, update.new_rows]),
        wiring.groups,
        joined([edges, update.added]) if len(update.added) else edges,
        np.insert(wiring.is_gate, place, [False] * count),
        np.insert(wiring.is_group, place, [False] * count),
    )


def update_topology(topology: Topology, wiring: Wiring, update: Update, estate: Estate) -> Topology:
    """Return the topology after an update; `wiring` is the one before it."""
    return topology.patched(
        removed=_arrays(update.removed),
        added=_arrays(update.added),
        place=len(wiring.rows),
        ids=estate.cis["id"][update.new_rows].tolist(),
    )


def _arrays(edges: Edges) -> EdgeArrays:
    return EdgeArrays(
        edges.dependent,
        edges.provider,
        edges.strength,
        edges.tolerates_seconds,
        edges.is_inferred,
        edges.confidence,
    )


def is_same_line(old: Estate, estate: Estate) -> bool:
    """Return whether every row of an earlier state still stands for the same thing."""
    return (
        estate.types == old.types
        and estate.classes[: len(old.classes)] == old.classes
        and estate.cis.index is old.cis.index
        and estate.relationships.index is old.relationships.index
        and estate.cis.size >= old.cis.size
        and estate.relationships.size >= old.relationships.size
    )


def _are_old_nodes_alike(old: Estate, wiring: Wiring, estate: Estate, takes_part: Bool) -> bool:
    is_same = np.array_equal(takes_part[: old.cis.size], wiring.takes_part)
    return is_same and starts_with(estate.cis, old.cis, WIRED_BY)


def _changed_rows(table: Table, old: Table) -> NDArray[np.int64]:
    """Return the rows that are new or have another value."""
    differs = np.ones(table.size, dtype=np.bool_)
    differs[: old.size] = False
    for name in RELATIONSHIP_KINDS:
        differs[: old.size] |= differs_from(table[name], old[name])
    return np.flatnonzero(differs)


def _are_plain(edges: Edges, wiring: Wiring) -> bool:
    """Return whether edges cannot touch a gate: no memberships, and nothing that relies on a group.

    Relying on an explicit group may take its members out of an implicit one.
    """
    is_group = wiring.is_group[: len(wiring.rows)]
    known = edges.provider[edges.provider < len(is_group)]
    return not ((edges.strength == GATE).any() or is_group[known].any())


def _find_edge(edges: Edges, wanted: Edges, place: int, kept: Bool) -> int:
    """Return the first edge still kept that is like a wanted one."""
    fits = kept & (edges.dependent == wanted.dependent[place])
    fits &= (edges.provider == wanted.provider[place]) & (edges.type == wanted.type[place])
    found = [
        edge
        for edge in np.flatnonzero(fits).tolist()
        if edges.strength[edge] == wanted.strength[place]
        and edges.confidence[edge] == wanted.confidence[place]
        and edges.is_inferred[edge] == wanted.is_inferred[place]
        and _tolerated(edges, edge) == _tolerated(wanted, place)
    ]
    return int(found[0])


def _tolerated(edges: Edges, edge: int) -> float:
    return float(np.nan_to_num(edges.tolerates_seconds[edge]))
