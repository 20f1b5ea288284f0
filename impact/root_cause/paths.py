"""By which chains does the failure of a candidate reach the symptoms? Computed when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from impact.evidence import Evidence, Step
from impact.propagation import UNBOUNDED
from impact.spread import DOWN
from impact.world import settle_world

if TYPE_CHECKING:
    from impact.topology import Topology


class Paths(Mapping[str, tuple[Step, ...]]):
    """By id of each explained symptom, a shortest chain; empty for the candidate itself."""

    def __init__(self, topology: Topology, nodes: tuple[int, ...], symptoms: list[int]) -> None:
        """Keep what is asked about; nothing is computed yet."""
        self._topology = topology
        self._nodes = nodes
        self._symptoms = {topology.ids[node]: node for node in sorted(symptoms)}

    def __getitem__(self, symptom: str) -> tuple[Step, ...]:
        """Return the chain to a symptom.

        Raises:
            KeyError: The candidate does not explain it.
        """
        return self._evidence.chain(self._symptoms[symptom])

    def __iter__(self) -> Iterator[str]:
        """Return the ids of the explained symptoms."""
        return iter(self._symptoms)

    def __len__(self) -> int:
        """Return their number."""
        return len(self._symptoms)

    @cached_property
    def _evidence(self) -> Evidence:
        failed = dict.fromkeys(self._nodes, DOWN)
        return Evidence(settle_world(self._topology, failed, UNBOUNDED))
