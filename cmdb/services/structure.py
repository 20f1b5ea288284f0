"""What does the availability of a service rest on, and how can others compute it?"""

from __future__ import annotations

import impact
from cmdb.model.structure_reports import (
    StructureEdge,
    StructureKind,
    StructureNode,
    StructureReport,
)
from cmdb.services.analysis import check_count, names_of
from cmdb.services.context import Context
from cmdb.services.impact_answers import ask_about
from cmdb.services.permit import permit
from cmdb.snapshot import Snapshot
from impact import Strength, Topology
from impact import availability as engine
from impact.openpsa import Model, gate_names, identifiers, write_model

MOST_NODES = 2_000
_KINDS: dict[Strength, StructureKind] = {
    Strength.HARD: "hard",
    Strength.SOFT: "soft",
    Strength.GATE: "member",
}


def structure(
    context: Context, name: str, *, first: int = 200, with_open_psa: bool = False
) -> StructureReport:
    """Return what a CI relies on, nearest first, with its single points of failure marked.

    Args:
        context: Who asks, and of what.
        name: Id or name of the CI.
        first: Most nodes, at most 2,000.
        with_open_psa: Whether the whole structure is told as an Open-PSA model too.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: The CI takes no part in impact, or the number cannot be.
    """
    permit(context.caller, "read")
    check_count("first", first, MOST_NODES)
    snapshot = context.snapshots.latest()
    topology = snapshot.topology
    (ci,) = ask_about(context, snapshot, [name]).cis
    found = engine.reliance(topology, topology.index(ci.id), most=first)
    points = set(impact.single_points(topology, [ci.id]).nodes_of(ci.id).tolist())
    named = names_of(context, snapshot, [topology.ids[node] for node in found.nodes])
    nodes = tuple(
        StructureNode(
            known, distance, _unavailability(topology, node), node in points, *_gate(topology, node)
        )
        for node, known, distance in zip(found.nodes, named, found.distances, strict=True)
    )
    return StructureReport(
        snapshot.revision,
        named[0],
        nodes,
        tuple(StructureEdge(a, b, _KINDS[strength]) for a, b, strength in found.edges),
        found.count,
        len(points),
        len(nodes) == found.count,
        _open_psa(context, snapshot, ci.id) if with_open_psa else "",
    )


def _unavailability(topology: Topology, node: int) -> float | None:
    if topology.q is None or topology.is_group(node):
        return None
    return float(topology.q[node])


def _gate(topology: Topology, node: int) -> tuple[int | None, int]:
    """Return how many members a node needs and has; None where it cannot be judged."""
    gates = topology.gates
    slot = gates.slot(node)
    if slot < 0 or not gates.members[slot]:
        return None, 0
    members, fails_at = int(gates.members[slot]), int(gates.fails_at[slot])
    return (members - fails_at + 1 if fails_at <= members else None), members


def _open_psa(context: Context, snapshot: Snapshot, ci_id: str) -> str:
    """Return the structure function of DOWN as XML; names that may not be told stay out of it."""
    topology = snapshot.topology
    found = engine.StructureBuilder(topology).build(topology.index(ci_id))
    events = engine.read_events(topology, found)
    labels = tuple(str(each) for each in names_of(context, snapshot, events.names))
    title, top = identifiers(["structure", f"{names_of(context, snapshot, [ci_id])[0]} DOWN"])
    taken = gate_names(found.down, top).values()
    model = Model(title, top, found.down, identifiers(labels, taken), events.q, labels)
    return write_model(model).decode("utf-8")
