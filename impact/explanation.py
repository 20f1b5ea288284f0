"""What is the whole evidence behind one affected CI?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from impact.blast_radius import blast_radius
from impact.evidence import Evidence, Step
from impact.model import Outage, State
from impact.views import Standing, standing

if TYPE_CHECKING:
    from impact.topology import Topology


@dataclass(frozen=True, slots=True)
class GateCount:
    """How a gate on the way was counted; `down` and `degraded` name members, sorted."""

    ci: str
    state: State
    members: int
    k_min: int
    k_full: int
    down: tuple[str, ...]
    degraded: tuple[str, ...]
    is_under_strength: bool


@dataclass(frozen=True, slots=True)
class Account:
    """The evidence of one world.

    Attributes:
        standing: How the CI stands.
        steps: Every step that carries harm towards the CI, over any way, sorted by provider,
            dependent and strength. On a cycle the steps may lead in a circle.
        outages: Ids of the CIs with an own state at which the steps begin, sorted.
        gates: The gates on the way, the CI included, by id.
    """

    standing: Standing
    steps: tuple[Step, ...]
    outages: tuple[str, ...]
    gates: tuple[GateCount, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a CI stands as it does; `worst` differs from `best` where something is unknown.

    `chain` is a shortest chain of steps, `single_failures` as in `Hit`.
    """

    ci: str
    best: Account
    worst: Account
    chain: tuple[Step, ...]
    single_failures: tuple[str, ...] | None
    is_affected: bool
    is_partial: bool


def explain(
    topology: Topology,
    outages: Iterable[Outage],
    node: str,
    *,
    budget: int | None = None,
    at: datetime | None = None,
) -> Explanation:
    """Return the full evidence sub-graph of one CI under `outages`.

    Without `at` and where windows or tolerances play a part, it explains the moment at which the
    CI stands at its worst. A CI that is not affected has no steps.

    Complexity: that of `blast_radius`, then O(edges among affected CIs) in plain Python.

    Raises:
        UnknownNode: `node` or an outage names a CI that takes no part.

    Examples:
        >>> from impact import Topology
        >>> topology = Topology.build(
        ...     ids=["web", "a", "b", "db"], dependents=[0, 0, 1, 2], providers=[1, 2, 3, 3],
        ...     strengths=[0, 0, 0, 0])
        >>> for step in explain(topology, [Outage("db")], "web").best.steps:
        ...     print(step.provider, "->", step.dependent)
        a -> web
        b -> web
        db -> a
        db -> b
    """
    index = topology.index(node)
    radius = blast_radius(topology, outages, budget=budget, at=at)
    hit = radius.hits.find(node)
    views = radius.hits.views[0] if hit is None else hit.views
    best = _account(views.worlds.best_evidence, index)
    same = views.worst is views.best
    return Explanation(
        ci=node,
        best=best,
        worst=best if same else _account(views.worlds.worst_evidence, index),
        chain=() if hit is None else hit.evidence,
        single_failures=() if hit is None else hit.single_failures,
        is_affected=hit is not None,
        is_partial=radius.is_partial,
    )


def _account(evidence: Evidence, node: int) -> Account:
    places = evidence.sub_graph(node) if node in evidence.facts else []
    steps = tuple(sorted(evidence.step(position, provider) for position, provider in places))
    ids, seeds = evidence.topology.ids, evidence.world.seeds
    involved = {node} | {provider for _, provider in places}
    return Account(
        standing=standing(evidence.world, node),
        steps=steps,
        outages=tuple(sorted(ids[place] for place in involved if place in seeds)),
        gates=_gate_counts(evidence, involved),
    )


def _gate_counts(evidence: Evidence, nodes: set[int]) -> tuple[GateCount, ...]:
    topology, world = evidence.topology, evidence.world
    gates, counts = topology.gates, []
    for node in sorted(nodes, key=topology.ids.__getitem__):
        slot = gates.slot(node)
        if slot < 0:
            continue
        states = {member: world.state_of(member) for member in evidence.members(node)}
        by_state = {
            state: tuple(sorted(topology.ids[m] for m, found in states.items() if found == state))
            for state in State
        }
        counts.append(
            GateCount(
                ci=topology.ids[node],
                state=State(world.state_of(node)),
                members=int(gates.members[slot]),
                k_min=int(gates.k_min[slot]),
                k_full=int(gates.k_full[slot]),
                down=by_state[State.DOWN],
                degraded=by_state[State.DEGRADED],
                is_under_strength=bool(gates.is_under_strength[slot]),
            )
        )
    return tuple(counts)
