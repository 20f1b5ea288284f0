"""What is known about each affected CI, in the order of harm?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, overload

import numpy as np

from impact.arrays import Bool, Int32, Int64, UInt8, distinct
from impact.evidence import Step
from impact.model import State
from impact.topology import SERVICE, service_mask
from impact.views import Standing, Views, standing
from impact.world import World

if TYPE_CHECKING:
    from impact.topology import Topology


@dataclass(frozen=True, slots=True)
class Hit:
    """One affected CI.

    Attributes:
        ci: Its id.
        is_service: Whether it is of layer business or service.
        criticality: 1 to 4.
        best, worst: How it stands if everything unknown is UP, or DOWN.
        since_at: When it came to stand like this; None without times or if it already did.
        after_seconds: The same, counted from the first event; the time to impact.
        down_at: For a CI that an outage will reach once tolerances are used up: when.
        down_after_seconds: The same, counted from the first event.
    """

    ci: str
    is_service: bool
    criticality: int
    best: Standing
    worst: Standing
    since_at: datetime | None
    after_seconds: float
    down_at: datetime | None
    down_after_seconds: float | None
    _node: int = field(repr=False, compare=False)
    _views: Views = field(repr=False, compare=False)

    @property
    def views(self) -> Views:
        """Return the two worlds of the moment that this hit describes."""
        return self._views

    @property
    def state(self) -> State:
        """Return the state in the worst world: what is unknown never makes an answer safer."""
        return self.worst.state

    @property
    def at_risk(self) -> bool:
        """Return the AT_RISK mark of the worst world."""
        return self.worst.at_risk

    @property
    def margin(self) -> int | None:
        """Return the margin of the worst world."""
        return self.worst.margin

    @property
    def is_certain(self) -> bool:
        """Tell whether both worlds agree."""
        return self.best == self.worst

    @property
    def evidence(self) -> tuple[Step, ...]:
        """Return a shortest chain of steps from an outage, in the worst world that has one.

        Empty for a CI that an outage names. Ties: smallest provider id, then stronger edge.
        """
        views = self._views
        if views.worlds.worst_evidence.reaches(self._node):
            return views.worlds.worst_evidence.chain(self._node)
        return views.worlds.best_evidence.chain(self._node)

    @property
    def best_evidence(self) -> tuple[Step, ...]:
        """Return the chain of the best world; empty if the CI is not affected there."""
        return self._views.worlds.best_evidence.chain(self._node)

    @property
    def failed_members(self) -> tuple[str, ...]:
        """Return the members that crossed the threshold of a gate (worst world), sorted."""
        return self._views.worlds.worst_evidence.failed_members(self._node)

    @property
    def single_failures(self) -> tuple[str, ...] | None:
        """Return CIs whose failure alone would now take this CI DOWN (worst world), sorted.

        Empty is the proof that there is none; None: not computed, the budget did not suffice.
        A CI that is DOWN already has none. Groups and the CI itself are left out.
        """
        if self.state == State.DOWN:
            return ()
        return self._views.worlds.worst_failures.of(self._node)

    @property
    def best_single_failures(self) -> tuple[str, ...] | None:
        """Return the same for the best world."""
        if self.best.state == State.DOWN:
            return ()
        return self._views.worlds.best_failures.of(self._node)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Affected nodes as arrays, in ascending node order; `view` is the moment of each row."""

    nodes: Int32
    best: Int32
    worst: Int32
    view: Int32

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.nodes)


def table_of(views: Views, number: int = 0) -> Table:
    """Return the nodes that outages change in at least one of the two worlds."""
    if views.worst is views.best:
        severity = _severity(views.best.state, views.best.at_risk)
        chosen = _all_or(severity > 0)
        nodes, severity = views.best.nodes[chosen], severity[chosen]
        return Table(nodes, severity, severity, np.full(len(nodes), number, dtype=np.int32))
    nodes = distinct(np.concatenate([views.best.nodes, views.worst.nodes]))
    best, worst = _severities(views.best, nodes), _severities(views.worst, nodes)
    chosen = np.flatnonzero((best > 0) | (worst > 0))
    nodes = nodes[chosen]
    return Table(nodes, best[chosen], worst[chosen], np.full(len(nodes), number, dtype=np.int32))


def harm_order(topology: Topology, table: Table) -> Int64:
    """Return the order of rows: services, then severity, criticality, and id as last tie-break."""
    nodes = table.nodes
    key = (1 - service_mask(topology, nodes).astype(np.int64)) * 16
    key += (3 - table.worst) * 4 + (4 - topology.criticality[nodes].astype(np.int64))
    return np.argsort((key << 32) | _id_ranks(topology, nodes))


class Hits(Sequence[Hit]):
    """The affected CIs, worst first; each `Hit` is made when it is read."""

    def __init__(self, topology: Topology, table: Table, views: Sequence[Views]) -> None:
        """Order the rows."""
        self.topology = topology
        self.views = views
        self.table = table
        self.order: Int64 = harm_order(topology, table)

    def __len__(self) -> int:
        """Return the number of affected CIs."""
        return len(self.order)

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Hit]: ...
    def __getitem__(self, place: int | slice) -> Hit | Sequence[Hit]:
        """Return one hit, or a tuple of hits."""
        if isinstance(place, slice):
            return tuple(self._hit(row) for row in self.order[place].tolist())
        return self._hit(int(self.order[place]))

    def __iter__(self) -> Iterator[Hit]:
        """Yield the hits, worst first."""
        return (self._hit(row) for row in self.order.tolist())

    @cached_property
    def service_count(self) -> int:
        """Return how many of the hits, the first ones, are services."""
        return int(service_mask(self.topology, self.table.nodes).sum())

    def find(self, ci: str) -> Hit | None:
        """Return the hit of an id, None if it is not affected."""
        node = self.topology.index(ci)
        row = int(np.searchsorted(self.table.nodes, node))
        if row < len(self.table) and int(self.table.nodes[row]) == node:
            return self._hit(row)
        return None

    def _hit(self, row: int) -> Hit:
        node, topology = int(self.table.nodes[row]), self.topology
        views = self.views[int(self.table.view[row])]
        best = standing(views.best, node)
        down_at = views.coming(views.worst.down_at.get(node))
        origin = views.origin or 0
        return Hit(
            ci=topology.ids[node],
            is_service=bool(topology.flags[node] & SERVICE),
            criticality=int(topology.criticality[node]),
            best=best,
            worst=best if views.worst is views.best else standing(views.worst, node),
            since_at=views.moment(views.start),
            after_seconds=0.0 if views.start is None else (views.start - origin) / 1000.0,
            down_at=views.moment(down_at),
            down_after_seconds=None if down_at is None else (down_at - origin) / 1000.0,
            _node=node,
            _views=views,
        )


def _severity(state: UInt8, at_risk: Bool) -> Int32:
    harm: Int32 = np.where(state > 0, state.astype(np.int32) + 1, at_risk.astype(np.int32))
    return harm


def _severities(world: World, nodes: Int32) -> Int32:
    """Return the severity of `nodes`, from the baseline where the world does not list them."""
    if world.is_worst:
        rest = world.topology.worst_baseline
        found = _severity(rest.state[nodes], rest.is_at_risk[nodes])
    else:
        found = np.zeros(len(nodes), dtype=np.int32)
    found[np.searchsorted(nodes, world.nodes)] = _severity(world.state, world.at_risk)
    return found


def _all_or(mask: Bool) -> slice | Int64:
    return slice(None) if bool(mask.all()) else np.flatnonzero(mask)


def _id_ranks(topology: Topology, nodes: Int32) -> Int64:
    """Return int64 ranks of the ids of `nodes` among themselves."""
    if topology.ids_are_sorted:
        return nodes.astype(np.int64)
    ids = topology.ids
    order = sorted(range(len(nodes)), key=[ids[node] for node in nodes.tolist()].__getitem__)
    ranks = np.empty(len(nodes), dtype=np.int64)
    ranks[order] = np.arange(len(nodes))
    return ranks
