"""Which CIs, failing alone on top of the present outages, would take a given CI DOWN?

For a node x, F(x) holds the CIs whose failure makes x DOWN: x itself, all of F(p) for its hard
providers p and, for a gate that t more DOWN members take down, the CIs in F of at least t of its
standing members. On cycles F is the least fixed point. Sets are integers used as bit sets.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from impact.arrays import GATE, HARD, KIND, TOLERANT
from impact.gates import NEVER
from impact.scratch import as_memory
from impact.spread import DOWN
from impact.topology import GROUP

if TYPE_CHECKING:
    from impact.world import World

DEFAULT_BUDGET = 20_000


class SingleFailures:
    """Answers for one world; what was computed for one CI is kept for the next."""

    def __init__(self, world: World, budget: int | None = None) -> None:
        """Keep the world; `budget` limits the number of CIs looked at for each answer.

        CIs that earlier answers looked at cost nothing. Once they are twice as many as the budget
        allows, all are forgotten, so that the memory of many answers has a bound too.
        """
        self.world = world
        self.topology = world.topology
        self.budget = DEFAULT_BUDGET if budget is None else budget
        self.rows = _RowReader(world)
        self.numbered: list[int] = []
        self.bits: dict[int, int] = {}
        self.needs: dict[int, tuple[list[int], list[int], int]] = {}

    def of(self, node: int) -> tuple[str, ...] | None:
        """Return ids of the CIs, sorted; None if the budget did not suffice.

        The node itself and pure groups are left out: the failure of a group is that of its
        members. An empty answer proves that no single CI takes the node DOWN.
        """
        if not self._solve(node):
            return None
        rest, found = self.bits[node], []
        while rest:
            lowest = rest & -rest
            culprit = self.numbered[lowest.bit_length() - 1]
            rest ^= lowest
            if culprit != node:
                found.append(self.topology.ids[culprit])
        return tuple(sorted(found))

    def _solve(self, start: int) -> bool:
        """Compute F for everything `start` relies on, providers first; False beyond the budget.

        Tarjan's strongly connected components, iteratively; each is emitted after those it
        relies on.

        Source: R. Tarjan (1972), doi:10.1137/0201010.
        """
        if start in self.bits:
            return True
        if len(self.bits) > 2 * self.budget:
            self.bits, self.numbered = {}, []
        self.needs = {}
        order: dict[int, int] = {}
        low: dict[int, int] = {}
        stack: list[int] = []
        work = [(start, iter(self._enter(start, order, low, stack)))]
        while work:
            node, pending = work[-1]
            for provider in pending:
                if provider in self.bits:
                    continue
                if provider not in order:
                    if len(order) >= self.budget:
                        return False
                    work.append((provider, iter(self._enter(provider, order, low, stack))))
                    break
                low[node] = min(low[node], order[provider])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    self._settle(_pop_component(stack, node))
        return True

    def _enter(
        self, node: int, order: dict[int, int], low: dict[int, int], stack: list[int]
    ) -> list[int]:
        order[node] = low[node] = len(order)
        stack.append(node)
        self.needs[node] = self._read_needs(node)
        hard, members, _ = self.needs[node]
        return hard + members

    def _read_needs(self, node: int) -> tuple[list[int], list[int], int]:
        """Return standing hard providers, standing members, and how many of these must fall.

        A DOWN provider whose outage is tolerated so far is neither: it has not arrived yet, and
        it cannot fail again.
        """
        world, reader = self.world, self.rows
        hard: list[int] = []
        members: list[int] = []
        fallen = 0
        for provider, code in reader.row(node):
            kind = code & KIND
            if kind not in (HARD, GATE):
                continue
            if reader.state(provider) < DOWN:
                (hard if kind == HARD else members).append(provider)
            elif kind == GATE:
                fallen += not code & TOLERANT or world.has_passed(provider, node)
        limit = reader.fails_at(node)
        return hard, (members if limit < NEVER else []), limit - fallen

    def _settle(self, component: list[int]) -> None:
        for node in component:
            if self.rows.flags[node] & GROUP:
                self.bits[node] = 0
            else:
                self.bits[node] = 1 << len(self.numbered)
                self.numbered.append(node)
        is_settled = False
        while not is_settled:
            is_settled = True
            for node in component:
                grown = self.bits[node] | self._from_needs(node)
                if grown != self.bits[node]:
                    self.bits[node] = grown
                    is_settled = len(component) == 1
        for node in component:
            del self.needs[node]

    def _from_needs(self, node: int) -> int:
        hard, members, more = self.needs[node]
        found = 0
        for provider in hard:
            found |= self.bits[provider]
        if not members:
            return found
        return found | at_least([self.bits[member] for member in members], more)


class _RowReader:
    """Rows, states and limits one by one, which plain memory gives faster than arrays do."""

    def __init__(self, world: World) -> None:
        rows, gates = world.topology.providers_of, world.topology.gates
        self.starts, self.ends = as_memory(rows.starts), as_memory(rows.ends)
        self.codes = as_memory(rows.codes)
        self.limits = as_memory(gates.fails_at)
        self.slots = as_memory(world.topology.gate_slots if len(gates.nodes) else gates.nodes)
        self.flags = as_memory(world.topology.flags)
        self.listed, self.states = as_memory(world.nodes), as_memory(world.state)
        self.rest = as_memory(world.topology.worst_baseline.state) if world.is_worst else None

    def row(self, node: int) -> Iterator[tuple[int, int]]:
        """Return the provider and the code of each edge of a node."""
        first, last = self.starts[node], self.starts[node + 1]
        return zip(self.ends[first:last], self.codes[first:last], strict=True)

    def state(self, node: int) -> int:
        """Return the state code of any node, as `World.state_of` does."""
        place = bisect_left(self.listed, node)
        if place < len(self.listed) and self.listed[place] == node:
            return self.states[place]
        return 0 if self.rest is None else self.rest[node]

    def fails_at(self, node: int) -> int:
        """Return how many members must be DOWN to take a node DOWN, NEVER where it is no gate."""
        slot = self.slots[node] if len(self.limits) else -1
        return self.limits[slot] if slot >= 0 else NEVER


def at_least(sets: list[int], count: int) -> int:
    """Return the bits that are in at least `count` of the sets; none if count exceeds their number.

    Examples:
        >>> bin(at_least([0b011, 0b110, 0b010], 2))
        '0b10'
    """
    if count < 1 or count > len(sets):
        return 0
    reached = [0] * (count + 1)
    for bits in sets:
        for size in range(count, 1, -1):
            reached[size] |= reached[size - 1] & bits
        reached[1] |= bits
    return reached[count]


def _pop_component(stack: list[int], root: int) -> list[int]:
    component = []
    while True:
        component.append(stack.pop())
        if component[-1] == root:
            return component
