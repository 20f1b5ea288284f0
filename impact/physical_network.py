"""Which devices and links, if they alone are cut, split a physical network? No question of impact.

A network is undirected: a cable carries both ways, and nothing depends on anything. Two cables
between the same devices are two links, and neither is a bridge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from impact.arrays import as_nodes, build_rows
from impact.errors import InvalidTopology


@dataclass(frozen=True, slots=True)
class CutPoints:
    """What holds a network together alone.

    Attributes:
        articulation_points: Nodes without which more parts are left than before, ascending.
        bridges: Positions of such links, ascending.
    """

    articulation_points: tuple[int, ...]
    bridges: tuple[int, ...]


def find_cut_points(nodes: int, ones: Sequence[int], others: Sequence[int]) -> CutPoints:
    """Return the articulation points and bridges of an undirected network. O(n + m).

    Args:
        nodes: Number of nodes.
        ones: One end of each link.
        others: Its other end. Parallel links stay apart; a link from a node to itself is none.

    Raises:
        InvalidTopology: An end that is no node, or ends without a partner.

    Source: Hopcroft and Tarjan 1973, Algorithm 447, doi:10.1145/362248.362272.

    Examples:
        A line of three, whose first two are linked twice:

        >>> find_cut_points(3, [0, 0, 1], [1, 1, 2])
        CutPoints(articulation_points=(1,), bridges=(2,))
    """
    first, second = as_nodes("ones", ones, nodes), as_nodes("others", others, nodes)
    if len(first) != len(second):
        raise InvalidTopology("others", f"has {len(second)} ends, not {len(first)}")
    links = len(first)
    keys, ends = np.concatenate([first, second]), np.concatenate([second, first])
    rows, order = build_rows(nodes, keys, ends, np.zeros(2 * links, dtype=np.uint8))
    walk = _Walk(rows.starts.tolist(), rows.ends.tolist(), (order % max(1, links)).tolist())
    for node in range(nodes):
        walk.visit(node)
    return CutPoints(tuple(sorted(walk.points)), tuple(sorted(walk.bridges)))


class _Walk:
    """A depth-first walk that notes how far up each part of its tree reaches back."""

    def __init__(self, starts: list[int], ends: list[int], links: list[int]) -> None:
        self._rows = list(pairwise(starts))
        self._ends = ends
        self._links = links
        self._order = [-1] * len(self._rows)
        self._low = [0] * len(self._rows)
        self._count = 0
        self.points: set[int] = set()
        self.bridges: set[int] = set()

    def visit(self, root: int) -> None:
        """Walk the part that a node is in, unless it was walked already."""
        if self._order[root] >= 0:
            return
        children = 0
        stack = [(root, -1, self._enter(root))]
        while stack:
            node, came_by, pending = stack[-1]
            for position in pending:
                end, link = self._ends[position], self._links[position]
                if link == came_by:
                    continue
                if self._order[end] < 0:
                    stack.append((end, link, self._enter(end)))
                    break
                self._low[node] = min(self._low[node], self._order[end])
            else:
                stack.pop()
                if stack:
                    children += self._leave(node, came_by, stack[-1][0], root)
        if children > 1:
            self.points.add(root)

    def _enter(self, node: int) -> Iterator[int]:
        self._order[node] = self._low[node] = self._count
        self._count += 1
        return iter(range(*self._rows[node]))

    def _leave(self, node: int, came_by: int, parent: int, root: int) -> int:
        """Judge the link to the parent; return 1 if that is the root."""
        self._low[parent] = min(self._low[parent], self._low[node])
        if self._low[node] > self._order[parent]:
            self.bridges.add(came_by)
        if parent == root:
            return 1
        if self._low[node] >= self._order[parent]:
            self.points.add(parent)
        return 0
