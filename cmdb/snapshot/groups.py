"""Which dependents of an *any* type have an implicit group of providers?

A dependent of such a type (`routes_to`) with one provider depends on it hard. With several
distinct ones it depends hard on a group node made here, of which they are the members and one is
enough. Two things are left out of it:

- An edge whose own strength is not `gate`: it is used as it says.
- A provider that an explicit group already speaks for: where the dependent relies on a group (by
  any edge that propagates) of which the provider is a member, the direct edge is shown only. The
  group itself may be among the providers, and then counts as one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cmdb.snapshot.edges import GATE, HARD, WEAK, Edges, certain_edges, joined

Nodes = NDArray[np.int32]
_ANY_OF = ": any of "


@dataclass(frozen=True, slots=True, eq=False)
class ImplicitGroups:
    """Groups made by the compilation, in the order of their dependents and types.

    Attributes:
        dependents: Node of the dependent.
        types: Place of the type in `Estate.types`.
        sizes: Number of members.
    """

    dependents: Nodes
    types: NDArray[np.uint16]
    sizes: Nodes

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.dependents)


def group_id(dependent: str, type_name: str) -> str:
    """Return the id of an implicit group: that of its dependent, and the type."""
    return f"any:{dependent}:{type_name}"


def dependent_of(group: str) -> str:
    """Return the id of the dependent of an implicit group.

    >>> dependent_of(group_id("a", "routes_to"))
    'a'
    """
    return group.partition(":")[2].rpartition(":")[0]


def group_name(dependent: str, members: int, type_name: str) -> str:
    """Return how an implicit group is called: it has the name of its dependent in it."""
    return f"{dependent}{_ANY_OF}{members} ({type_name})"


def dependent_name(group_name: str) -> str:
    """Return the name of the dependent that is in the name of an implicit group.

    >>> dependent_name(group_name("shop: any of it", 2, "routes_to"))
    'shop: any of it'
    """
    return group_name.rpartition(_ANY_OF)[0]


def form_groups(
    edges: Edges, is_any: NDArray[np.bool_], is_group: NDArray[np.bool_]
) -> tuple[Edges, ImplicitGroups]:
    """Return the edges with implicit groups in place; group i is node `len(is_group) + i`.

    Args:
        edges: All edges, a member of an *any* type still being a gate edge.
        is_any: bool, by type: several providers of one dependent are alternatives.
        is_group: bool, by node: an explicit redundancy group.
    """
    of_any = is_any[edges.type] & (edges.strength == GATE)
    if not of_any.any():
        none = np.empty(0, dtype=np.int32)
        return edges, ImplicitGroups(none, np.empty(0, dtype=np.uint16), none)
    alternatives = edges.take(np.flatnonzero(of_any))
    covered = _covered(edges, of_any, is_group)
    made, groups = _grouped(alternatives.take(~covered), len(is_group))
    shown = alternatives.take(covered).with_strength(WEAK)
    return joined([edges.take(np.flatnonzero(~of_any)), shown, made]), groups


def _covered(
    edges: Edges, of_any: NDArray[np.bool_], is_group: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which alternatives are members of an explicit group that their dependent relies on."""
    is_membership = (edges.strength == GATE) & ~of_any & is_group[edges.dependent]
    has_alternatives = np.zeros(len(is_group), dtype=np.bool_)
    has_alternatives[edges.dependent[of_any]] = True
    is_reliance = (edges.strength != WEAK) & is_group[edges.provider]
    reliance = np.flatnonzero(is_reliance & has_alternatives[edges.dependent])
    membership = np.flatnonzero(is_membership)
    if not len(membership) or not len(reliance):
        return np.zeros(int(np.count_nonzero(of_any)), dtype=np.bool_)
    membership = membership[np.argsort(edges.dependent[membership], kind="stable")]
    holders, relied_on = edges.dependent[membership], edges.provider[reliance]
    first = np.searchsorted(holders, relied_on, side="left")
    counts = np.searchsorted(holders, relied_on, side="right") - first
    steps = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    spoken_for = edges.provider[membership[np.repeat(first, counts) + steps]]
    pairs = _pairs(np.repeat(edges.dependent[reliance], counts), spoken_for)
    return np.isin(_pairs(edges.dependent[of_any], edges.provider[of_any]), pairs)


def _pairs(one: Nodes, other: Nodes | NDArray[np.uint16]) -> NDArray[np.int64]:
    return (one.astype(np.int64) << 32) | other


def _grouped(edges: Edges, nodes: int) -> tuple[Edges, ImplicitGroups]:
    """Return alternatives as hard edges, or as members of groups where there are several."""
    keys = _pairs(edges.dependent, edges.type)
    # Of several edges to one provider the one that tolerates least counts for the group.
    tolerated = np.nan_to_num(edges.tolerates_seconds)
    by = (tolerated, edges.provider, keys) if tolerated.any() else (edges.provider, keys)
    order = np.lexsort(by)
    edges, keys = edges.take(order), keys[order]
    is_repeated = np.zeros(len(edges), dtype=np.bool_)
    is_repeated[1:] = (keys[1:] == keys[:-1]) & (edges.provider[1:] == edges.provider[:-1])
    is_first = np.ones(len(edges), dtype=np.bool_)
    is_first[1:] = keys[1:] != keys[:-1]
    distinct, owner = keys[is_first], np.cumsum(is_first) - 1
    sizes = np.bincount(owner[~is_repeated], minlength=len(distinct))
    has_group = sizes > 1
    place = np.cumsum(has_group) - 1
    is_member = has_group[owner]
    groups = ImplicitGroups(
        (distinct[has_group] >> 32).astype(np.int32),
        distinct[has_group].astype(np.uint16),
        sizes[has_group].astype(np.int32),
    )
    chosen = is_member & ~is_repeated
    members = edges.take(chosen)
    members = replace(members, dependent=(nodes + place[owner[chosen]]).astype(np.int32))
    heads = certain_edges(
        groups.dependents, nodes + np.arange(len(groups), dtype=np.int32), groups.types
    )
    single = edges.take(~is_member).with_strength(HARD)
    return joined([single, members, heads]), groups
