"""How critical is each node, given the services that rely on it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impact import Topology
from impact.arrays import row_positions
from impact.topology import SERVICE

LOWEST, HIGHEST = 1, 4


def compute_criticality(topology: Topology, floors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 (n,): the highest of a node's floor and of the services that rely on it.

    Services hand down what they have themselves, over hard, soft and gate edges, level by level
    from the highest, so that each node is reached at most once: O(n + m). A cycle ends where it
    was reached before. The floor of anything but a service is its own only.

    Args:
        topology: Where to walk; its own criticality is not read.
        floors: uint8 (n,), manual floors, 0 where none is given.
    """
    reached = np.full(len(floors), LOWEST, dtype=np.uint8)
    services = np.flatnonzero(topology.flags & SERVICE).astype(np.int32)
    for level in range(HIGHEST, LOWEST, -1):
        frontier = services[(floors[services] == level) & (reached[services] < level)]
        while len(frontier):
            reached[frontier] = level
            positions, _ = row_positions(topology.providers_of, frontier)
            providers = topology.providers_of.ends[positions]
            frontier = _distinct(providers[reached[providers] < level])
    return np.maximum(reached, floors)


def _distinct(nodes: NDArray[np.int32]) -> NDArray[np.int32]:
    # Sorting is several times faster here than the hashing of `np.unique`.
    nodes.sort()
    is_first = np.ones(len(nodes), dtype=np.bool_)
    is_first[1:] = nodes[1:] != nodes[:-1]
    return nodes[is_first]
