"""Which edges that tolerate an outage for a while let it pass by now?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from impact.arrays import TOLERANT, Bool, Int32, Int64, UInt8
from impact.scratch import Scratch

if TYPE_CHECKING:
    from impact.topology import Topology

DOWN = 2


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Edges whose provider is DOWN and tolerated: provider, dependent, code, time it would pass."""

    providers: Int32
    dependents: Int32
    codes: UInt8
    passes_at: Int64

    @classmethod
    def none(cls) -> Held:
        """Return an empty collection."""
        nodes = np.empty(0, dtype=np.int32)
        return cls(nodes, nodes, np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.int64))

    @classmethod
    def joined(cls, parts: list[Held]) -> Held:
        """Return all parts as one."""
        if not parts:
            return cls.none()
        return cls(
            np.concatenate([part.providers for part in parts]),
            np.concatenate([part.dependents for part in parts]),
            np.concatenate([part.codes for part in parts]),
            np.concatenate([part.passes_at for part in parts]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Since:
    """Since when each of some nodes has been in a state without a break, in milliseconds."""

    nodes: Int32
    at: Int64

    @classmethod
    def of(cls, times: dict[int, int]) -> Since:
        """Return the times sorted by node."""
        nodes = np.fromiter(times.keys(), dtype=np.int32, count=len(times))
        at = np.fromiter(times.values(), dtype=np.int64, count=len(times))
        order = np.argsort(nodes)
        return cls(nodes[order], at[order])

    def lookup(self, nodes: Int32, default: int) -> Int64:
        """Return the time of each of `nodes`, `default` where there is none."""
        if not len(self.nodes):
            return np.full(len(nodes), default, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.nodes, nodes), len(self.nodes) - 1)
        return np.where(self.nodes[places] == nodes, self.at[places], default)


@dataclass(slots=True, eq=False)
class Timers:
    """The clock of one event point: `down` and `degraded` say how long each state has lasted.

    `degraded` means at least DEGRADED. An edge that tolerates t lets a state pass at `now` if its
    provider has been in it throughout [now - t, now).
    """

    topology: Topology
    now: int
    down: Since
    degraded: Since
    parts: list[Held] = field(default_factory=list)
    positions: list[Int64] = field(default_factory=list)

    def passing(self, positions: Int64, codes: UInt8, providers: Int32, level: int) -> Bool:
        """Return bool (edges,): which edges let `level` pass now."""
        passes = (codes & TOLERANT) == 0
        waiting = np.flatnonzero(~passes)
        if waiting.size:
            at = self._passes_at(positions[waiting], providers[waiting], level)
            passes[waiting] = at <= self.now
        return cast("Bool", passes)

    def hold(self, positions: Int64, ends: Int32, codes: UInt8, providers: Int32) -> None:
        """Remember edges over which DOWN does not pass yet."""
        if positions.size:
            at = self._passes_at(positions, providers, DOWN)
            self.parts.append(Held(providers, ends, codes, at))
            self.positions.append(positions)

    def held(self) -> Held:
        """Return what was remembered."""
        return Held.joined(self.parts)

    def degrading(self, scratch: Scratch) -> Held:
        """Return the held edges whose provider has been at least DEGRADED for long enough.

        Members that were DEGRADED in the baseline are already counted and left out.
        """
        held = self.held()
        if not len(held.providers):
            return held
        positions = np.concatenate(self.positions)
        chosen = self._passes_at(positions, held.providers, 1) <= self.now
        if scratch.rest is not None:
            chosen &= scratch.rest.state[held.providers] == 0
        return Held(
            held.providers[chosen],
            held.dependents[chosen],
            held.codes[chosen],
            held.passes_at[chosen],
        )

    def passes_at(self, position: int, provider: int, level: int) -> int:
        """Return when `level` passes one tolerant edge, if the provider stays in it."""
        place = np.asarray([position], dtype=np.int64)
        return int(self._passes_at(place, np.asarray([provider], dtype=np.int32), level)[0])

    def _passes_at(self, positions: Int64, providers: Int32, level: int) -> Int64:
        where, tolerated = self.topology.tolerant
        since = self.down if level == DOWN else self.degraded
        started = since.lookup(providers, self.now)
        return started + tolerated[np.searchsorted(where, positions)]
