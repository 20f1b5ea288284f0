"""When is a service DOWN, or at least DEGRADED, as a function of what fails by itself?"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass

from impact.arrays import GATE, HARD, KIND, SOFT
from impact.availability.components import strong_components
from impact.gates import NEVER
from impact.structure.building import TreeBuilder
from impact.structure.tree import FALSE, FaultTree
from impact.topology import GROUP, Topology


@dataclass(frozen=True, slots=True)
class Structure:
    """The structure functions of one node.

    Attributes:
        nodes: The nodes whose own failure is an event; event i is that of `nodes[i]`. Pure groups
            have none.
        down: The tree that holds where the node is DOWN.
        degraded: The tree that holds where it is at least DEGRADED.
        unknown: Nodes that were taken as never failing, because their state cannot be judged.
    """

    nodes: tuple[int, ...]
    down: FaultTree
    degraded: FaultTree
    unknown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Needs:
    """What one node relies on: providers by strength, members, and how many may fall."""

    hard: tuple[int, ...]
    soft: tuple[int, ...]
    members: tuple[int, ...]
    fails_at: int
    degrades_at: int


class StructureBuilder:
    """Builds structures over one topology; what services share is read once.

    DOWN and DEGRADED are the least fixed points of the node rule, so a cycle never fails by itself.
    Time plays no part: an edge that tolerates an outage for a while transmits it here at once.

    Args:
        topology: The snapshot. Its own states are left out: what is long true, not what is now.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._needs: dict[int, _Needs] = {}
        self._unknown = set(topology.unknown_nodes.tolist())
        self._group_nodes = set(_pure_groups(topology))

    def build(self, node: int) -> Structure:
        """Return the structure of a node; O(edges of its providers), more on cycles with gates."""
        cone = self._cone(node)
        nodes = tuple(n for n in sorted(cone) if n not in self._group_nodes)
        events = {n: event for event, n in enumerate(nodes)}
        builder = TreeBuilder(len(nodes))
        down = _Layer(builder, events, {n: self._down_terms(n) for n in cone})
        down_of = down.solve()
        degraded = _Layer(builder, events, {n: self._degraded_terms(n, down_of) for n in cone})
        return Structure(
            nodes,
            builder.tree(down_of[node]),
            builder.tree(degraded.solve()[node]),
            tuple(sorted(self._unknown & cone)),
        )

    def _cone(self, node: int) -> set[int]:
        """Return a node and all that it relies on by hard edges, soft edges and memberships."""
        found = {node}
        stack = [node]
        while stack:
            needs = self._needs_of(stack.pop())
            for provider in (*needs.hard, *needs.soft, *needs.members):
                if provider not in found:
                    found.add(provider)
                    stack.append(provider)
        return found

    def _needs_of(self, node: int) -> _Needs:
        if node not in self._needs:
            self._needs[node] = self._read_needs(node)
        return self._needs[node]

    def _read_needs(self, node: int) -> _Needs:
        rows = self._topology.providers_of
        first, last = int(rows.starts[node]), int(rows.starts[node + 1])
        by_kind: dict[int, dict[int, None]] = {HARD: {}, SOFT: {}, GATE: {}}
        for provider, code in zip(
            rows.ends[first:last].tolist(), rows.codes[first:last].tolist(), strict=True
        ):
            if code & KIND in by_kind:
                by_kind[code & KIND][provider] = None
        gates = self._topology.gates
        slot = gates.slot(node)
        fails_at, degrades_at = NEVER, NEVER
        if slot >= 0:
            fails_at, degrades_at = int(gates.fails_at[slot]), int(gates.degrades_at[slot])
        members = tuple(by_kind[GATE]) if fails_at < NEVER else ()
        return _Needs(tuple(by_kind[HARD]), tuple(by_kind[SOFT]), members, fails_at, degrades_at)

    def _down_terms(self, node: int) -> _Terms:
        needs = self._needs_of(node)
        return _Terms(needs.hard, needs.members, needs.fails_at, ())

    def _degraded_terms(self, node: int, down_of: Mapping[int, int]) -> _Terms:
        needs = self._needs_of(node)
        settled = tuple(down_of[provider] for provider in needs.soft)
        return _Terms(needs.hard, needs.members, needs.degrades_at, settled)


@dataclass(frozen=True, slots=True)
class _Terms:
    """A node holds if its event does, a hard provider, something settled, or k of its members."""

    hard: tuple[int, ...]
    members: tuple[int, ...]
    k: int
    settled: tuple[int, ...]


class _Layer:
    """One monotone system of equations, solved component by component."""

    def __init__(
        self, builder: TreeBuilder, events: Mapping[int, int], terms: Mapping[int, _Terms]
    ) -> None:
        self._builder = builder
        self._events = events
        self._terms = terms
        self._found: dict[int, int] = {}

    def solve(self) -> dict[int, int]:
        """Return the reference of each node: the least fixed point."""
        ends = {node: (*terms.hard, *terms.members) for node, terms in self._terms.items()}
        for component in strong_components(ends):
            self._settle(component)
        return self._found

    def _settle(self, component: list[int]) -> None:
        """Iterate from 'never' until nothing changes; as many rounds as nodes always suffice.

        Nodes that rely on each other by hard edges alone hold together, so each such knot takes
        one round less.
        """
        knots = self._knots(component)
        values = dict.fromkeys(component, FALSE)
        for _ in knots:
            before = dict(values)
            known = ChainMap(before, self._found)
            for knot in knots:
                joined = self._builder.any_of(self._value(node, known, set(knot)) for node in knot)
                values.update(dict.fromkeys(knot, joined))
            if values == before:
                break
        self._found |= values

    def _value(self, node: int, known: Mapping[int, int], knot: set[int]) -> int:
        terms = self._terms[node]
        parts = [self._events[node]] if node in self._events else []
        parts += [known[provider] for provider in terms.hard if provider not in knot]
        parts += terms.settled
        if terms.members:
            parts.append(self._builder.at_least(terms.k, [known[m] for m in terms.members]))
        return self._builder.any_of(parts)

    def _knots(self, component: list[int]) -> list[list[int]]:
        if len(component) == 1:
            return [component]
        inside = set(component)
        return strong_components(
            {node: tuple(p for p in self._terms[node].hard if p in inside) for node in component}
        )


def _pure_groups(topology: Topology) -> list[int]:
    found: list[int] = ((topology.flags & GROUP) > 0).nonzero()[0].tolist()
    return found
