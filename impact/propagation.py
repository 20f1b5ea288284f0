"""Which CIs become DOWN or DEGRADED under given outages, and where is that not certain?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import Int32, UInt8, distinct
from impact.errors import InvalidBudget
from impact.model import Outage, State
from impact.risk import find_reliance
from impact.scratch import Baseline, Scratch, borrow_scratch, is_much
from impact.spread import DEGRADED, DOWN, UP, Effect, Spread
from impact.timers import Timers

if TYPE_CHECKING:
    from impact.topology import Topology

UNBOUNDED = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """The states that outages change, as sparse arrays in ascending node order.

    Attributes:
        nodes: int32 (k,), indices into `Topology.ids`; every other node keeps its state.
        best: uint8 (k,), codes of `State` if every unknown node is UP.
        worst: uint8 (k,), the same if every unknown node is DOWN; the same array as `best` where
            nothing is unknown.
        is_partial: The budget ended the walk: more nodes may be affected, and worse.
    """

    nodes: Int32
    best: UInt8
    worst: UInt8
    is_partial: bool

    def of(self, node: int) -> tuple[State, State]:
        """Return the state of a node index in the best and in the worst world."""
        place = int(np.searchsorted(self.nodes, node))
        if place == len(self.nodes) or int(self.nodes[place]) != node:
            return State.UP, State.UP
        return State(int(self.best[place])), State(int(self.worst[place]))


def propagate(
    topology: Topology, outages: Iterable[Outage], *, budget: int | None = None
) -> States:
    """Return the states that `outages`, all at once and lasting, bring about.

    DOWN is the least fixed point; DEGRADED the least fixed point given DOWN. A cycle never fails
    by itself, and the order of outages has no influence. Times and tolerances are left out: ask
    `timeline` for them. Own states of the topology take part.

    Args:
        topology: The snapshot to ask.
        outages: Own states to set; of several for one CI the worst counts.
        budget: Largest number of affected CIs to follow; None: no limit.

    Complexity: O(edges of the part reached), twice where something is unknown. Nodes that are
    not UP in the worst world without any outage are listed only if the outages change them.

    Raises:
        UnknownNode: An outage names a CI that takes no part.
        InvalidBudget: A budget below 1.

    Examples:
        >>> from impact import Outage, Strength, Topology
        >>> topology = Topology.build(
        ...     ids=["web", "api", "db"], dependents=[0, 1], providers=[1, 2],
        ...     strengths=[Strength.SOFT, Strength.HARD])
        >>> states = propagate(topology, [Outage("db")])
        >>> [(topology.ids[node], State(code).name) for node, code in
        ...  zip(states.nodes, states.best)]
        [('web', 'DEGRADED'), ('api', 'DOWN'), ('db', 'DOWN')]
    """
    seeds = own_states(topology, outages)
    limit = check_budget(budget)
    with settled(topology, seeds, limit) as (scratch, effect):
        nodes = _affected(scratch, effect)
        best = scratch.state.take(nodes)
        is_partial = effect.is_partial
    if not len(topology.unknown_nodes):
        return States(nodes, best, best, is_partial)
    with settled(topology, seeds, limit, is_worst=True) as (scratch, effect):
        nodes = distinct(np.concatenate([nodes, effect.down, effect.degraded]))
        worst = scratch.state[nodes]
        is_partial |= effect.is_partial
    with settled(topology, seeds, limit) as (scratch, _):
        return States(nodes, scratch.state[nodes], worst, is_partial)


def own_states(topology: Topology, outages: Iterable[Outage]) -> dict[int, int]:
    """Return the worst own state of each node index, own states of the topology included."""
    worst = dict(zip(topology.own[0].tolist(), topology.own[1].tolist(), strict=True))
    for outage in outages:
        node = topology.index(outage.ci)
        worst[node] = max(worst.get(node, 0), int(outage.state))
    return worst


def check_budget(budget: int | None) -> int:
    """Return the budget as a number.

    Raises:
        InvalidBudget: It is below 1.
    """
    if budget is not None and budget < 1:
        raise InvalidBudget(budget)
    return UNBOUNDED if budget is None else budget


@contextmanager
def settled(
    topology: Topology,
    seeds: dict[int, int],
    budget: int,
    *,
    is_worst: bool = False,
    timers: Timers | None = None,
) -> Iterator[tuple[Scratch, Effect]]:
    """Lend the scratch while it holds the states that `seeds` bring about, and the effect."""
    down = [node for node, state in seeds.items() if state == DOWN]
    degraded = [node for node, state in seeds.items() if state == DEGRADED]
    with borrow_scratch(topology, is_worst=is_worst) as scratch:
        spread = Spread(scratch, budget, timers)
        yield scratch, spread.run(down, degraded)
        spread.restore()


def compute_worst_baseline(topology: Topology) -> Baseline:
    """Return what holds before any outage if all unknown nodes are DOWN; once per topology."""
    seeds = dict.fromkeys(topology.unknown_nodes.tolist(), DOWN)
    with settled(topology, seeds, UNBOUNDED) as (scratch, effect):
        is_at_risk = np.zeros(len(topology), dtype=np.bool_)
        relying = find_reliance(scratch, effect, UNBOUNDED).nodes
        is_at_risk[relying] = scratch.state[relying] < DOWN
        return Baseline(
            scratch.state.copy(),
            scratch.members_down.copy(),
            scratch.members_degraded.copy(),
            is_at_risk,
        )


def _affected(scratch: Scratch, effect: Effect) -> Int32:
    """Return the nodes of an effect in ascending order, while the scratch of rest UP holds it."""
    nodes: Int32
    if is_much(len(effect.down) + len(effect.degraded), len(scratch.state)):
        nodes = (scratch.state != UP).nonzero()[0].astype(np.int32)
        return nodes
    nodes = np.concatenate([effect.down, effect.degraded])
    nodes.sort()
    return nodes
