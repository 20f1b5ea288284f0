"""What becomes DOWN, DEGRADED or AT_RISK under given outages, worst first, and why?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import INFERRED, row_positions
from impact.hits import Hit, Hits, Table, table_of
from impact.model import GENERAL_ASSUMPTIONS, Assumption, Outage, Problem, to_milliseconds
from impact.propagation import check_budget, own_states
from impact.topology import STALE
from impact.views import Views
from impact.world import World, settle_world

if TYPE_CHECKING:
    from impact.topology import Topology


@dataclass(frozen=True, slots=True)
class Trust:
    """How far the answer rests on what was seen lately: 1.0 is all of it.

    `edges` are those between affected CIs, weak ones left out.
    """

    stale_cis: int
    cis: int
    inferred_edges: int
    edges: int

    @property
    def share(self) -> float:
        """Return the share of CIs and edges that are neither stale nor inferred."""
        total = self.cis + self.edges
        return 1.0 - (self.stale_cis + self.inferred_edges) / total if total else 1.0


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """Everything that outages change, worst first.

    Attributes:
        outages: As asked.
        hits: Affected CIs ordered by service, DOWN > DEGRADED > AT_RISK, criticality, id; where
            something is unknown, by how they stand in the worst world.
        is_partial: The budget ended the search: there may be more, and worse.
    """

    outages: tuple[Outage, ...]
    hits: Hits = field(compare=False)
    is_partial: bool
    _topology: Topology = field(repr=False, compare=False)

    @property
    def services(self) -> Sequence[Hit]:
        """Return the affected services, which are the first of the hits."""
        return self.hits[: self.hits.service_count]

    @property
    def is_certain(self) -> bool:
        """Tell whether no answer depends on something unknown."""
        table = self.hits.table
        return bool(np.array_equal(table.best, table.worst))

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Return, in order of harm, the CIs that stand differently in the two worlds."""
        table, ids = self.hits.table, self._topology.ids
        differs = table.best != table.worst
        return tuple(ids[table.nodes[row]] for row in self.hits.order.tolist() if differs[row])

    @property
    def trust(self) -> Trust:
        """Return how many of the CIs are stale and how many edges between them are inferred."""
        nodes, rows = self.hits.table.nodes, self._topology.dependents_of
        positions, _ = row_positions(rows, nodes)
        if len(positions):
            ends = rows.ends[positions]
            places = np.minimum(np.searchsorted(nodes, ends), len(nodes) - 1)
            positions = positions[nodes[places] == ends]
        return Trust(
            stale_cis=int(((self._topology.flags[nodes] & STALE) > 0).sum()),
            cis=len(nodes),
            inferred_edges=int(((rows.codes[positions] & INFERRED) > 0).sum()),
            edges=len(positions),
        )

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the problems of the topology that concern affected CIs."""
        return tuple(p for p in self._topology.problems if self.hits.find(p.ci) is not None)

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what was taken for granted: in general (no CI) and about affected CIs."""
        general = tuple(Assumption("general", "", text) for text in GENERAL_ASSUMPTIONS)
        found = self._topology.assumptions
        return general + tuple(a for a in found if self.hits.find(a.ci) is not None)


def blast_radius(
    topology: Topology,
    outages: Iterable[Outage],
    *,
    budget: int | None = None,
    at: datetime | None = None,
) -> BlastRadius:
    """Return every CI that becomes DOWN, DEGRADED or AT_RISK, worst first, with evidence.

    Without `at` the answer covers the whole time: each CI as it stands at its worst. With `at`
    it is the state at that moment, tolerances counted. Chains of evidence, single failures and
    trust are computed when they are read.

    Args:
        topology: The snapshot to ask.
        outages: Own states to set; own states of the topology join them.
        budget: Largest number of affected CIs; None: no limit.
        at: A moment, as an aware time.

    Complexity: O(edges of the part reached + k log k) for k affected CIs; where edges tolerate or
    windows differ, once per event (see `timeline`).

    Raises:
        UnknownNode: An outage names a CI that takes no part.
        InvalidBudget: A budget below 1.

    Examples:
        >>> from impact import Topology
        >>> topology = Topology.build(
        ...     ids=["shop", "pool", "db-1", "db-2"], dependents=[0, 1, 1], providers=[1, 2, 3],
        ...     strengths=[0, 2, 2], is_service=[1, 0, 0, 0], is_gate=[0, 1, 0, 0],
        ...     k_min=[0, 1, 0, 0])
        >>> for hit in blast_radius(topology, [Outage("db-1")]).hits:
        ...     print(hit.ci, hit.state.name, hit.at_risk, hit.margin, hit.single_failures)
        shop UP True 0 ('db-2',)
        db-1 DOWN False None ()
        pool UP True 0 ('db-2',)
    """
    from impact.timeline import timeline

    causes = tuple(outages)
    if at is not None:
        return timeline(topology, causes, budget=budget).at(at).radius
    windows = {(outage.start_at, outage.end_at) for outage in causes}
    if len(windows) <= 1 and not (len(topology.own[0]) and windows - {(None, None)}):
        views = _views_at_once(topology, causes, budget)
        if not (views.best.may_tolerate or views.worst.may_tolerate):
            return single_radius(topology, causes, views)
    return timeline(topology, causes, budget=budget).merged


def single_radius(topology: Topology, outages: tuple[Outage, ...], views: Views) -> BlastRadius:
    """Return the blast radius of one moment."""
    is_partial = views.best.is_partial or views.worst.is_partial
    return BlastRadius(outages, Hits(topology, table_of(views), [views]), is_partial, topology)


def merge_radii(
    topology: Topology, outages: tuple[Outage, ...], radii: Sequence[BlastRadius]
) -> BlastRadius:
    """Return each CI once, as it stands at its worst, from the first moment that it does.

    Of the moments in which a CI is merely AT_RISK, the one with the smallest margin counts.
    """
    views = [radius.hits.views[0] for radius in radii]
    tables = [table_of(view, number) for number, view in enumerate(views)]
    margins = np.concatenate([_margins(t, v.worst) for t, v in zip(tables, views, strict=True)])
    nodes, best, worst, view = (
        np.concatenate([getattr(table, name) for table in tables]) for name in Table.__slots__
    )
    margins[worst > 1] = 0
    order = np.lexsort((view, margins, -best, -worst, nodes))
    first = order[np.diff(nodes[order], prepend=-1) > 0]
    table = Table(nodes[first], best[first], worst[first], view[first])
    is_partial = any(radius.is_partial for radius in radii)
    return BlastRadius(outages, Hits(topology, table, views), is_partial, topology)


def _margins(table: Table, world: World) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the margin of each row, for choosing the narrowest moment."""
    places = np.searchsorted(world.nodes, table.nodes)
    known = np.minimum(places, max(len(world.nodes) - 1, 0))
    found = np.full(len(table), np.iinfo(np.int64).max)
    if len(world.nodes):
        listed = world.nodes[known] == table.nodes
        found[listed] = world.margin[known[listed]]
    return found


def _views_at_once(topology: Topology, causes: tuple[Outage, ...], budget: int | None) -> Views:
    seeds, limit = own_states(topology, causes), check_budget(budget)
    best = settle_world(topology, seeds, limit)
    worst = best
    if len(topology.unknown_nodes):
        worst = settle_world(topology, seeds, limit, is_worst=True)
    start = next((outage.start_at for outage in causes if outage.start_at), None)
    begin = None if start is None else to_milliseconds(start)
    return Views(best, worst, start=begin, origin=begin, is_relative=begin is None, budget=budget)
