"""What is a change, and which moves of its state are legal?

A change has targets, each with its effect and its own window inside that of the change: a rolling
restart of three members is one change with three short windows. Types, approvals and reviews come
with the practice itself; they add fields and states and take none away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cmdb.model.reports import NamedCI, Report

ChangeState = Literal[
    "draft", "scheduled", "implementing", "review", "closed", "cancelled", "failed", "backed_out"
]
TargetEffect = Literal["outage", "degraded", "at_risk"]

CHANGE_MOVES: Mapping[ChangeState, tuple[ChangeState, ...]] = {
    "draft": ("scheduled", "cancelled"),
    "scheduled": ("draft", "implementing", "cancelled"),
    "implementing": ("review", "failed", "backed_out"),
    "review": ("closed",),
    "failed": ("review", "closed"),
    "backed_out": ("review", "closed"),
    "closed": (),
    "cancelled": (),
}
"""From each state, the states that may follow it."""

PLANNED_CHANGES: tuple[ChangeState, ...] = ("scheduled", "implementing")
"""In these states, others must reckon with the windows of a change."""

LASTING_CHANGES: tuple[ChangeState, ...] = ("implementing",)
"""In these states, a change whose window is over goes on until it leaves the state."""


@dataclass(frozen=True, slots=True)
class ChangeTarget(Report):
    """What a change does to one CI, and when."""

    ci: NamedCI
    effect: TargetEffect
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True)
class Change(Report):
    """A change as it stands.

    Attributes:
        id: Opaque, time-ordered.
        version: The revision that last changed it.
        state: Of its life.
        title: In a few words.
        description: In more of them.
        start_at: When its window begins.
        end_at: When its window ends.
        targets: What it does to each CI, and when.
        planned_at: When it was recorded.
        planned_by: Who recorded it.
        updated_at: When it was last changed.
    """

    id: str
    version: int
    state: ChangeState
    title: str
    description: str
    start_at: datetime
    end_at: datetime
    targets: tuple[ChangeTarget, ...]
    planned_at: datetime
    planned_by: str
    updated_at: datetime

    @property
    def is_planned(self) -> bool:
        """Whether others must reckon with its windows."""
        return self.state in PLANNED_CHANGES
