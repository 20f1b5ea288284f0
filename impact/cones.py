"""What do given nodes rely on for not being DOWN, in an order in which providers come first?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import GATE, HARD, KIND, Bool, Int32, Rows, build_rows, row_positions
from impact.gates import NEVER

if TYPE_CHECKING:
    from impact.fast.kernels import Kernels
    from impact.topology import Topology


@dataclass(frozen=True, eq=False)
class Cone:
    """The nodes that some nodes rely on by hard edges and memberships, numbered providers first.

    The nodes of a cycle stand side by side; numbers below are places in `nodes`.

    Attributes:
        nodes: int32 (k,), node indices.
        starts: int32 (k + 1,), where the edges of each place begin.
        providers: int32 (e,), the place of the provider of each edge.
        is_member: bool (e,), the provider is a member, not a hard provider.
        needs: int32 (k,), how many members must be DOWN to take the node DOWN; 0: no gate.
        groups: int32 (c + 1,), where each strongly connected component begins.
    """

    nodes: Int32
    starts: Int32
    providers: Int32
    is_member: Bool
    needs: Int32
    groups: Int32

    @cached_property
    def dependents_of(self) -> Rows:
        """Return the same edges the other way round, by places."""
        places = np.arange(len(self.nodes), dtype=np.int32)
        dependents = np.repeat(places, np.diff(self.starts))
        codes = self.is_member.view(np.uint8)
        return build_rows(len(self.nodes), self.providers, dependents, codes)[0]

    def places_of(self, nodes: Int32) -> Int32:
        """Return int32 (len(nodes),): the place of each of some nodes of the cone."""
        order = np.argsort(self.nodes)
        found: Int32 = order[np.searchsorted(self.nodes, nodes, sorter=order)].astype(np.int32)
        return found


def cone_of(topology: Topology, nodes: Int32, kernels: Kernels | None = None) -> Cone:
    """Return what `nodes` rely on, themselves included; O(n + m)."""
    rows, needs = _relied_on(topology)
    if kernels is None:
        found, groups = _components(rows.starts.tolist(), rows.ends.tolist(), nodes.tolist())
        order, starts = np.array(found, dtype=np.int32), np.array(groups, dtype=np.int32)
    else:
        order, starts = kernels.components(rows.starts, rows.ends, nodes)
    place = np.empty(len(topology), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    positions, counts = row_positions(rows, order)
    begins = np.zeros(len(order) + 1, dtype=np.int32)
    np.cumsum(counts, out=begins[1:])
    is_member = (rows.codes[positions] & KIND) == GATE
    return Cone(order, begins, place[rows.ends[positions]], is_member, needs[order], starts)


def _relied_on(topology: Topology) -> tuple[Rows, Int32]:
    """Return the rows of hard providers and of the members that count, and the needs by node."""
    rows, gates = topology.providers_of, topology.gates
    needs = np.zeros(len(topology), dtype=np.int32)
    needs[gates.nodes] = np.where(gates.fails_at == NEVER, 0, gates.fails_at)
    kinds = rows.codes & KIND
    dependents = np.repeat(np.arange(len(topology), dtype=np.int32), np.diff(rows.starts))
    keeps = (kinds == HARD) | ((kinds == GATE) & (needs > 0)[dependents])
    starts = np.zeros(len(topology) + 1, dtype=np.int32)
    np.cumsum(np.bincount(dependents[keeps], minlength=len(topology)), out=starts[1:])
    return Rows(starts, rows.ends[keeps], rows.codes[keeps]), needs


def _components(
    starts: list[int], ends: list[int], roots: list[int]
) -> tuple[list[int], list[int]]:
    """Return the nodes that roots reach, component by component, and where each begins.

    Components come after those that they reach. Within one, nodes stand in the order in which
    they were finished, so that few rounds over a cycle suffice.

    Source: R. Tarjan (1972), doi:10.1137/0201010.
    """
    low, number = [0] * (len(starts) - 1), 0
    finished = [0] * (len(starts) - 1)
    settled = len(starts) + len(ends)
    order: list[int] = []
    groups = [0]
    stack: list[int] = []
    done = 0
    for root in roots:
        if low[root]:
            continue
        number += 1
        low[root] = number
        stack.append(root)
        work = [(root, number, iter(ends[starts[root] : starts[root + 1]]))]
        while work:
            node, mine, pending = work[-1]
            lowest = low[node]
            for provider in pending:
                seen = low[provider]
                if not seen:
                    number += 1
                    low[provider] = number
                    stack.append(provider)
                    below = iter(ends[starts[provider] : starts[provider + 1]])
                    work.append((provider, number, below))
                    break
                lowest = min(lowest, seen)
            else:
                low[node] = lowest
                work.pop()
                done += 1
                finished[node] = done
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], lowest)
                if lowest == mine:
                    _pop_component(stack, node, order, (low, finished, settled))
                    groups.append(len(order))
                continue
            low[node] = lowest
    return order, groups


def _pop_component(
    stack: list[int], root: int, order: list[int], marks: tuple[list[int], list[int], int]
) -> None:
    low, finished, settled = marks
    begin = len(stack) - 1
    while stack[begin] != root:
        begin -= 1
    component = stack[begin:]
    del stack[begin:]
    for node in component:
        low[node] = settled
    order += sorted(component, key=finished.__getitem__)
