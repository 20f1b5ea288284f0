"""What do the nodes that an update touches depend on now, and how is an earlier topology patched?

Wiring everything anew costs tens of milliseconds; most writes touch a few CIs. Those are wired by
themselves, by the same rules, and stated anew in the topology.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cmdb.model.registry import Registry
from cmdb.snapshot.building import edge_arrays, gate_figures
from cmdb.snapshot.edges import GATE, Edges
from cmdb.snapshot.estate import Estate
from cmdb.snapshot.groups import ImplicitGroups, form_groups
from cmdb.snapshot.regrouping import Regrouping, regroup
from cmdb.snapshot.touched import touched_cis
from cmdb.snapshot.wiring import (
    Bool,
    Nodes,
    Numbers,
    Wiring,
    alternatives_by_type,
    explicit_groups,
    live_edges,
    node_ids,
    node_numbers,
    wiring_of,
)
from impact import Patch

MOST_TOUCHED = 50_000
"""Touched CIs and their relationships up to which patching is faster than wiring anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """How an earlier wiring and topology become those of a later state.

    Attributes:
        wiring: The nodes of the later state.
        patch: What its topology is patched with.
    """

    wiring: Wiring
    patch: Patch


def find_update(
    old: Estate, wiring: Wiring, estate: Estate, registry: Registry, takes_part: Bool
) -> Update | None:
    """Return the update, or None where everything must be wired anew.

    Args:
        old: The earlier state.
        wiring: Its nodes, made with the same registry.
        estate: The state to reach.
        registry: Classes and types.
        takes_part: bool, by row of CIs.
    """
    if not is_same_line(old, estate):
        return None
    touched = touched_cis(old, wiring.takes_part, estate, registry, takes_part)
    is_stated = touched[estate.relationships["dependent"]]
    if np.count_nonzero(touched) + np.count_nonzero(is_stated) > MOST_TOUCHED:
        return None
    nodes = node_numbers(takes_part)
    is_group = explicit_groups(estate, registry, np.flatnonzero(takes_part))
    edges, made = _wire_touched(estate, registry, touched & takes_part, is_group, nodes)
    dependents = wiring.rows[wiring.groups.dependents]
    step = regroup(
        wiring.groups, made, dependents=nodes[dependents], is_restated=touched[dependents]
    )
    after = wiring_of(takes_part, step.groups, is_group)
    edges = _at_their_places(edges, len(is_group), step)
    stated = _among(np.flatnonzero(touched[after.rows]), after, step.fresh)
    patch = replace(
        _node_patch(wiring, after, touched, step),
        edges=edge_arrays(edges),
        gates=gate_figures(estate, registry, after, edges, stated),
    )
    return Update(after, replace(patch, ids=node_ids(estate, after, patch.places)))


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


def _wire_touched(
    estate: Estate, registry: Registry, touched: Bool, is_group: Bool, nodes: Numbers
) -> tuple[Edges, ImplicitGroups]:
    """Return the edges and groups of touched CIs; group i is node `len(is_group) + i`."""
    table, is_any = estate.relationships, alternatives_by_type(estate, registry)
    providers = table["provider"][touched[table["dependent"]]]
    is_near = touched.copy()
    is_near[providers[explicit_groups(estate, registry, providers)]] = True
    rows = np.flatnonzero(is_near[table["dependent"]])
    edges = live_edges(estate, registry, nodes, rows)
    # Of the groups that they rely on only the members matter: they are no alternatives.
    is_touched = np.zeros(len(is_group), dtype=np.bool_)
    is_touched[nodes[np.flatnonzero(touched)]] = True
    is_membership = (edges.strength == GATE) & ~is_any[edges.type]
    edges = edges.take(is_touched[edges.dependent] | is_membership)
    edges, groups = form_groups(edges, is_any, is_group)
    is_wanted = np.concatenate([is_touched, np.ones(len(groups), dtype=np.bool_)])
    return edges.take(is_wanted[edges.dependent]), groups


def _at_their_places(edges: Edges, cis: int, step: Regrouping) -> Edges:
    """Return edges whose ends among the groups are numbered as all groups are afterwards."""
    places = np.concatenate([np.arange(cis), cis + step.fresh]).astype(np.int32)
    return replace(edges, dependent=places[edges.dependent], provider=places[edges.provider])


def _node_patch(before: Wiring, after: Wiring, touched: Bool, step: Regrouping) -> Patch:
    """Return which nodes are stated anew, go and come."""
    took_part = np.zeros(len(after.takes_part), dtype=np.bool_)
    took_part[: len(before.takes_part)] = before.takes_part
    return Patch(
        restated=_among(np.flatnonzero(touched[before.rows]), before, step.restated),
        gone=_among(np.flatnonzero(~after.takes_part[before.rows]), before, step.gone),
        places=_among(np.flatnonzero(~took_part[after.rows]), after, step.came),
    )


def _among(cis: Nodes, wiring: Wiring, groups: Nodes) -> Numbers:
    """Return nodes: these CIs, by node, and these implicit groups, by place."""
    return np.concatenate([cis, len(wiring.rows) + groups]).astype(np.int32)
