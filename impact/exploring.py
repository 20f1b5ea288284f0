"""How does a topology look to a graph library?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from impact.arrays import FOR_EVER, INFERRED, STRENGTH
from impact.model import Strength
from impact.topology import SERVICE

if TYPE_CHECKING:
    from impact.topology import Topology


def to_networkx(topology: Topology) -> nx.MultiDiGraph[str]:
    """Return a multigraph with edges from dependents to providers; O(n + m), in Python."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    gates = topology.gates
    needs = dict(
        zip(
            gates.nodes.tolist(),
            zip(gates.k_min.tolist(), gates.k_full.tolist(), strict=True),
            strict=True,
        )
    )
    for node, ci in enumerate(topology.ids):
        service = bool(topology.flags[node] & SERVICE)
        graph.add_node(ci, is_service=service, criticality=int(topology.criticality[node]))
        if node in needs:
            graph.nodes[ci]["k_min"], graph.nodes[ci]["k_full"] = needs[node]
    _add_edges(topology, graph)
    return graph


def _add_edges(topology: Topology, graph: nx.MultiDiGraph[str]) -> None:
    rows = topology.dependents_of
    weak_dependents, weak_providers, weak_codes = topology.weak
    providers = np.repeat(np.arange(len(topology)), np.diff(rows.starts))
    tolerances = dict(
        zip(topology.tolerant[0].tolist(), topology.tolerant[1].tolist(), strict=True)
    )
    edges = zip(
        np.concatenate([rows.ends, weak_dependents]).tolist(),
        np.concatenate([providers, weak_providers]).tolist(),
        np.concatenate([rows.codes, weak_codes]).tolist(),
        strict=True,
    )
    for position, (dependent, provider, code) in enumerate(edges):
        facts: dict[str, object] = {
            "strength": Strength(code & STRENGTH).name.lower(),
            "inferred": bool(code & INFERRED),
        }
        tolerated = tolerances.get(position)
        if tolerated is not None:
            facts["tolerates_seconds"] = (
                float("inf") if tolerated >= FOR_EVER else tolerated / 1000.0
            )
        if topology.confidence is not None:
            facts["confidence"] = float(topology.confidence[position])
        graph.add_edge(topology.ids[dependent], topology.ids[provider], **facts)
