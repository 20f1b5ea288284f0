"""Where does a question keep its working memory, so that no query allocates the graph's size?

Each thread keeps one scratch per topology and world. Between questions it rests: every cell
holds its resting value, and a question restores the cells it touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from impact.arrays import Bool, Int32, Int64, UInt8

if TYPE_CHECKING:
    from impact.topology import Topology

MUCH = 1 / 16
"""From this share of all cells on, going over all of them in a row beats finding each."""


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What holds before any outage when every unknown node is taken as DOWN.

    Shapes: state uint8 (n,), members_down and members_degraded int32 (gates,), is_at_risk
    bool (n,).
    """

    state: UInt8
    members_down: Int32
    members_degraded: Int32
    is_at_risk: Bool


class Scratch:
    """Working memory of one thread for one world of one topology.

    Attributes:
        state: uint8 (n,), the state of each node while a question runs.
        bytes: The same memory as a bytearray, which Python reads faster than an array.
        mark: uint8 (n,), visited marks of secondary walks; rests at 0.
        down_counts, degraded_counts: The same memory as the next two, for plain loops.
        members_down, members_degraded: int32 (gates,), members exactly DOWN and DEGRADED.
    """

    def __init__(self, topology: Topology, rest: Baseline | None) -> None:
        """Allocate memory in the resting state."""
        nodes, gates = len(topology), len(topology.gates.nodes)
        self.topology = topology
        self.rest = rest
        self.bytes = bytearray(nodes if rest is None else rest.state.tobytes())
        self.state: UInt8 = np.frombuffer(self.bytes, dtype=np.uint8)
        self.mark_bytes = bytearray(nodes)
        self.mark: UInt8 = np.frombuffer(self.mark_bytes, dtype=np.uint8)
        self.members_down: Int32 = np.zeros(gates, dtype=np.int32)
        self.members_degraded: Int32 = np.zeros(gates, dtype=np.int32)
        if rest is not None:
            self.members_down[:] = rest.members_down
            self.members_degraded[:] = rest.members_degraded
        self.down_counts = as_memory(self.members_down)
        self.degraded_counts = as_memory(self.members_degraded)
        self.fails_at = as_memory(topology.gates.fails_at)
        self.degrades_at = as_memory(topology.gates.degrades_at)
        self.gate_slots = as_memory(topology.gate_slots if gates else topology.gates.nodes)
        self.starts = as_memory(topology.dependents_of.starts)
        self.ends = as_memory(topology.dependents_of.ends)
        self.codes = as_memory(topology.dependents_of.codes)

    @cached_property
    def queues(self) -> tuple[Int32, Int32, Int32, Bool]:
        """Return the queues of the compiled walk: two of nodes, one of gates, and marks of gates.

        int32 (n + 1,), int32 (n,), int32 (gates,) and bool (gates,); made for the first
        compiled walk.
        """
        nodes, gates = len(self.state), len(self.members_down)
        return (
            np.empty(nodes + 1, dtype=np.int32),
            np.empty(nodes, dtype=np.int32),
            np.empty(gates, dtype=np.int32),
            np.zeros(gates, dtype=np.bool_),
        )

    def restore_states(self, nodes: Int32) -> None:
        """Put the states of `nodes` back to rest."""
        _restore(self.state, nodes, None if self.rest is None else self.rest.state)

    def restore_gates(self, slots: Int64) -> None:
        """Put the counters of gate `slots` back to rest."""
        rest = self.rest
        _restore(self.members_down, slots, None if rest is None else rest.members_down)
        _restore(self.members_degraded, slots, None if rest is None else rest.members_degraded)


def is_much(count: int, total: int) -> bool:
    """Tell whether so many of all cells are better gone over in a row than one by one."""
    return count > total * MUCH


def _restore(cells: NDArray[Any], places: NDArray[Any], rest: NDArray[Any] | None) -> None:
    if is_much(len(places), len(cells)):
        cells[:] = 0 if rest is None else rest
    else:
        cells[places] = 0 if rest is None else rest[places]


def as_memory(array: NDArray[Any]) -> memoryview[int]:
    """Return a view that Python reads one number at a time faster than an array."""
    return memoryview(cast("Any", array))


@contextmanager
def borrow_scratch(topology: Topology, *, is_worst: bool = False) -> Iterator[Scratch]:
    """Lend this thread's scratch; after an error it is thrown away, since it may not be at rest."""
    name = "worst" if is_worst else "best"
    scratch: Scratch | None = getattr(topology.local, name, None)
    if scratch is None:
        scratch = Scratch(topology, topology.worst_baseline if is_worst else None)
    setattr(topology.local, name, None)
    yield scratch
    setattr(topology.local, name, scratch)
