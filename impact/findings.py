"""What did the estate get wrong, and what was taken for granted?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import GATE, REPEATED, STRENGTH, Int32, distinct
from impact.model import Assumption, Problem
from impact.topology import GROUP

if TYPE_CHECKING:
    from impact.topology import Topology


def find_problems(topology: Topology) -> tuple[Problem, ...]:
    """Return gates under strength, own members, repeated members and self-loops, in that order."""
    rows = topology.providers_of
    dependents = np.repeat(np.arange(len(topology), dtype=np.int32), np.diff(rows.starts))
    is_gate_edge = (rows.codes & STRENGTH) == GATE
    loops = rows.ends == dependents
    repeated = (rows.codes & REPEATED) > 0
    return (
        *_under_strength(topology),
        *_named(
            topology,
            distinct(dependents[loops & is_gate_edge]),
            ("group_own_member", "'{ci}' is a member of itself; that membership never fails first"),
        ),
        *_named(
            topology,
            distinct(dependents[repeated]),
            ("duplicate_member", "'{ci}' has one member recorded several times; counted once"),
        ),
        *_named(
            topology,
            distinct(dependents[loops & ~is_gate_edge]),
            ("self_loop", "'{ci}' depends on itself; that has no effect"),
        ),
    )


def find_assumptions(topology: Topology) -> tuple[Assumption, ...]:
    """Return the gates whose k_min was not given."""
    gates = topology.gates
    return tuple(
        Assumption(
            "k_min_not_given",
            topology.ids[node],
            f"'{topology.ids[node]}' has no k_min: taken as {least} of {members}, "
            f"full strength at {full}",
        )
        for node, least, full, members in zip(
            gates.nodes[gates.is_assumed].tolist(),
            gates.k_min[gates.is_assumed].tolist(),
            gates.k_full[gates.is_assumed].tolist(),
            gates.members[gates.is_assumed].tolist(),
            strict=True,
        )
    )


def _under_strength(topology: Topology) -> list[Problem]:
    gates = topology.gates
    found = []
    for slot in np.flatnonzero(gates.is_under_strength).tolist():
        node = int(gates.nodes[slot])
        kind = "group" if topology.flags[node] & GROUP else "cluster"
        found.append(
            Problem(
                "group_under_strength",
                topology.ids[node],
                f"{kind} '{topology.ids[node]}' needs {int(gates.k_min[slot])} members and has "
                f"{int(gates.members[slot])}: its state is unknown",
            )
        )
    return found


def _named(topology: Topology, nodes: Int32, words: tuple[str, str]) -> list[Problem]:
    kind, sentence = words
    return [
        Problem(kind, topology.ids[node], sentence.format(ci=topology.ids[node]))
        for node in nodes.tolist()
    ]
