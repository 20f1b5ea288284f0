"""Which CIs are near these, over relationships either way?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cmdb.snapshot import Snapshot
from impact import Topology


@dataclass(frozen=True, slots=True)
class Neighbours:
    """CIs with the number of relationships to the nearest of those asked about.

    `is_partial` tells that a limit left some out, the farther ones first.
    """

    hops: Mapping[str, int]
    is_partial: bool


def find_neighbours(snapshot: Snapshot, ids: Sequence[str], hops: int, most: int) -> Neighbours:
    """Return the CIs within some hops of these, weak relationships included.

    A group that the compilation made stands between a CI and the alternatives it relies on; it is
    no CI and no hop.

    Args:
        snapshot: Where to look; CIs that take no part have no neighbours there.
        ids: Where to start; they are 0 hops away.
        hops: How far to go.
        most: Most CIs, those asked about not counted.
    """
    topology, groups = snapshot.topology, snapshot.implicit_groups
    found = dict.fromkeys(ids, 0)
    frontier = [topology.index(ci) for ci in ids if ci in topology]
    seen = set(frontier)
    for distance in range(1, hops + 1):
        following: list[int] = []
        waiting = frontier
        while waiting:
            passed: list[int] = []
            for node in _next_to(topology, waiting):
                if node not in seen:
                    seen.add(node)
                    (passed if topology.ids[node] in groups else following).append(node)
            waiting = passed
        room = most + len(ids) - len(found)
        found |= {topology.ids[node]: distance for node in following[:room]}
        if len(following) > room:
            return Neighbours(found, is_partial=True)
        frontier = following
    return Neighbours(found, is_partial=False)


def _next_to(topology: Topology, nodes: Sequence[int]) -> Iterator[int]:
    """Yield the other ends of all edges at these nodes."""
    for rows in (topology.dependents_of, topology.providers_of):
        for node in nodes:
            yield from rows.ends[int(rows.starts[node]) : int(rows.starts[node + 1])].tolist()
    dependents, providers, _ = topology.weak
    yield from providers[np.isin(dependents, nodes)].tolist()
    yield from dependents[np.isin(providers, nodes)].tolist()
