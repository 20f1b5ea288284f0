"""Which CIs do symptoms rely on, how many of them, and how far away?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import Int32, distinct, row_positions
from impact.scratch import borrow_scratch

if TYPE_CHECKING:
    from impact.topology import Topology


def find_upstream(
    topology: Topology, symptoms: Int32, most: int
) -> tuple[dict[int, tuple[int, int]], bool]:
    """Return, for each node that a symptom relies on, how many do and the sum of distances.

    Every symptom relies on itself, at distance 0. Chains of hard, soft and gate edges count.

    Args:
        topology: The snapshot.
        symptoms: Their nodes.
        most: Nodes to look at for one symptom; the nearest ones.

    Returns:
        The nodes with (symptoms, distance), and whether none was left out.

    Complexity: O(edges of the part reached) for each symptom.
    """
    counts: dict[int, tuple[int, int]] = {}
    is_whole = True
    for symptom in symptoms.tolist():
        levels, is_all = _levels(topology, symptom, most)
        is_whole &= is_all
        for distance, level in enumerate(levels):
            for node in level.tolist():
                known = counts.get(node, (0, 0))
                counts[node] = known[0] + 1, known[1] + distance
    return counts, is_whole


def _levels(topology: Topology, start: int, most: int) -> tuple[list[Int32], bool]:
    rows = topology.providers_of
    level = np.asarray([start], dtype=np.int32)
    levels = [level]
    count = 1
    with borrow_scratch(topology) as scratch:
        scratch.mark[level] = 1
        while len(level) and count <= most:
            positions, _ = row_positions(rows, level)
            ends = rows.ends.take(positions)
            level = distinct(ends.compress(scratch.mark.take(ends) == 0))
            scratch.mark[level] = 1
            levels.append(level)
            count += len(level)
        for each in levels:
            scratch.mark[each] = 0
    return levels, count <= most
