"""Which nodes rely on the given ones at all, over any chain of hard, soft or gate edges?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import Int32, distinct, row_positions
from impact.scratch import Scratch, borrow_scratch

if TYPE_CHECKING:
    from impact.topology import Topology

# Below this many frontier nodes a plain loop beats the fixed cost of array calls.
SMALL_FRONTIER = 48


def reachable(topology: Topology, sources: Iterable[str]) -> Int32:
    """Return the indices of all nodes that rely on `sources`, which are not among them.

    Args:
        topology: The snapshot to ask.
        sources: Ids to start from.

    Returns:
        int32 (reached,), in ascending order. A source that relies on another source or, on a
        cycle, on itself is still left out.

    Complexity: O(edges of the part reached); weak edges are not walked.

    Raises:
        UnknownNode: A source takes no part in the topology.

    Examples:
        >>> from impact import Topology
        >>> topology = Topology.build(
        ...     ids=["web", "api", "db"], dependents=[0, 1], providers=[1, 2], strengths=[0, 1])
        >>> [topology.ids[node] for node in reachable(topology, ["db"])]
        ['web', 'api']
    """
    start = list(dict.fromkeys(topology.index(ci) for ci in sources))
    with borrow_scratch(topology) as scratch:
        found = walk(scratch, start)
        scratch.mark[found] = 0
    reached = found[len(start) :]
    reached.sort()
    return reached


def walk(scratch: Scratch, start: list[int]) -> Int32:
    """Return start and everything that relies on it, marked 1 in `scratch.mark`."""
    marks = scratch.mark_bytes
    for node in start:
        marks[node] = 1
    found: list[Int32] = [np.asarray(start, dtype=np.int32)]
    small = start
    while small:
        if len(small) > SMALL_FRONTIER:
            wide = np.asarray(small, dtype=np.int32)
            while len(wide) > SMALL_FRONTIER:
                wide = _step_wide(scratch, wide)
                found.append(wide)
            small = wide.tolist()
            continue
        small = _step_small(scratch, small)
        found.append(np.asarray(small, dtype=np.int32))
    return np.concatenate(found)


def _step_small(scratch: Scratch, frontier: list[int]) -> list[int]:
    marks, starts, ends = scratch.mark_bytes, scratch.starts, scratch.ends
    fresh = []
    for node in frontier:
        for end in ends[starts[node] : starts[node + 1]].tolist():
            if not marks[end]:
                marks[end] = 1
                fresh.append(end)
    return fresh


def _step_wide(scratch: Scratch, frontier: Int32) -> Int32:
    rows = scratch.topology.dependents_of
    positions, _ = row_positions(rows, frontier)
    ends = rows.ends.take(positions)
    fresh = distinct(ends.compress(scratch.mark.take(ends) == 0))
    scratch.mark[fresh] = 1
    return fresh
