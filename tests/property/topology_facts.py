"""What does a topology say, with nothing of the order of edges within a row?"""

from __future__ import annotations

from typing import Any

from impact import Topology


def topology_facts(topology: Topology) -> dict[str, Any]:
    """Return everything a topology says; the order within a row is left open."""
    rows = topology.dependents_of
    tolerated = dict(zip(*(part.tolist() for part in topology.tolerant), strict=True))
    confidence = topology.confidence
    sure = [1.0] * topology.edge_count if confidence is None else confidence.tolist()
    strong = len(rows.ends)
    forth = [
        (provider, int(rows.ends[at]), int(rows.codes[at]), tolerated.get(at, 0), sure[at])
        for provider in range(len(topology))
        for at in range(int(rows.starts[provider]), int(rows.starts[provider + 1]))
    ]
    rows = topology.providers_of
    back = [
        (dependent, int(rows.ends[at]), int(rows.codes[at]))
        for dependent in range(len(topology))
        for at in range(int(rows.starts[dependent]), int(rows.starts[dependent + 1]))
    ]
    weak = zip(*(part.tolist() for part in topology.weak), sure[strong:], strict=True)
    gates = topology.gates
    arrays = [getattr(gates, name) for name in gates.__slots__]
    return {
        "ids": topology.ids,
        "forth": sorted(forth),
        "back": sorted(back),
        "weak": sorted(weak),
        "tolerant": topology.tolerant[0].tolist() == sorted(topology.tolerant[0].tolist()),
        "gates": [array.tolist() for array in arrays],
        "flags": topology.flags.tolist(),
        "criticality": topology.criticality.tolist(),
        "own": [part.tolist() for part in topology.own],
        "q": None if topology.q is None else topology.q.tolist(),
        "mttr_hours": None if topology.mttr_hours is None else str(topology.mttr_hours.tolist()),
        "kinds": [
            array.dtype
            for array in (
                rows.starts, rows.ends, rows.codes, *topology.weak, *topology.own, topology.flags,
                topology.criticality, *arrays,
            )
        ],
        "problems": topology.problems,
        "assumptions": topology.assumptions,
    }  # fmt: skip
