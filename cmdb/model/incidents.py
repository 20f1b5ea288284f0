"""What is an incident, and which moves of its state are legal?

The least that is honest: CIs with effect and onset. Priorities, clocks and links to problems come
with the practice itself; they add fields and states and take none away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cmdb.model.reports import NamedCI, Report

IncidentState = Literal["new", "in_progress", "pending", "resolved", "closed"]
IncidentEffect = Literal["outage", "degraded"]

INCIDENT_MOVES: Mapping[IncidentState, tuple[IncidentState, ...]] = {
    "new": ("in_progress", "pending", "resolved", "closed"),
    "in_progress": ("pending", "resolved", "closed"),
    "pending": ("in_progress", "resolved", "closed"),
    "resolved": ("in_progress", "closed"),
    "closed": (),
}
"""From each state, the states that may follow it."""

OPEN_INCIDENTS: tuple[IncidentState, ...] = ("new", "in_progress", "pending")
"""In these states, what the incident says of its CIs holds now."""


@dataclass(frozen=True, slots=True)
class AffectedCI(Report):
    """What an incident does to one CI, and since when."""

    ci: NamedCI
    effect: IncidentEffect
    onset_at: datetime


@dataclass(frozen=True, slots=True)
class Incident(Report):
    """An incident as it stands.

    Attributes:
        id: Opaque, time-ordered.
        version: The revision that last changed it.
        state: Of its life.
        title: In a few words.
        description: In more of them.
        affected: CIs with effect and onset.
        opened_at: When it was recorded.
        opened_by: Who recorded it.
        updated_at: When it was last changed.
        resolved_at: When service was restored, or None.
        resolution: What restored it, or empty.
    """

    id: str
    version: int
    state: IncidentState
    title: str
    description: str
    affected: tuple[AffectedCI, ...]
    opened_at: datetime
    opened_by: str
    updated_at: datetime
    resolved_at: datetime | None = None
    resolution: str = ""

    @property
    def is_open(self) -> bool:
        """Whether what it says of its CIs holds now."""
        return self.state in OPEN_INCIDENTS
