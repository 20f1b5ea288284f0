"""Which CIs, failing alone on top of the present outages, would take a given CI DOWN?

For a node x, F(x) holds the CIs whose failure makes x DOWN: x itself, all of F(p) for its hard
providers p and, for a gate that t more DOWN members take down, the CIs in F of at least t of its
standing members. On cycles F is the least fixed point. Sets are integers used as bit sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impact.arrays import GATE, HARD, KIND, TOLERANT
from impact.gates import NEVER
from impact.spread import DOWN
from impact.topology import GROUP

if TYPE_CHECKING:
    from impact.world import World

DEFAULT_BUDGET = 20_000


class SingleFailures:
    """Answers for one world; what was computed for one CI is kept for the next."""

    def __init__(self, world: World, budget: int | None = None) -> None:
        """Keep the world; `budget` limits the number of CIs looked at."""
        self.world = world
        self.topology = world.topology
        self.budget = DEFAULT_BUDGET if budget is None else budget
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
            if culprit != node and not self.topology.flags[culprit] & GROUP:
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
                    if len(order) + len(self.bits) >= self.budget:
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
        rows, world = self.topology.providers_of, self.world
        first, last = int(rows.starts[node]), int(rows.starts[node + 1])
        hard: list[int] = []
        members: list[int] = []
        fallen = 0
        for provider, code in zip(
            rows.ends[first:last].tolist(), rows.codes[first:last].tolist(), strict=True
        ):
            kind = code & KIND
            if kind not in (HARD, GATE):
                continue
            if world.state_of(provider) < DOWN:
                (hard if kind == HARD else members).append(provider)
            elif kind == GATE:
                fallen += not code & TOLERANT or world.has_passed(provider, node)
        slot = self.topology.gates.slot(node)
        limit = int(self.topology.gates.fails_at[slot]) if slot >= 0 else NEVER
        return hard, (members if limit < NEVER else []), limit - fallen

    def _settle(self, component: list[int]) -> None:
        for node in component:
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
        return found | at_least([self.bits[member] for member in members], more)


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
