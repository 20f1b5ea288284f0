"""What does a set of causes do to each node? Sweeps, each done once and only if needed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import Int32
from impact.bit_sets import places
from impact.joint_outages.moments import is_fragile
from impact.joint_outages.windows import window_of
from impact.model import Outage
from impact.propagation import UNBOUNDED
from impact.single_failures import SingleFailures
from impact.spread import DOWN
from impact.sweep import LONG_AGO, own_changes, sweep
from impact.world import World, settle_world

if TYPE_CHECKING:
    from impact.topology import Topology

KEPT_SWEEPS = 64


class Spent(Exception):
    """The budget of sweeps is spent."""


class Unclear(Exception):
    """Whether a single CI can take a node DOWN was beyond the budget of that question."""


class Sweeps:
    """Answers about sets of causes in one of the two worlds; sets are bit sets of their numbers.

    Attributes:
        names: Id of each cause, sorted.
        windows: Of each cause, start and end in milliseconds.
        is_relative: No cause has a time.
        budget: Sweeps that are left.
    """

    def __init__(
        self,
        topology: Topology,
        causes: Mapping[str, tuple[Outage, ...]],
        budget: int,
        *,
        is_worst: bool,
    ) -> None:
        """Read the causes; nothing is swept yet."""
        self.names = sorted(causes)
        self.budget = budget
        outages = [causes[name] for name in self.names]
        self.windows = [[window_of(outage) for outage in each] for each in outages]
        self.is_relative = not any(o.is_timed for each in outages for o in each)
        self._topology = topology
        self._is_worst = is_worst
        self._first = 0 if self.is_relative else LONG_AGO
        self._base = own_changes(topology, (), self._first)
        own = [own_changes(topology, each, self._first) for each in outages]
        self._changes = [changes[len(self._base) :] for changes in own]
        self._watched: Int32 = np.empty(0, dtype=np.int32)
        self._states: dict[int, dict[int, int]] = {}
        self._worlds: OrderedDict[int, list[tuple[int, SingleFailures]]] = OrderedDict()
        self._fragile: dict[tuple[int, frozenset[tuple[int, int]]], bool | None] = {}

    def watch(self, nodes: Sequence[int]) -> None:
        """Say, before any sweep, which nodes will be asked about; sorted."""
        self._watched = np.asarray(nodes, dtype=np.int32)

    def state(self, chosen: int, node: int) -> int:
        """Return the worst state that a set of causes brings a watched node to.

        Raises:
            Spent: No sweep is left.
        """
        if chosen not in self._states:
            self._states[chosen] = self._worst_states(chosen)
        return self._states[chosen].get(node, 0)

    def can_fall_alone(self, chosen: int, node: int, reaching: int) -> bool:
        """Tell whether at some moment a single CI can take a node DOWN that still stands.

        Args:
            chosen: The set of causes.
            node: The node.
            reaching: The causes that reach it; others make no difference.

        Raises:
            Spent: No sweep is left.
            Unclear: Beyond the budget of that question.
        """
        targets = self._targets(reaching)
        return any(self._is_fragile(each, node, targets) for _, each in self.worlds(chosen))

    def may_fall_together(self, chosen: int, node: int, reaching: int) -> bool:
        """Tell whether a node is DOWN, or one CI from it, while two or more causes are active.

        Where it never is, no set of them can take its redundancy away; only without tolerances.

        Raises:
            Spent: No sweep is left.
            Unclear: Beyond the budget of that question.
        """
        targets = self._targets(reaching)
        return any(
            each.world.state_of(node) == DOWN or self._is_fragile(each, node, targets)
            for now, each in self.worlds(chosen)
            if self._active(chosen & reaching, now) > 1
        )

    def _targets(self, causes: int) -> set[int]:
        return {node for place in places(causes) for _, _, node, _ in self._changes[place]}

    def _is_fragile(self, failures: SingleFailures, node: int, targets: set[int]) -> bool:
        """Return what `is_fragile` says; without tolerances it hangs on the own states alone."""
        seeds = failures.world.seeds.items()
        key = (node, frozenset(each for each in seeds if each[0] in targets))
        if self._topology.has_tolerances or key not in self._fragile:
            self._fragile[key] = is_fragile(failures, node)
        answer = self._fragile[key]
        if answer is None:
            raise Unclear
        return answer

    def worlds(self, chosen: int) -> list[tuple[int, SingleFailures]]:
        """Return the event points of a set of causes in order; some of the last sweeps are kept.

        Raises:
            Spent: No sweep is left.
        """
        if chosen not in self._worlds:
            if self.budget == 0:
                raise Spent
            self.budget -= 1
            known: dict[int, SingleFailures] = {}
            found = []
            for now, world in self._swept(chosen):
                failures = known.setdefault(id(world), SingleFailures(world))
                found.append((now, failures))
            self._worlds[chosen] = found
            if len(self._worlds) > KEPT_SWEEPS:
                self._worlds.popitem(last=False)
        self._worlds.move_to_end(chosen)
        return self._worlds[chosen]

    def before(self) -> SingleFailures:
        """Return what holds without any cause."""
        seeds: dict[int, int] = {}
        for _, _, node, state in self._base:
            seeds[node] = max(seeds.get(node, 0), state)
        world = settle_world(self._topology, seeds, UNBOUNDED, is_worst=self._is_worst)
        return SingleFailures(world)

    def _swept(self, chosen: int) -> Iterator[tuple[int, World]]:
        changes = list(self._base)
        for place in places(chosen):
            changes += self._changes[place]
        return sweep(self._topology, changes, UNBOUNDED, first=self._first, is_worst=self._is_worst)

    def _worst_states(self, chosen: int) -> dict[int, int]:
        states: dict[int, int] = {}
        if self._is_worst:
            baseline = self._topology.worst_baseline.state
            states = {node: int(baseline[node]) for node in self._watched.tolist()}
        worlds = {id(failures): failures.world for _, failures in self.worlds(chosen)}
        for world in worlds.values():
            for node, state in zip(*self._listed(world), strict=True):
                states[node] = max(states.get(node, 0), state)
        return states

    def _listed(self, world: World) -> tuple[list[int], list[int]]:
        """Return the watched nodes that a world lists, and their states."""
        if not len(world.nodes):
            return [], []
        rows = np.minimum(np.searchsorted(world.nodes, self._watched), len(world.nodes) - 1)
        is_listed = world.nodes[rows] == self._watched
        return self._watched[is_listed].tolist(), world.state[rows[is_listed]].tolist()

    def _active(self, chosen: int, now: int) -> int:
        """Return how many of a set of causes are active at a time."""
        return sum(
            any(start <= now < end for start, end in self.windows[place])
            for place in places(chosen)
        )


def stands_safe(failures: SingleFailures, node: int) -> bool:
    """Tell whether a node is not DOWN and no single CI can take it there."""
    return failures.world.state_of(node) < DOWN and is_fragile(failures, node) is False
