"""What does the engine work on, and what are its nodes called?

A `Snapshot` is one revision of the inventory, compiled. It is unrestricted: whoever shows an
answer made from it takes away what a caller may not see, by `restricted_to_of`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmdb.errors import UnknownCI
from cmdb.model.definitions import LIFECYCLE, SERVICE_LAYERS
from cmdb.model.registry import Registry
from cmdb.snapshot.building import build_topology
from cmdb.snapshot.columns import Table, starts_with
from cmdb.snapshot.criticality import HIGHEST, LOWEST, compute_criticality
from cmdb.snapshot.estate import ABSENT, LIFECYCLE_CODES, RELATIONSHIP_KINDS, Estate
from cmdb.snapshot.figures import GIVEN, Figures, compute_figures
from cmdb.snapshot.groups import group_name
from cmdb.snapshot.touched import WIRED_BY
from cmdb.snapshot.updating import find_update, is_same_line
from cmdb.snapshot.wiring import Wiring, node_ids, taking_part, wire
from impact import Topology
from impact.arrays import HARD, INFERRED, STRENGTH
from impact.topology import SERVICE, STALE

IMPLICIT_GROUP = "ImplicitGroup"
"""What `class_of` says of a group that the compilation made."""

_NO_FIGURES = Figures(np.empty(0), np.empty(0), np.empty(0, dtype=np.uint8))
_JUDGED_BY = ("class", "a_availability", "a_mttf_hours", "a_mtbf_hours", "a_mttr_hours")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One revision of the inventory, ready for questions. Safe to share between threads.

    Attributes:
        revision: The log entry it stands at.
        topology: What the engine works on.
        registry: The classes and types it was compiled with.
        included: Planned CIs that take part because they were asked for.
        figures: By node: unavailability, MTTR, and where they come from (`figures.GIVEN`, ...).
    """

    revision: int
    topology: Topology
    registry: Registry
    included: frozenset[str]
    figures: Figures
    estate: Estate
    wiring: Wiring

    def __contains__(self, ci_id: object) -> bool:
        """Tell whether a CI of that id, or an implicit group, is known."""
        return isinstance(ci_id, str) and (
            self.estate.cis.row(ci_id) >= 0 or ci_id in self.implicit_groups
        )

    def name_of(self, ci_id: str) -> str:
        """Return the name of a CI, or a readable one of an implicit group.

        Raises:
            UnknownCI: Neither is known.
        """
        group = self.implicit_groups.get(ci_id)
        return group[1] if group else str(self.estate.cis["name"][self._row(ci_id)])

    def class_of(self, ci_id: str) -> str:
        """Return the class of a CI; `IMPLICIT_GROUP` for an implicit group."""
        if ci_id in self.implicit_groups:
            return IMPLICIT_GROUP
        return self.estate.classes[int(self.estate.cis["class"][self._row(ci_id)])]

    def lifecycle_of(self, ci_id: str) -> str:
        """Return the life-cycle stage of a CI, empty if not known; a group is in use."""
        if ci_id in self.implicit_groups:
            return "in_use"
        code = int(self.estate.cis["lifecycle"][self._row(ci_id)])
        return "" if code == ABSENT else LIFECYCLE[code]

    def restricted_to_of(self, ci_id: str) -> tuple[str, ...]:
        """Return the teams that alone may see a CI; empty for everybody.

        An implicit group is named after its dependent and restricted as it is.
        """
        group = self.implicit_groups.get(ci_id)
        return self.estate.restricted_to.get(self._row(group[0] if group else ci_id), ())

    def services(self) -> list[str]:
        """Return the ids of the services that take part, in node order."""
        found = np.flatnonzero(self.topology.flags & SERVICE).tolist()
        return [self.topology.ids[node] for node in found]

    @cached_property
    def inferred_edges(self) -> int:
        """Return how many edges were deduced or are in doubt."""
        topology = self.topology
        return sum(
            int(np.count_nonzero(codes & INFERRED))
            for codes in (topology.dependents_of.codes, topology.weak[2])
        )

    @cached_property
    def inferred_hard_edges(self) -> int:
        """Return how many of the inferred edges are hard."""
        codes = self.topology.dependents_of.codes
        return int(np.count_nonzero((codes & (INFERRED | STRENGTH)) == (INFERRED | HARD)))

    @cached_property
    def implicit_groups(self) -> Mapping[str, tuple[str, str]]:
        """Return, by id of each implicit group, its dependent's id and a readable name."""
        groups = self.wiring.groups
        ids = self.topology.ids[len(self.wiring.rows) :]
        rows = self.wiring.rows[groups.dependents].tolist()
        cis, types = self.estate.cis, self.estate.types
        return {
            group_id: (
                cis["id"][row],
                group_name(str(cis["name"][row]), size, types[code]),
            )
            for group_id, row, size, code in zip(
                ids, rows, groups.sizes.tolist(), groups.types.tolist(), strict=True
            )
        }

    def including(self, ci_ids: Collection[str]) -> Snapshot:
        """Return the same revision with these planned CIs taking part.

        Raises:
            UnknownCI: One of them is not known.
        """
        for ci_id in ci_ids:
            self._row(ci_id)
        included = self.included | frozenset(ci_ids)
        return compile_snapshot(self.estate, self.registry, include=included)

    def _row(self, ci_id: str) -> int:
        row = self.estate.cis.row(ci_id)
        if row < 0:
            raise UnknownCI(ci_id)
        return row


def compile_snapshot(
    estate: Estate,
    registry: Registry,
    *,
    include: frozenset[str] = frozenset(),
    previous: Snapshot | None = None,
) -> Snapshot:
    """Return the snapshot of an estate.

    Args:
        estate: The inventory at one revision.
        registry: Classes and types.
        include: Planned CIs, and those in build, that are to take part.
        previous: An earlier snapshot of the same line; what did not change is taken from it.
    """
    takes_part = taking_part(estate, include)
    wiring, bare = _wired(estate, registry, takes_part, previous)
    figures = _figures(estate, registry, wiring, previous)
    flags = _flags(estate, registry, wiring, bare)
    topology = _with_nodes(bare, flags=flags, q=figures.q, mttr_hours=figures.mttr_hours)
    criticality = _criticality(topology, estate, wiring, previous)
    topology = _with_nodes(topology, criticality=criticality)
    return Snapshot(estate.revision, topology, registry, include, figures, estate, wiring)


def _wired(
    estate: Estate,
    registry: Registry,
    takes_part: NDArray[np.bool_],
    previous: Snapshot | None,
) -> tuple[Wiring, Topology]:
    """Return nodes and edges, and the topology they make, with as little work as will do."""
    if previous is not None and registry is previous.registry:
        old = previous.wiring
        if _is_wired_alike(previous, estate, takes_part):
            return old, previous.topology
        update = find_update(previous.estate, old, estate, registry, takes_part)
        if update is not None:
            return update.wiring, previous.topology.patched(update.patch)
    wiring, edges = wire(estate, registry, takes_part)
    ids = _all_ids(estate, wiring, previous)
    return wiring, build_topology(estate, registry, wiring, edges, ids)


def _is_wired_alike(previous: Snapshot, estate: Estate, takes_part: NDArray[np.bool_]) -> bool:
    """Return whether nodes and edges are those of an earlier snapshot."""
    old = previous.estate
    return (
        _are_same(RELATIONSHIP_KINDS, estate.relationships, old.relationships)
        and _are_same(("id", *WIRED_BY), estate.cis, old.cis)
        and np.array_equal(takes_part, previous.wiring.takes_part)
    )


def _are_same(names: Iterable[str], one: Table, other: Table) -> bool:
    return all(one[name] is other[name] for name in names)


def _all_ids(estate: Estate, wiring: Wiring, previous: Snapshot | None) -> tuple[str, ...]:
    groups = wiring.groups
    if (
        previous is not None
        and _are_same(("id",), estate.cis, previous.estate.cis)
        and np.array_equal(wiring.takes_part, previous.wiring.takes_part)
        and np.array_equal(groups.dependents, previous.wiring.groups.dependents)
        and np.array_equal(groups.types, previous.wiring.groups.types)
    ):
        return previous.topology.ids
    return tuple(node_ids(estate, wiring, np.arange(len(wiring.is_group), dtype=np.int32)))


def _figures(
    estate: Estate, registry: Registry, wiring: Wiring, previous: Snapshot | None
) -> Figures:
    """Return figures by node; a group stands for nothing but its members and never fails."""
    known, old = 0, _NO_FIGURES
    if (
        previous is not None
        and registry is previous.registry
        and _nodes_stay(previous, estate, wiring, _JUDGED_BY)
    ):
        known, old = len(previous.wiring.rows), previous.figures
        if known == len(wiring.rows) and len(wiring.groups) == len(previous.wiring.groups):
            return old
    found = compute_figures(estate, registry, wiring.rows[known:])
    groups = len(wiring.groups)
    q = np.concatenate([old.q[:known], found.q, np.zeros(groups)])
    mttr_hours = np.concatenate([old.mttr_hours[:known], found.mttr_hours, np.full(groups, np.nan)])
    basis = np.concatenate([old.basis[:known], found.basis, np.full(groups, GIVEN, np.uint8)])
    q[wiring.is_group], mttr_hours[wiring.is_group] = 0.0, np.nan
    basis[wiring.is_group] = GIVEN
    return Figures(q, mttr_hours, basis)


def _nodes_stay(previous: Snapshot, estate: Estate, wiring: Wiring, names: Iterable[str]) -> bool:
    """Return whether the CIs of an earlier wiring come first in this one, with the same values."""
    old, rows = previous.estate, previous.wiring.rows
    return (
        is_same_line(old, estate)
        and np.array_equal(rows, wiring.rows[: len(rows)])
        and starts_with(estate.cis, old.cis, names)
    )


def _criticality(
    topology: Topology, estate: Estate, wiring: Wiring, previous: Snapshot | None
) -> NDArray[np.uint8]:
    floors = _floors(estate, wiring)
    if previous is not None and topology.providers_of.codes is previous.topology.providers_of.codes:
        # The same edges, if also their ends may have moved up: new nodes have none.
        old, place = previous.topology, len(previous.wiring.rows)
        count = len(topology) - len(old)
        flags = np.delete(topology.flags, slice(place, place + count))
        if _nodes_stay(previous, estate, wiring, ("a_criticality",)) and np.array_equal(
            flags & SERVICE, old.flags & SERVICE
        ):
            fresh = np.maximum(floors[place : place + count], LOWEST)
            return np.insert(old.criticality, place, fresh)
    return compute_criticality(topology, floors)


def _flags(estate: Estate, registry: Registry, wiring: Wiring, bare: Topology) -> NDArray[np.uint8]:
    layers = [
        registry.classes[name].layer if name in registry.classes else "" for name in estate.classes
    ]
    is_service = np.array([layer in SERVICE_LAYERS for layer in layers], dtype=np.bool_)
    rows = wiring.rows
    flags = bare.flags & np.uint8(0xFF & ~(SERVICE | STALE))
    flags[: len(rows)] |= np.where(is_service[estate.cis["class"][rows]], SERVICE, 0).astype("u1")
    is_stale = estate.cis["lifecycle"][rows] == LIFECYCLE_CODES["stale"]
    flags[: len(rows)] |= np.where(is_stale, STALE, 0).astype("u1")
    return flags


def _floors(estate: Estate, wiring: Wiring) -> NDArray[np.uint8]:
    given = estate.cis["a_criticality"][wiring.rows]
    floors = np.where(np.isnan(given), 0, np.clip(np.nan_to_num(given), LOWEST, HIGHEST))
    return np.concatenate([floors, np.zeros(len(wiring.groups))]).astype(np.uint8)


def _with_nodes(topology: Topology, **parts: Any) -> Topology:
    """Return a topology with other node arrays and the same edges."""
    return Topology(**topology.parts | parts)
