"""Which causes, harmless alone, together take a service down? The conflicts of changes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from impact.errors import InvalidBudget
from impact.joint_outages.model import Cause, Conflict, JointEffect, JointOutages
from impact.joint_outages.search import ConflictSearch
from impact.model import Outage
from impact.topology import SERVICE, Topology

DEFAULT_BUDGET = 5_000


def joint_outages(
    topology: Topology,
    causes: Iterable[Cause],
    *,
    services: Iterable[str] | None = None,
    budget: int = DEFAULT_BUDGET,
) -> JointOutages:
    """Return every minimal set of two or more causes that together harm a service.

    A cause that takes a service down alone masks nothing: sets without it are still examined.
    Times and tolerances count as in `timeline`: causes that never touch in time are no set, but for
    outages that touch and together outlast what an edge tolerates. Own states of the topology hold
    throughout.

    Args:
        topology: The snapshot to ask.
        causes: Open incidents, planned changes and the change at hand.
        services: Ids to look at; default: every service.
        budget: Largest number of sweeps; when it is spent, `is_complete` is False.

    Complexity: sweeps in proportion to minimal sets x causes that reach the service; a sweep costs
    what `timeline` does over the causes in it. Where edges tolerate anything, redundancy is
    examined for sets of up to three, since it is then not monotone in the causes.

    Raises:
        UnknownNode: An outage or service names a CI that takes no part.
        InvalidBudget: A budget below 1.

    Examples:
        >>> from impact import Outage, Topology
        >>> from impact.joint_outages import Cause, joint_outages
        >>> topology = Topology.build(
        ...     ids=["shop", "pool", "db-1", "db-2"], dependents=[0, 1, 1], providers=[1, 2, 3],
        ...     strengths=[0, 2, 2], is_service=[1, 0, 0, 0], is_gate=[0, 1, 0, 0],
        ...     k_min=[0, 1, 0, 0])
        >>> found = joint_outages(topology, [Cause("A", (Outage("db-1"),)),
        ...                                  Cause("B", (Outage("db-2"),))])
        >>> for conflict in found.conflicts:
        ...     gate, = conflict.gates
        ...     print(conflict.service, conflict.effect.name, conflict.causes, gate.ci,
        ...           f"{gate.standing} of {gate.needed}")
        shop DOWN ('A', 'B') pool 0 of 1
    """
    if budget < 1:
        raise InvalidBudget(budget)
    merged: dict[str, tuple[Outage, ...]] = {}
    for cause in causes:
        merged[cause.id] = merged.get(cause.id, ()) + tuple(cause.outages)
    nodes = _nodes(topology, services)
    search = ConflictSearch(topology, merged, nodes, budget)
    found = _ordered(topology, search)
    missing = set(search.incomplete)
    worst = found
    if len(topology.unknown_nodes):
        search = ConflictSearch(topology, merged, nodes, budget, is_worst=True)
        worst = _ordered(topology, search)
        missing |= search.incomplete
    names = tuple(sorted(topology.ids[node] for node in missing))
    return JointOutages(found, worst, not names, names)


def _nodes(topology: Topology, services: Iterable[str] | None) -> list[int]:
    if services is not None:
        return [topology.index(ci) for ci in services]
    found: list[int] = np.flatnonzero(topology.flags & SERVICE).tolist()
    return found


def _ordered(topology: Topology, search: ConflictSearch) -> tuple[Conflict, ...]:
    rank = {effect: place for place, effect in enumerate(JointEffect)}
    found = [
        (
            -int(topology.criticality[node]),
            Conflict(
                topology.ids[node],
                effect,
                causes,
                moments.spans,
                moments.gates,
                moments.single_failures,
            ),
        )
        for node, effect, causes, moments in search.run()
    ]
    found.sort(
        key=lambda each: (
            rank[each[1].effect], each[0], len(each[1].causes), each[1].service, each[1].causes,
        )
    )  # fmt: skip
    return tuple(conflict for _, conflict in found)
