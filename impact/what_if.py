"""How would a topology look with a few things otherwise: a replica more, a feed less?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from impact.arrays import FOR_EVER, GATE, HARD, INFERRED, SOFT, STRENGTH
from impact.errors import InvalidEdit, UnknownNode
from impact.topology import GROUP, SERVICE, STALE, UNKNOWN, Topology


@dataclass(frozen=True, slots=True)
class AddReplica:
    """A second CI like `ci`: same figures, same providers; either of the two suffices.

    Gates that `ci` is a member of get a member more and need as many as before. What relies on it
    by a hard or soft edge relies on a group of the two instead.

    Attributes:
        ci: Id of the CI.
        replica: Id of the new one; empty: `CI (replica)`.
        instead: Providers that the replica does not share, each with the one it has instead.
    """

    ci: str
    replica: str = ""
    instead: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """`ci` relies on `to` in place of `provider`, by the same edges."""

    ci: str
    provider: str
    to: str


@dataclass(frozen=True, slots=True)
class Drop:
    """`ci` relies on `provider` no more, by no edge."""

    ci: str
    provider: str


@dataclass(frozen=True, slots=True)
class Remove:
    """`ci` is taken away: nothing relies on it any more, and gates lose it as a member."""

    ci: str


Edit: TypeAlias = AddReplica | Move | Drop | Remove


def edited(topology: Topology, edits: Iterable[Edit]) -> Topology:
    """Return another topology with some edits made, one after the other; the first stays as it is.

    Any question can be put to it. Nodes that an edit adds come last.

    Complexity: O(n + m log m), as `Topology.build`.

    Raises:
        UnknownNode: An edit names a CI that takes no part.
        InvalidEdit: A replica whose id is taken, or an edge that is not there.

    Examples:
        >>> from impact import Outage, Topology, propagate
        >>> topology = Topology.build(
        ...     ids=["web", "db"], dependents=[0], providers=[1], strengths=[0])
        >>> with_two = edited(topology, [AddReplica("db")])
        >>> with_two.ids
        ('web', 'db', 'db (replica)', 'db or replica')
        >>> propagate(with_two, [Outage("db")]).of(with_two.index("web"))[0].name
        'UP'
    """
    draft = _Draft.of(topology)
    for edit in edits:
        match edit:
            case AddReplica():
                draft.add_replica(edit)
            case Move():
                draft.move(edit)
            case Drop():
                draft.drop(edit)
            case Remove():
                draft.remove(edit)
    return draft.build()


@dataclass(slots=True)
class _Edge:
    dependent: int
    provider: int
    strength: int
    is_inferred: bool
    tolerates_seconds: float
    confidence: float


@dataclass(slots=True)
class _Draft:
    """A topology as lists; `nodes` holds, by name of a parameter of `build`, a value a node."""

    nodes: dict[str, list[Any]]
    edges: list[_Edge]
    places: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, topology: Topology) -> _Draft:
        flags, count = topology.flags, len(topology)
        own = np.zeros(count, dtype=np.uint8)
        own[topology.own[0]] = topology.own[1]
        is_gate = np.zeros(count, dtype=np.bool_)
        is_gate[topology.gates.nodes] = True
        k_min, k_full = (np.zeros(count, dtype=np.int32) for _ in range(2))
        k_min[topology.gates.nodes] = topology.gates.k_min
        k_full[topology.gates.nodes] = np.maximum(topology.gates.k_full, topology.gates.k_min)
        arrays: dict[str, Any] = {
            "ids": topology.ids,
            "is_service": (flags & SERVICE) > 0,
            "criticality": topology.criticality,
            "own_state": own,
            "is_unknown": (flags & UNKNOWN) > 0,
            "is_gate": is_gate,
            "is_group": (flags & GROUP) > 0,
            "k_min": k_min,
            "k_full": k_full,
            "is_stale": (flags & STALE) > 0,
            "q": np.zeros(count) if topology.q is None else topology.q,
            "mttr_hours": np.full(count, np.nan)
            if topology.mttr_hours is None
            else topology.mttr_hours,
        }
        nodes = {name: list(values) for name, values in arrays.items()}
        draft = cls(nodes, _edges(topology))
        draft.places = {ci: place for place, ci in enumerate(topology.ids)}
        return draft

    def build(self) -> Topology:
        edges = self.edges
        return Topology.build(
            **self.nodes,
            dependents=np.array([edge.dependent for edge in edges], dtype=np.int32),
            providers=np.array([edge.provider for edge in edges], dtype=np.int32),
            strengths=np.array([edge.strength for edge in edges], dtype=np.uint8),
            tolerates_seconds=np.array([edge.tolerates_seconds for edge in edges]),
            edge_inferred=np.array([edge.is_inferred for edge in edges], dtype=np.bool_),
            edge_confidence=np.array([edge.confidence for edge in edges]),
        )

    def place(self, ci: str) -> int:
        if ci not in self.places:
            raise UnknownNode(ci)
        return self.places[ci]

    def add(self, ci: str, like: int | None) -> int:
        """Return a new node with the values of another, or of a group of which one is needed."""
        if ci in self.places:
            raise InvalidEdit(ci, "the id of the new CI is taken")
        group = {"is_gate": True, "is_group": True, "k_min": 1, "k_full": 1, "criticality": 1}
        empty = {"mttr_hours": np.nan, "q": 0.0, "own_state": 0}
        for name, values in self.nodes.items():
            fresh = (group | empty).get(name, False)
            values.append(ci if name == "ids" else fresh if like is None else values[like])
        self.places[ci] = len(self.places)
        return self.places[ci]

    def add_replica(self, edit: AddReplica) -> None:
        of = self.place(edit.ci)
        if self.nodes["is_gate"][of]:
            raise InvalidEdit(edit.ci, "a group or cluster has no replica; add one of a member")
        instead = {self.place(one): self.place(other) for one, other in edit.instead}
        replica = self.add(edit.replica or f"{edit.ci} (replica)", of)
        pair: int | None = None
        for edge in list(self.edges):
            if edge.dependent == of:
                provider = instead.get(edge.provider, edge.provider)
                self.edges.append(_copied(edge, dependent=replica, provider=provider))
            elif edge.provider == of and edge.strength == GATE:
                self.edges.append(_copied(edge, provider=replica))
            elif edge.provider == of and edge.strength in (HARD, SOFT):
                if pair is None:
                    pair = self.add(f"{edit.ci} or replica", None)
                    self.edges += [_Edge(pair, m, GATE, False, 0.0, 1.0) for m in (of, replica)]
                edge.provider = pair

    def move(self, edit: Move) -> None:
        to = self.place(edit.to)
        for edge in self.between(edit.ci, edit.provider):
            edge.provider = to

    def drop(self, edit: Drop) -> None:
        gone = {id(edge) for edge in self.between(edit.ci, edit.provider)}
        self.edges = [edge for edge in self.edges if id(edge) not in gone]

    def remove(self, edit: Remove) -> None:
        place = self.place(edit.ci)
        self.edges = [edge for edge in self.edges if place not in (edge.dependent, edge.provider)]

    def between(self, ci: str, provider: str) -> list[_Edge]:
        """Return the edges by which one CI relies on another."""
        ends = self.place(ci), self.place(provider)
        found = [edge for edge in self.edges if (edge.dependent, edge.provider) == ends]
        if not found:
            raise InvalidEdit(ci, f"it does not rely on '{provider}'")
        return found


def _copied(edge: _Edge, *, dependent: int | None = None, provider: int | None = None) -> _Edge:
    return _Edge(
        edge.dependent if dependent is None else dependent,
        edge.provider if provider is None else provider,
        edge.strength,
        edge.is_inferred,
        edge.tolerates_seconds,
        edge.confidence,
    )


def _edges(topology: Topology) -> list[_Edge]:
    rows, weak = topology.dependents_of, topology.weak
    providers = np.repeat(np.arange(len(topology)), np.diff(rows.starts))
    tolerates = np.zeros(topology.edge_count)
    where, milliseconds = topology.tolerant
    tolerates[where] = np.where(milliseconds >= FOR_EVER, np.inf, milliseconds / 1000.0)
    confidence = topology.confidence
    codes = np.concatenate([rows.codes, weak[2]])
    return [
        _Edge(*values)
        for values in zip(
            np.concatenate([rows.ends, weak[0]]).tolist(),
            np.concatenate([providers, weak[1]]).tolist(),
            (codes & STRENGTH).tolist(),
            ((codes & INFERRED) > 0).tolist(),
            tolerates.tolist(),
            ([1.0] * len(codes)) if confidence is None else confidence.tolist(),
            strict=True,
        )
    ]
