"""How do the engine's questions reach the compiled loops? Imported only where numba is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from impact.arrays import Bool, Int32, Int64
from impact.fast.compiling import Compiled
from impact.fast.covering import components, cover
from impact.fast.walking import spread

if TYPE_CHECKING:
    from impact.cones import Cone
    from impact.scratch import Scratch

Found: TypeAlias = tuple[Int64, Int32, NDArray[np.uint64]]
WIDTH = 32
"""Words of a block: 2,048 candidates, 256 bytes a node."""


class Kernels:
    """The compiled loops; each is compiled at its first call, once per process."""

    def __init__(self) -> None:
        """Prepare the loops; nothing is compiled yet."""
        self._components = Compiled(components)
        self._cover = Compiled(cover)
        self._spread = Compiled(spread)

    def prepare(self) -> None:
        """Compile every loop, or read it from disk, by asking about a single CI."""
        from impact.cones import cone_of
        from impact.scratch import Scratch
        from impact.topology import Topology

        topology = Topology.build(ids=["a"], dependents=[], providers=[], strengths=[])
        node = np.zeros(1, dtype=np.int32)
        list(self.solve(cone_of(topology, node, self), node, node))
        self.spread(Scratch(topology, None), node, node[:0])

    def components(self, starts: Int32, ends: Int32, roots: Int32) -> tuple[Int32, Int32]:
        """Return the strongly connected components that `roots` reach, providers first."""
        order, groups = self._components(starts, ends, roots)
        return order, groups

    def solve(self, cone: Cone, candidates: Int32, asked: Int32) -> Iterator[Found]:
        """Yield row, word and bits of the single points of each block of candidates."""
        size, room = len(cone.nodes), len(asked) * WIDTH
        work = (
            np.empty((size, WIDTH), dtype=np.uint64),
            np.empty(size, dtype=np.bool_),
            np.empty(size, dtype=np.bool_),
            np.empty((int(cone.needs.max(initial=0)) + 1, WIDTH), dtype=np.uint64),
        )
        found = (np.empty(room, np.int64), np.empty(room, np.int32), np.empty(room, np.uint64))
        for low in range(0, len(candidates), WIDTH * 64):
            block = candidates[low : low + WIDTH * 64]
            first = int(np.searchsorted(cone.groups, block[0], side="right")) - 1
            count = self._cover(_arrays(cone), (block, first), asked, work, found)
            words = found[1][:count] + np.int32(low // 64)
            yield found[0][:count].copy(), words, found[2][:count].copy()

    def spread(self, scratch: Scratch, down: Int32, degraded: Int32) -> tuple[Int32, Int32, Int64]:
        """Return nodes that become DOWN, nodes that become DEGRADED, and slots of touched gates.

        The scratch keeps the states and the counts.
        """
        rows, gates = scratch.topology.dependents_of, scratch.topology.gates
        queue, aside, touched, is_touched = scratch.queues
        fallen, worse, lost = self._spread(
            (rows.starts, rows.ends, rows.codes),
            (scratch.topology.gate_slots, gates.fails_at, gates.degrades_at, gates.nodes),
            (
                scratch.state, scratch.members_down, scratch.members_degraded,
                queue, aside, touched, is_touched,
            ),
            (down, degraded),
        )  # fmt: skip
        found = queue[: fallen + worse].copy()
        return found[:fallen], found[fallen:], touched[:lost].astype(np.int64)


def _arrays(cone: Cone) -> tuple[Int32 | Bool, ...]:
    return (
        cone.starts, cone.providers, cone.is_member, cone.needs, cone.groups,
        cone.dependents_of.starts, cone.dependents_of.ends,
    )  # fmt: skip
