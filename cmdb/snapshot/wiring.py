"""Which CIs and relationships take part, and as which nodes and edges?

Nodes are the CIs in use, in maintenance or stale that were not merged into others, then one node
for each implicit group. Edges are the live relationships between them, with the strength of the
relationship or else of its type. Members make a gate: of a group or cluster, and of any other CI
that a relationship of strength `gate` starts from.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmdb.model.registry import Registry
from cmdb.snapshot.edges import WEAK, Edges
from cmdb.snapshot.estate import (
    ABSENT,
    LIFECYCLE_CODES,
    STRENGTH_CODES,
    TAKES_PART_CODES,
    Estate,
)
from cmdb.snapshot.groups import ImplicitGroups, form_groups, group_id

ON_REQUEST_CODES = frozenset({LIFECYCLE_CODES["planned"], LIFECYCLE_CODES["in_build"]})

Nodes = NDArray[np.int64]
Numbers = NDArray[np.int32]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Wiring:
    """Which CIs and implicit groups are the nodes of a topology.

    Attributes:
        takes_part: bool, by row of CIs.
        rows: Row of each node that is a CI, in node order; implicit groups follow.
        groups: The implicit groups.
        is_group: bool, by node: a gate that is nothing but a group.
    """

    takes_part: Bool
    rows: Nodes
    groups: ImplicitGroups
    is_group: Bool


def taking_part(estate: Estate, include: Collection[str] = ()) -> Bool:
    """Return bool, by row of CIs; planned and unbuilt ones where `include` has them."""
    codes = np.zeros(ABSENT + 1, dtype=np.bool_)
    codes[list(TAKES_PART_CODES)] = True
    lifecycle = estate.cis["lifecycle"]
    chosen: Bool = codes[lifecycle]
    for row in (estate.cis.row(ci_id) for ci_id in include):
        if row >= 0 and int(lifecycle[row]) in ON_REQUEST_CODES:
            chosen[row] = True
    return chosen & ~estate.cis["is_merged"]


def wire(estate: Estate, registry: Registry, takes_part: Bool) -> tuple[Wiring, Edges]:
    """Return the nodes and edges of an estate, weak edges included; vectorised."""
    edges = live_edges(estate, registry, node_numbers(takes_part))
    is_group = explicit_groups(estate, registry, np.flatnonzero(takes_part))
    edges, groups = form_groups(edges, alternatives_by_type(estate, registry), is_group)
    return wiring_of(takes_part, groups, is_group), edges


def wiring_of(takes_part: Bool, groups: ImplicitGroups, is_group: Bool) -> Wiring:
    """Return the nodes: CIs that take part, then implicit groups; `is_group` is of the CIs."""
    is_implicit = np.ones(len(groups), dtype=np.bool_)
    return Wiring(
        takes_part, np.flatnonzero(takes_part), groups, np.concatenate([is_group, is_implicit])
    )


def explicit_groups(estate: Estate, registry: Registry, rows: Nodes) -> Bool:
    """Return bool, by these rows of CIs: a gate that is nothing but a group."""
    found: Bool = gates_by_class(estate.classes, registry)[1][estate.cis["class"][rows]]
    return found


def alternatives_by_type(estate: Estate, registry: Registry) -> Bool:
    """Return bool, by type: several providers of one dependent are alternatives."""
    return np.array([registry.types[name].several == "any" for name in estate.types], dtype=bool)


def gates_by_class(classes: Sequence[str], registry: Registry) -> tuple[Bool, Bool]:
    """Return which classes have members that are counted, and which of them are groups.

    A group is a gate of no layer of its own: it stands for nothing but its members.
    """
    gates, groups = [], []
    for name in classes:
        line = registry.lineage(name) if name in registry.classes else ()
        is_gate = any(registry.classes[ancestor].is_gate for ancestor in line)
        gates.append(is_gate)
        groups.append(is_gate and registry.classes[name].layer == "any")
    return np.array(gates, dtype=np.bool_), np.array(groups, dtype=np.bool_)


def node_ids(estate: Estate, wiring: Wiring, nodes: Numbers) -> list[str]:
    """Return the ids of these nodes, which ascend; a group is named after dependent and type."""
    ids, groups, cis = estate.cis["id"], wiring.groups, len(wiring.rows)
    chosen = nodes[nodes >= cis] - cis
    dependents = ids[wiring.rows[groups.dependents[chosen]]].tolist()
    made = [
        group_id(dependent, estate.types[code])
        for dependent, code in zip(dependents, groups.types[chosen].tolist(), strict=True)
    ]
    return [*ids[wiring.rows[nodes[nodes < cis]]].tolist(), *made]


def node_numbers(takes_part: Bool) -> Numbers:
    """Return int32, by row of CIs: the node of each that takes part, -1 elsewhere."""
    return np.where(takes_part, np.cumsum(takes_part, dtype=np.int32) - np.int32(1), np.int32(-1))


def live_edges(
    estate: Estate, registry: Registry, node_of: Numbers, rows: Nodes | None = None
) -> Edges:
    """Return the edges of live relationships between nodes, of these rows or of all."""
    table = estate.relationships
    among: Nodes | slice = slice(None) if rows is None else rows
    dependent, provider = node_of[table["dependent"][among]], node_of[table["provider"][among]]
    is_edge = table["live"][among] & (dependent >= 0) & (provider >= 0)
    places = np.flatnonzero(is_edge)
    chosen = places if rows is None else rows[places]
    defaults, is_fixed = _strengths(estate.types, registry)
    types, own = table["type"][chosen], table["strength"][chosen]
    confidence = table["confidence"][chosen]
    return Edges(
        dependent[places],
        provider[places],
        types,
        np.where((own == ABSENT) | is_fixed[types], defaults[types], own),
        table["tolerates_seconds"][chosen],
        confidence,
        table["is_inferred"][chosen] | (confidence < 1),
    )


def _strengths(types: Sequence[str], registry: Registry) -> tuple[NDArray[np.uint8], Bool]:
    """Return the default strength of each type, and whether it holds whatever an edge says.

    A symmetric type has no dependent, so nothing propagates over it in any case.
    """
    known = [registry.types[name] for name in types]
    is_symmetric = np.array([one.is_symmetric for one in known], dtype=np.bool_)
    defaults = [STRENGTH_CODES[one.strength or "weak"] for one in known]
    return np.where(is_symmetric, WEAK, np.array(defaults, dtype=np.uint8)), is_symmetric
