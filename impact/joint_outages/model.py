"""What is said of causes that harm services together?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from impact.joint_outages.moments import LeftGate, Span
from impact.model import GENERAL_ASSUMPTIONS, Outage


class JointEffect(Enum):
    """What a set of causes brings a service to."""

    DOWN = "DOWN"
    DEGRADED = "DEGRADED"
    REDUNDANCY_LOST = "REDUNDANCY_LOST"


@dataclass(frozen=True, slots=True)
class Cause:
    """One change or incident: what it does to its targets, each in its own window.

    Attributes:
        id: Its reference; causes of one id are one cause.
        outages: What it sets. An outage without times lasts for ever.
    """

    id: str
    outages: tuple[Outage, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A minimal guilty set: together its causes have the effect, no proper subset has.

    Attributes:
        service: Id of the service.
        effect: DOWN; at least DEGRADED, where the same set does not take it DOWN; or
            REDUNDANCY_LOST: before, no single CI could take the service DOWN, and now one can.
        causes: Ids of two or more causes, sorted.
        spans: The stretches of time with the effect, in order.
        gates: The gates on the way that had too few members left when the effect began; for
            REDUNDANCY_LOST those that lost a member.
        single_failures: For REDUNDANCY_LOST the CIs that can take the service DOWN, at its begin.
    """

    service: str
    effect: JointEffect
    causes: tuple[str, ...]
    spans: tuple[Span, ...]
    gates: tuple[LeftGate, ...]
    single_failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JointOutages:
    """The conflicts of some causes.

    Attributes:
        conflicts: If every unknown node is UP: DOWN first, then DEGRADED, then REDUNDANCY_LOST; the
            more critical service first, the smaller set first, then by service and causes.
        worst: The same if every unknown node is DOWN; the same object where nothing is unknown.
        is_complete: No minimal set is missing.
        incomplete: Ids of the services for which one may be missing, sorted.
        assumptions: What was taken for granted.
    """

    conflicts: tuple[Conflict, ...]
    worst: tuple[Conflict, ...]
    is_complete: bool
    incomplete: tuple[str, ...]
    assumptions: tuple[str, ...] = GENERAL_ASSUMPTIONS
