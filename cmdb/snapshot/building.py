"""How is a wiring handed to the engine, with what each gate needs?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmdb.snapshot.estate import Estate
from cmdb.snapshot.wiring import Wiring
from impact import Topology


def build_topology(estate: Estate, wiring: Wiring, ids: tuple[str, ...]) -> Topology:
    """Return the topology of these nodes and edges; services, figures and criticality follow."""
    groups, edges = wiring.groups, wiring.edges
    k_min = _counts(estate, "a_k_min", wiring, np.ones(len(groups)))
    k_full = _counts(estate, "a_k_full", wiring, groups.sizes)
    return Topology.build(
        ids=ids,
        dependents=edges.dependent,
        providers=edges.provider,
        strengths=edges.strength,
        tolerates_seconds=_unless(edges.tolerates_seconds, np.isnan(edges.tolerates_seconds)),
        is_gate=wiring.is_gate,
        is_group=wiring.is_group,
        k_min=k_min,
        # A group that is full below what it needs at least is full when it has that.
        k_full=np.where(k_full > 0, np.maximum(k_full, k_min), 0),
        edge_inferred=_unless(edges.is_inferred, ~edges.is_inferred),
        edge_confidence=_unless(edges.confidence, edges.confidence == 1),
    )


def _unless(values: NDArray[Any], is_default: NDArray[np.bool_]) -> NDArray[Any] | None:
    return None if is_default.all() else values


def _counts(estate: Estate, name: str, wiring: Wiring, implicit: NDArray[Any]) -> NDArray[np.int32]:
    own = np.nan_to_num(estate.cis[name][wiring.rows])
    own = np.where(wiring.is_gate[: len(own)], np.clip(own, 0, np.iinfo(np.int32).max), 0)
    return np.concatenate([own, implicit]).astype(np.int32)
