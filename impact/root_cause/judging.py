"""What would the failure of some CIs explain, and what speaks against it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from impact.arrays import Bool, Int32, UInt8
from impact.errors import InvalidFigure
from impact.propagation import settled
from impact.root_cause.model import RecentChange, Symptom, Terms, Weights
from impact.spread import DOWN
from impact.topology import GROUP, SERVICE

if TYPE_CHECKING:
    from impact.topology import Topology


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What the failure of some nodes does to the observations.

    Attributes:
        nodes: The nodes that fail, ascending.
        explained: Bit set of the symptoms, by their place.
        contradicted: Bit set of the healthy observations.
        silent: CIs of the observed kind that say nothing and would be DOWN; what is merely DEGRADED
            may go unnoticed.
        down: int32, nodes that would be DOWN, ascending.
        terms: Of the score.
    """

    nodes: tuple[int, ...]
    explained: int
    contradicted: int
    silent: int
    down: Int32
    terms: Terms

    @property
    def score(self) -> float:
        """Return the sum of the terms."""
        return self.terms.total


class Judge:
    """Knows the observations and judges sets of nodes by them; `left` are the trials left."""

    def __init__(
        self,
        topology: Topology,
        symptoms: Sequence[Symptom],
        healthy: Int32,
        *,
        changes: Sequence[RecentChange],
        priors: Mapping[str, float],
        weights: Weights,
        trials: int,
    ) -> None:
        """Read the observations; nothing is tried yet.

        Raises:
            InvalidFigure: A prior that is no probability.
        """
        for ci, prior in priors.items():
            if not 0.0 <= prior <= 1.0:
                raise InvalidFigure(ci, f"a prior is a probability between 0 and 1, not {prior}")
        self.left = trials
        self.symptoms: Int32 = np.array([topology.index(s.ci) for s in symptoms], dtype=np.int32)
        self._topology = topology
        self._levels: UInt8 = np.array([int(s.state) for s in symptoms], dtype=np.uint8)
        self._onsets = [s.onset_at for s in symptoms]
        self._place = {node: place for place, node in enumerate(self.symptoms.tolist())}
        self._healthy = healthy
        self._weights = weights
        self._priors = priors
        services = (topology.flags[self.symptoms] & SERVICE) > 0
        self._only_services = bool(services.all())
        self._changes = self._suspicion(changes)
        self._own = dict(zip(topology.own[0].tolist(), topology.own[1].tolist(), strict=True))
        self._most = 5_000 + 100 * len(symptoms)

    def judge(self, nodes: tuple[int, ...]) -> Verdict:
        """Return what the failure of these nodes explains; costs one trial."""
        self.left -= 1
        seeds = self._own | dict.fromkeys(nodes, DOWN)
        with settled(self._topology, seeds, self._most) as (scratch, effect):
            suffers = scratch.state[self.symptoms] >= self._levels
            broken = scratch.state[self._healthy] > 0
            down = np.sort(effect.down)
        explained, contradicted = _as_bits(suffers), _as_bits(broken)
        silent = self._observed(down) - self._known_among(down)
        return Verdict(
            nodes,
            explained,
            contradicted,
            silent,
            down,
            self._terms(nodes, explained, contradicted, silent),
        )

    def _observed(self, nodes: Int32) -> int:
        flags = self._topology.flags[nodes]
        if self._only_services:
            return int(((flags & SERVICE) > 0).sum())
        return int(((flags & GROUP) == 0).sum())

    def _known_among(self, nodes: Int32) -> int:
        """Return how many of these nodes of the observed kind were seen, suffering or healthy."""
        seen = np.concatenate([self.symptoms, self._healthy])
        return self._observed(nodes[np.isin(nodes, seen)])

    def _terms(
        self, nodes: tuple[int, ...], explained: int, contradicted: int, silent: int
    ) -> Terms:
        weights = self._weights
        return Terms(
            weights.explained * explained.bit_count(),
            weights.silent * silent,
            weights.contradicted * contradicted.bit_count(),
            weights.another * (len(nodes) - 1),
            weights.change * sum(self._changes.get(node, 0.0) for node in nodes),
            weights.late * sum(self._is_late(node, explained) for node in nodes),
            weights.prior * sum(self._prior(node) for node in nodes),
        )

    def _prior(self, node: int) -> float:
        """Return the natural logarithm of what is known beforehand; 0 where nothing is."""
        given = self._priors.get(self._topology.ids[node])
        if given is None and self._topology.q is not None:
            given = float(self._topology.q[node])
        if given is None:
            return 0.0
        return float(np.log(max(given, 1e-6)))

    def _is_late(self, node: int, explained: int) -> bool:
        """Tell whether a symptomatic node suffers only after something it is to explain."""
        place = self._place.get(node)
        onset = None if place is None else self._onsets[place]
        if onset is None:
            return False
        others = [
            other
            for number, other in enumerate(self._onsets)
            if explained >> number & 1 and number != place and other is not None
        ]
        return any(other < onset for other in others)

    def _suspicion(self, changes: Sequence[RecentChange]) -> dict[int, float]:
        """Return, for each node, how fresh its last change before the onset is, in (0, 1]."""
        onset = min((each for each in self._onsets if each is not None), default=None)
        found: dict[int, float] = {}
        for change in changes:
            if change.ci not in self._topology:
                continue
            node = self._topology.index(change.ci)
            found[node] = max(found.get(node, 0.0), self._freshness(change.at, onset))
        return found

    def _freshness(self, at: datetime | None, onset: datetime | None) -> float:
        if at is None or onset is None:
            return 1.0
        if at > onset:
            return 0.0
        hours = (onset - at).total_seconds() / 3600.0
        return float(0.5 ** (hours / self._weights.half_life_hours))


def _as_bits(flags: Bool) -> int:
    return sum(1 << place for place in np.flatnonzero(flags).tolist())
