"""Which minimal sets of causes harm which nodes, in one of the two worlds?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import HARD, KIND, distinct
from impact.bit_sets import bits, places
from impact.joint_outages.guilty_sets import Monotone, Question, TooManySets, minimal_sets
from impact.joint_outages.model import JointEffect
from impact.joint_outages.moments import Moments, is_fragile, left_gates, spans_of
from impact.joint_outages.sweeps import Spent, Sweeps, Unclear, stands_safe
from impact.joint_outages.windows import components
from impact.model import Outage
from impact.reach import reachable
from impact.spread import DOWN
from impact.topology import GROUP

if TYPE_CHECKING:
    from impact.topology import Topology

LEAST = {JointEffect.DOWN: DOWN, JointEffect.DEGRADED: 1, JointEffect.REDUNDANCY_LOST: 0}
"""The state of a gate from which on it has part in an effect."""

LARGEST_ENUMERATED = 3
Found = tuple[int, JointEffect, tuple[str, ...], Moments]


class ConflictSearch:
    """Searches one world; `incomplete` are the nodes for which a set may be missing."""

    def __init__(
        self,
        topology: Topology,
        causes: Mapping[str, tuple[Outage, ...]],
        nodes: Sequence[int],
        budget: int,
        *,
        is_worst: bool = False,
    ) -> None:
        """Find out which causes reach which nodes; nothing is swept yet."""
        self.incomplete: set[int] = set()
        self._topology = topology
        self._sweeps = Sweeps(topology, causes, budget, is_worst=is_worst)
        self._windows = self._sweeps.windows
        self._everything = (1 << len(self._sweeps.names)) - 1
        outages = [causes[name] for name in self._sweeps.names]
        self._reached = _reaching(topology, outages, nodes)
        self._sweeps.watch(list(self._reached))
        self._before = self._sweeps.before()

    def run(self) -> Iterator[Found]:
        """Yield (node, effect, causes, moments) of every conflict, in no order."""
        chosen: dict[int, list[tuple[int, JointEffect]]] = {}
        for node, reaching in self._reached.items():
            down = set(self._search(node, reaching, DOWN))
            degraded = set(self._search(node, reaching, LEAST[JointEffect.DEGRADED])) - down
            fragile = set(self._search_fragile(node, reaching))
            for effect, sets in zip(JointEffect, (down, degraded, fragile), strict=True):
                for each in sets:
                    chosen.setdefault(each, []).append((node, effect))
        self._sweeps.budget += len(chosen)  # what was found is told even if the budget is spent
        for each, effects in sorted(chosen.items()):
            yield from self._told(each, effects)

    def _search(self, node: int, reaching: int, level: int) -> Iterator[int]:
        """Yield minimal sets of two or more causes; the node is `incomplete` if the budget ends."""
        try:
            if self._before.world.state_of(node) >= level:
                return
            innocent = self._without_culprits(node, reaching, level)
            for component in components(self._windows, innocent):
                yield from minimal_sets(
                    component, Monotone(lambda chosen: self._sweeps.state(chosen, node) >= level)
                )
        except (Spent, TooManySets):
            self.incomplete.add(node)

    def _without_culprits(self, node: int, reaching: int, level: int) -> int:
        """Leave out the causes that do it alone; nothing is left where all of them do not."""
        if self._sweeps.state(self._everything, node) < level:
            return 0
        culprits = [bit for bit in bits(reaching) if self._sweeps.state(bit, node) >= level]
        return reaching & ~sum(culprits)

    def _search_fragile(self, node: int, reaching: int) -> list[int]:
        """Return minimal sets under which a single CI can take a node DOWN that stood safe."""

        def holds(chosen: int) -> bool:
            return self._sweeps.state(chosen, node) == DOWN or self._is_fragile(chosen, node)

        found: list[int] = []
        try:
            for component in components(self._windows, reaching):
                if not self._was_safe(node):
                    break
                if self._topology.has_tolerances:
                    found += self._enumerated(component, holds, node)
                elif self._sweeps.may_fall_together(self._everything, node, component):
                    found += minimal_sets(component, Monotone(holds))
            return [each for each in found if each.bit_count() > 1 and self._is_fragile(each, node)]
        except (Spent, Unclear, TooManySets):
            self.incomplete.add(node)
            return []

    def _is_fragile(self, chosen: int, node: int) -> bool:
        return self._sweeps.can_fall_alone(chosen, node, self._reached[node])

    def _enumerated(self, component: int, holds: Question, node: int) -> list[int]:
        """Return minimal sets of up to three causes, without relying on monotony."""
        found: list[int] = []
        singles = list(bits(component))
        for size in range(1, min(LARGEST_ENUMERATED, len(singles)) + 1):
            for chosen in combinations(singles, size):
                joined = sum(chosen)
                is_minimal = not any(known & joined == known for known in found)
                hangs_together = size == 1 or len(components(self._windows, joined)) == 1
                if is_minimal and hangs_together and holds(joined):
                    found.append(joined)
        if len(singles) > LARGEST_ENUMERATED:
            self.incomplete.add(node)
        return found

    def _was_safe(self, node: int) -> bool:
        """Tell whether no single CI could take a node DOWN before all causes."""
        rows = self._topology.providers_of
        first, last = int(rows.starts[node]), int(rows.starts[node + 1])
        hard = rows.ends[first:last][(rows.codes[first:last] & KIND) == HARD]
        if (self._topology.flags[hard[hard != node]] & GROUP == 0).any():
            return False  # a plain CI that it relies on can
        return stands_safe(self._before, node)

    def _told(self, chosen: int, effects: list[tuple[int, JointEffect]]) -> Iterator[Found]:
        causes = tuple(self._sweeps.names[place] for place in places(chosen))
        moments = self._sweeps.worlds(chosen)
        for node, effect in effects:
            is_lost = effect is JointEffect.REDUNDANCY_LOST
            holds = [
                is_fragile(each, node) is True
                if is_lost
                else each.world.state_of(node) >= LEAST[effect]
                for _, each in moments
            ]
            began = moments[holds.index(True)][1]
            yield (
                node,
                effect,
                causes,
                Moments(
                    spans_of(
                        [now for now, _ in moments], holds, is_relative=self._sweeps.is_relative
                    ),
                    left_gates(began.world, node, level=LEAST[effect]),
                    (began.of(node) or ()) if is_lost else (),
                ),
            )


def _reaching(
    topology: Topology, outages: list[tuple[Outage, ...]], nodes: Sequence[int]
) -> dict[int, int]:
    """Return which causes reach each node, for the nodes that two or more do."""
    wanted = distinct(np.asarray(nodes, dtype=np.int32))
    found: dict[int, int] = {}
    for place, each in enumerate(outages):
        targets = np.asarray([topology.index(outage.ci) for outage in each], dtype=np.int32)
        reached = np.concatenate([targets, reachable(topology, [o.ci for o in each])])
        for node in wanted[np.isin(wanted, reached)].tolist():
            found[node] = found.get(node, 0) | 1 << place
    return {node: causes for node, causes in sorted(found.items()) if causes.bit_count() > 1}
