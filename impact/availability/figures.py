"""How likely is each basic event, how often does it come, and what do members fail of together?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from impact.arrays import GATE, KIND
from impact.availability.structures import Structure
from impact.errors import InvalidFigure
from impact.structure.building import TreeBuilder
from impact.structure.tree import FaultTree
from impact.topology import GROUP, Topology

TOLERANCE = 1e-12
"""What rounding may take from a probability that must not be negative."""
COMMON_CAUSE_OF = "common cause of "
"""How the name of a shared event begins; the id of its group follows."""


@dataclass(frozen=True, slots=True)
class CommonCause:
    """What takes down members of a group together, beside what takes down each alone.

    Attributes:
        group: Id of the gate; its members that are CIs share the cause, member groups do not.
        beta: Share of a member's own unavailability that is the common cause's, in [0, 1].
        q: Probability of the common cause itself; needed where members differ in theirs.
    """

    group: str
    beta: float | None = None
    q: float | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """The basic events of one structure, shared ones included.

    Attributes:
        names: Id of the CI, or `COMMON_CAUSE_OF` and the id of the group.
        nodes: Node of each own event; -1 of a shared one.
        q: Probability of each.
        per_hour: How often each occurs; None where no time to repair is known.
        shared: For each own event the shared ones that bring it about too.
    """

    names: tuple[str, ...]
    nodes: tuple[int, ...]
    q: tuple[float, ...]
    per_hour: tuple[float | None, ...]
    shared: tuple[tuple[int, ...], ...]

    def apply(self, tree: FaultTree) -> FaultTree:
        """Return a tree over own events with the shared ones added."""
        if not any(self.shared) or tree.is_constant:
            return tree
        builder = TreeBuilder(len(self.names))
        references = [builder.any_of([event, *shared]) for event, shared in enumerate(self.shared)]
        for gate in tree.gates:
            references.append(builder.joined(gate, [references[c] for c in gate.children]))
        return builder.tree(references[tree.top])


def read_events(
    topology: Topology, structure: Structure, causes: Sequence[CommonCause] = ()
) -> Events:
    """Return the events of a structure under common causes.

    Each member's total stays what it was: with q_c for each cause, its own event has
    q_i = 1 - (1 - q) / prod(1 - q_c). An event comes q / MTTR times an hour (w = 1/(MTTF + MTTR));
    a shared one with the shortest time to repair of its members, so that its frequency is an upper
    bound where they differ.

    Raises:
        InvalidFigure: As `cause_probability`, or causes that are more likely together than a
            member is to be down.
    """
    q = [float(topology.q[node]) if topology.q is not None else 0.0 for node in structure.nodes]
    repair = [_repair(topology, node) for node in structure.nodes]
    place = {node: event for event, node in enumerate(structure.nodes)}
    shared: dict[int, list[int]] = defaultdict(list)
    names = [topology.ids[node] for node in structure.nodes]
    added: list[tuple[float, float | None]] = []
    for cause in causes:
        probability = cause_probability(topology, cause)
        members = [place[node] for node in _members(topology, cause.group) if node in place]
        if not members:
            continue
        for event in members:
            shared[event].append(len(names))
        names.append(f"{COMMON_CAUSE_OF}{cause.group}")
        hours = [repair[event] for event in members]
        known = [found for found in hours if found is not None]
        added.append((probability, min(known) if len(known) == len(hours) else None))
    own = [
        _own_probability(q[event], event, names, {s: added[s - len(q)][0] for s in shared[event]})
        for event in range(len(q))
    ]
    figures = [*zip(own, repair, strict=True), *added]
    return Events(
        tuple(names),
        (*structure.nodes, *[-1] * len(added)),
        tuple(probability for probability, _ in figures),
        tuple(_frequency(*figure) for figure in figures),
        tuple(tuple(shared[event]) for event in range(len(q))),
    )


def cause_probability(topology: Topology, cause: CommonCause) -> float:
    """Return how likely a common cause itself is, whichever services are asked about.

    Raises:
        UnknownNode: The group takes no part in the topology.
        InvalidFigure: No such group, a beta out of [0, 1], members of unequal q without an explicit
            q_c, or a q_c above the least q of a member.
    """
    nodes = _members(topology, cause.group)
    members = [float(topology.q[node]) if topology.q is not None else 0.0 for node in nodes]
    if not members:
        raise InvalidFigure(cause.group, "a common cause needs a group or a cluster with members")
    if cause.q is not None:
        if not 0.0 <= cause.q <= min(members) + TOLERANCE:
            raise InvalidFigure(
                cause.group,
                f"its common cause has q = {cause.q:g}, more than a member's {min(members):g}",
            )
        return cause.q
    if cause.beta is None or not 0.0 <= cause.beta <= 1.0:
        raise InvalidFigure(cause.group, "its common cause needs a beta in [0, 1], or a q")
    if max(members) - min(members) > TOLERANCE:
        raise InvalidFigure(
            cause.group, "its members differ in unavailability; give the common cause a q"
        )
    return cause.beta * members[0]


def _repair(topology: Topology, node: int) -> float | None:
    if topology.mttr_hours is None or math.isnan(topology.mttr_hours[node]):
        return None
    return float(topology.mttr_hours[node])


def _frequency(q: float, repair_hours: float | None) -> float | None:
    if q == 0.0:
        return 0.0
    return q / repair_hours if repair_hours else None


def _members(topology: Topology, group: str) -> list[int]:
    """Return the members of a gate that can fail by themselves; none of what is no gate."""
    node = topology.index(group)
    rows = topology.providers_of
    first, last = int(rows.starts[node]), int(rows.starts[node + 1])
    return [
        end
        for end, code in zip(
            rows.ends[first:last].tolist(), rows.codes[first:last].tolist(), strict=True
        )
        if code & KIND == GATE and not topology.flags[end] & GROUP
    ]


def _own_probability(q: float, event: int, names: list[str], shared: dict[int, float]) -> float:
    """Return how likely an event is by itself, given the probabilities of what it shares."""
    if not shared:
        return q
    none_holds = math.prod(1.0 - cause for cause in shared.values())
    own = 1.0 - (1.0 - q) / none_holds if none_holds else 0.0
    if own < -TOLERANCE or (none_holds == 0.0 and q < 1.0):
        groups = ", ".join(f"'{names[s].removeprefix(COMMON_CAUSE_OF)}'" for s in shared)
        raise InvalidFigure(
            names[event],
            f"the common causes of {groups} together are more likely than its own q = {q:g}",
        )
    return max(0.0, own)
