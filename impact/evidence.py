"""Why is a CI affected? The shortest chain of steps, and the whole sub-graph behind one hit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from impact.arrays import GATE, HARD, INFERRED, KIND, REPEATED, SOFT, STRENGTH, TOLERANT
from impact.model import State, Strength
from impact.spread import DEGRADED, DOWN

if TYPE_CHECKING:
    from impact.world import World


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One edge over which harm travelled: from `provider` to `dependent`.

    `state` is what the dependent is in; UP means that it is only AT_RISK.
    """

    provider: str
    dependent: str
    strength: Strength
    state: State
    is_inferred: bool


class Evidence:
    """The steps of one world, computed when first asked for.

    A step counts if it carries what the dependent shows: DOWN from a DOWN hard provider or
    member; DEGRADED from a provider at least DEGRADED (hard), a DOWN provider (soft), or a member
    that is not UP; AT_RISK from a DOWN member, a CI at risk (hard), or a tolerated DOWN provider.
    """

    def __init__(self, world: World) -> None:
        """Keep the world; nothing is computed yet."""
        self.world = world
        self.topology = world.topology

    @cached_property
    def facts(self) -> dict[int, tuple[int, bool]]:
        """Return state and AT_RISK mark of each listed node."""
        world = self.world
        pairs = zip(world.state.tolist(), world.at_risk.tolist(), strict=True)
        return dict(zip(world.nodes.tolist(), pairs, strict=True))

    @cached_property
    def lost_gates(self) -> frozenset[int]:
        """Return gates with a DOWN member among the listed nodes."""
        rows = self.topology.dependents_of
        return frozenset(
            int(rows.ends[position])
            for node, (state, _) in self.facts.items()
            if state == DOWN
            for position in range(int(rows.starts[node]), int(rows.starts[node + 1]))
            if int(rows.codes[position]) & STRENGTH == GATE and self._passes(position, node, DOWN)
        )

    @cached_property
    def arrivals(self) -> dict[int, tuple[int, int]]:
        """Return for each reached node the position and provider of its step; sources have -1.

        Breadth first from the outages, level by level. Of equally short chains the one whose last
        provider has the smallest id wins, then the stronger edge.
        """
        ids = self.topology.ids
        level = [node for node in self.world.seeds if node in self.facts]
        found = dict.fromkeys(level, (-1, -1))
        while level:
            fresh: dict[int, tuple[int, int]] = {}
            for node in sorted(level, key=ids.__getitem__):
                for position, dependent in self._steps_from(node):
                    if dependent not in found and dependent not in fresh:
                        fresh[dependent] = (position, node)
            found.update(fresh)
            level = list(fresh)
        return found

    def chain(self, node: int) -> tuple[Step, ...]:
        """Return a shortest chain of steps from an outage to `node`; empty for an outage itself."""
        steps: list[Step] = []
        position, provider = self.arrivals.get(node, (-1, -1))
        while position >= 0:
            steps.append(self.step(position, provider))
            position, provider = self.arrivals[provider]
        return tuple(reversed(steps))

    def reaches(self, node: int) -> bool:
        """Tell whether a chain from an outage leads to `node` in this world."""
        return node in self.arrivals

    def step(self, position: int, provider: int) -> Step:
        """Return the step over one edge."""
        rows = self.topology.dependents_of
        dependent, code = int(rows.ends[position]), int(rows.codes[position])
        return Step(
            self.topology.ids[provider],
            self.topology.ids[dependent],
            Strength(code & STRENGTH),
            State(self.world.state_of(dependent)),
            bool(code & INFERRED),
        )

    def sub_graph(self, node: int) -> list[tuple[int, int]]:
        """Return (position, provider) of every step that leads, over any way, to `node`."""
        before: dict[int, list[tuple[int, int]]] = {}
        for provider in self.arrivals:
            for position, dependent in self._steps_from(provider):
                before.setdefault(dependent, []).append((position, provider))
        seen, queue = {node}, [node]
        steps: list[tuple[int, int]] = []
        while queue:
            for position, provider in before.get(queue.pop(), ()):
                steps.append((position, provider))
                if provider not in seen:
                    seen.add(provider)
                    queue.append(provider)
        return steps

    def failed_members(self, node: int) -> tuple[str, ...]:
        """Return the members that brought a gate to what it shows, sorted by id.

        For a DOWN gate and one that lost redundancy these are the DOWN members; for a DEGRADED
        one all that are not UP. A node that is no gate has none.
        """
        topology = self.topology
        if topology.gates.slot(node) < 0:
            return ()
        state = self.world.state_of(node)
        least = DEGRADED if state == DEGRADED else DOWN
        members = self.members(node)
        return tuple(sorted(topology.ids[m] for m in members if self.world.state_of(m) >= least))

    def members(self, node: int) -> set[int]:
        """Return the distinct members of a gate."""
        rows = self.topology.providers_of
        first, last = int(rows.starts[node]), int(rows.starts[node + 1])
        return {
            int(rows.ends[position])
            for position in range(first, last)
            if int(rows.codes[position]) & KIND == GATE
        }

    def _steps_from(self, node: int) -> Iterator[tuple[int, int]]:
        """Yield (position, dependent) of the steps that leave a node, stronger edges first."""
        rows = self.topology.dependents_of
        first, last = int(rows.starts[node]), int(rows.starts[node + 1])
        codes = rows.codes[first:last].tolist()
        ends = rows.ends[first:last].tolist()
        for offset in sorted(range(last - first), key=lambda place: codes[place] & STRENGTH):
            dependent = ends[offset]
            if dependent in self.facts and not codes[offset] & REPEATED:
                position = first + offset
                if self._carries(position, node, dependent, codes[offset] & KIND):
                    yield position, dependent

    def _carries(self, position: int, provider: int, dependent: int, kind: int) -> bool:
        state, at_risk = self.facts[provider]
        shown, _ = self.facts[dependent]
        if shown == DOWN:
            return kind != SOFT and state == DOWN and self._passes(position, provider, DOWN)
        if shown == DEGRADED:
            least = DOWN if kind == SOFT else DEGRADED
            return state >= least and self._passes(position, provider, least)
        if kind == HARD:
            return at_risk or state == DOWN
        return kind == GATE and state == DOWN and dependent in self.lost_gates

    def _passes(self, position: int, provider: int, level: int) -> bool:
        timers = self.world.timers
        if timers is None or not int(self.topology.dependents_of.codes[position]) & TOLERANT:
            return True
        return timers.passes_at(position, provider, level) <= timers.now
