"""What depends on what: one immutable snapshot of nodes and edges, compiled for fast answers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from impact.arrays import Bool, Float64, Int32, Int64, Rows, UInt8, distinct
from impact.errors import UnknownNode
from impact.gates import Gates
from impact.model import Assumption, Problem

if TYPE_CHECKING:
    import networkx as nx

    from impact.patching import Patch
    from impact.scratch import Baseline

SERVICE, UNKNOWN, STALE, GROUP = 1, 2, 4, 8


class Topology:
    """An immutable snapshot of `n` CIs and `m` edges between dependents and providers.

    Made by `Topology.build`. Safe to share between threads.

    Attributes:
        ids: The id of each node, in node order.
        dependents_of: Rows sorted by provider: who depends on node i.
        providers_of: Rows sorted by dependent: what node i depends on.
        gates: Members, k_min and k_full of each gate.
        flags: uint8 (n,), bits of service, unknown, stale and group.
        criticality: uint8 (n,), 1 to 4.
        own: Nodes with an own state and that state; they join the outages of every question.
        weak: Dependents, providers and codes of the edges that are shown and never propagate.
        q, mttr_hours: float64 (n,) or None; used by the availability questions only.
        tolerant: Edge positions in `dependents_of`, sorted, and the milliseconds each tolerates.
        confidence: float32 per edge of `dependents_of`, then per weak edge, or None.

    Examples:
        >>> from impact import Strength, Topology
        >>> topology = Topology.build(
        ...     ids=["web", "db"], dependents=[0], providers=[1], strengths=[Strength.HARD])
        >>> topology.index("db"), topology.problems
        (1, ())
    """

    def __init__(
        self,
        *,
        ids: tuple[str, ...],
        dependents_of: Rows,
        providers_of: Rows,
        gates: Gates,
        flags: UInt8,
        criticality: UInt8,
        own: tuple[Int32, UInt8],
        weak: tuple[Int32, Int32, UInt8],
        tolerant: tuple[Int64, Int64],
        confidence: Any = None,
        q: Float64 | None = None,
        mttr_hours: Float64 | None = None,
    ) -> None:
        self.ids = ids
        self.dependents_of = dependents_of
        self.providers_of = providers_of
        self.gates = gates
        self.flags = flags
        self.criticality = criticality
        self.own = own
        self.weak = weak
        self.tolerant = tolerant
        self.confidence = confidence
        self.q = q
        self.mttr_hours = mttr_hours
        self.local = threading.local()

    @classmethod
    def build(
        cls,
        *,
        ids: Sequence[str],
        dependents: Any,
        providers: Any,
        strengths: Any,
        tolerates_seconds: Any = None,
        is_service: Any = None,
        criticality: Any = None,
        own_state: Any = None,
        is_unknown: Any = None,
        is_gate: Any = None,
        is_group: Any = None,
        k_min: Any = None,
        k_full: Any = None,
        q: Any = None,
        mttr_hours: Any = None,
        is_stale: Any = None,
        edge_inferred: Any = None,
        edge_confidence: Any = None,
    ) -> Topology:
        """Return the topology of flat arrays; O(n + m log m), no loop over nodes or edges.

        Args:
            ids: n distinct ids.
            dependents: int (m,), node index of the dependent of each edge.
            providers: int (m,), node index of its provider.
            strengths: uint8 (m,), codes of `Strength`; a member is the provider of a GATE edge.
            tolerates_seconds: float (m,); NaN or 0: nothing is tolerated.
            is_service: bool (n,), of layer business or service.
            criticality: uint8 (n,), 1 (low, the default) to 4.
            own_state: uint8 (n,), codes of `State`: outages that hold in every question.
            is_unknown: bool (n,), CIs whose state the caller declares unknown.
            is_gate: bool (n,), nodes that may have members: groups and clusters.
            is_group: bool (n,), gates that are nothing but a group; default: every gate.
            k_min: int (n,), members needed not to be DOWN; 0: not given.
            k_full: int (n,), members needed not to be DEGRADED; 0: as k_min.
            q: float (n,), unavailability of each CI by itself.
            mttr_hours: float (n,), mean time to repair; NaN: not known.
            is_stale: bool (n,), not seen lately; carries impact and lowers trust.
            edge_inferred: bool (m,), edges that were deduced, not observed.
            edge_confidence: float (m,) in [0, 1].

        Raises:
            InvalidTopology: A mistake of the program. Mistakes of the estate are compiled and
                listed in `problems`.
        """
        from impact.compiling import compile_topology

        arguments = dict(locals())
        del arguments["cls"], arguments["compile_topology"]
        return cls(**compile_topology(**arguments))

    def patched(self, patch: Patch) -> Topology:
        """Return what `build` makes of a few other nodes and edges; this one stays as it is.

        Within a row the new edges are the last. O(n + m) of plain copying, several times faster
        than `build`.

        Raises:
            InvalidTopology: An edge of a node that is not stated anew, a node with members that is
                no gate, or one that is gone though others depend on it.

        Examples:
            >>> import numpy as np
            >>> from impact import Patch, Strength, Topology
            >>> topology = Topology.build(
            ...     ids=["web", "db"], dependents=[0], providers=[1], strengths=[Strength.HARD])
            >>> topology.patched(Patch(places=np.array([2]), ids=["new"])).ids
            ('web', 'db', 'new')
        """
        from impact.patching import apply_patch

        return Topology(**apply_patch(self, patch))

    @property
    def parts(self) -> dict[str, Any]:
        """Return what this topology is made of, by the names of the arguments that make another."""
        names = (
            "ids", "dependents_of", "providers_of", "gates", "flags", "criticality", "own", "weak",
            "tolerant", "confidence", "q", "mttr_hours",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Return the size, not the content."""
        return f"Topology({len(self.ids)} nodes, {self.edge_count} edges)"

    @property
    def edge_count(self) -> int:
        """Return the number of edges, weak ones included."""
        return len(self.dependents_of.ends) + len(self.weak[0])

    @cached_property
    def _index_by_id(self) -> dict[str, int]:
        return dict(zip(self.ids, range(len(self.ids)), strict=True))

    def index(self, ci: str) -> int:
        """Return the node index of an id; the table is built at the first call.

        Raises:
            UnknownNode: The id takes no part in this topology.
        """
        try:
            return self._index_by_id[ci]
        except KeyError:
            raise UnknownNode(ci) from None

    def __contains__(self, ci: object) -> bool:
        """Tell whether an id takes part."""
        return ci in self._index_by_id

    def is_service(self, node: int) -> bool:
        """Tell whether a node index is of layer business or service."""
        return bool(self.flags[node] & SERVICE)

    def is_group(self, node: int) -> bool:
        """Tell whether a node index is a group and nothing else: it fails with its members only."""
        return bool(self.flags[node] & GROUP)

    @cached_property
    def gate_slots(self) -> Int32:
        """Return int32 (n,): the slot of each gate in `gates`, -1 elsewhere; made when needed."""
        slots = np.full(len(self.ids), -1, dtype=np.int32)
        slots[self.gates.nodes] = np.arange(len(self.gates.nodes), dtype=np.int32)
        return slots

    @cached_property
    def ids_are_sorted(self) -> bool:
        """Tell whether node order is id order, which saves sorting every answer."""
        return all(map(str.__lt__, self.ids, self.ids[1:]))

    @cached_property
    def unknown_nodes(self) -> Int32:
        """Return, sorted, the nodes of unknown state: declared ones and gates under strength."""
        declared = np.flatnonzero(self.flags & UNKNOWN)
        judged = self.gates.nodes[self.gates.is_under_strength]
        return distinct(np.concatenate([declared.astype(np.int32), judged]))

    @cached_property
    def worst_baseline(self) -> Baseline:
        """Return the states before any outage if all unknown nodes are DOWN."""
        from impact.propagation import compute_worst_baseline

        return compute_worst_baseline(self)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Return what the estate got wrong, ordered by kind and then by node."""
        from impact.findings import find_problems

        return find_problems(self)

    @cached_property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what was taken for granted about single CIs, in node order."""
        from impact.findings import find_assumptions

        return find_assumptions(self)

    @property
    def has_tolerances(self) -> bool:
        """Tell whether any edge tolerates an outage for a while."""
        return len(self.tolerant[0]) > 0

    def tolerated_milliseconds(self, position: int) -> int:
        """Return what the tolerant edge at a position of `dependents_of` tolerates."""
        return int(self.tolerant[1][np.searchsorted(self.tolerant[0], position)])

    @property
    def nbytes(self) -> dict[str, int]:
        """Return the bytes of the arrays by part, with their `total`; ids are not counted."""
        optional = (self.confidence, self.q, self.mttr_hours)
        parts = {
            "dependents_of": self.dependents_of.nbytes,
            "providers_of": self.providers_of.nbytes,
            "gates": self.gates.nbytes,
            "nodes": self.flags.nbytes + self.criticality.nbytes,
            "own_states": sum(array.nbytes for array in self.own),
            "weak_edges": sum(array.nbytes for array in self.weak),
            "tolerances": sum(array.nbytes for array in self.tolerant),
            "optional": sum(array.nbytes for array in optional if array is not None),
        }
        return parts | {"total": sum(parts.values())}

    def to_networkx(self) -> nx.MultiDiGraph[str]:
        """Return a copy for exploring, with an edge from each dependent to its provider.

        Nodes carry `is_service`, `criticality`, and `k_min`, `k_full` if they are gates; edges
        carry `strength` (lower case), `tolerates_seconds`, `inferred` and `confidence`.
        """
        from impact.exploring import to_networkx

        return to_networkx(self)


def service_mask(topology: Topology, nodes: Int32) -> Bool:
    """Return bool (len(nodes),): which of the nodes are services."""
    return (topology.flags[nodes] & SERVICE).astype(np.bool_)
