"""What does an answer about the structure of a service hold?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cmdb.model.reports import NamedCI, Report

StructureKind = Literal["hard", "soft", "member"]


@dataclass(frozen=True, slots=True)
class StructureNode(Report):
    """A CI or group that the service relies on, or the service itself.

    Attributes:
        ci: Which.
        distance: Relationships between the service and it, the fewest.
        unavailability: P(DOWN by itself); None of a group that is nothing else.
        is_single_point: Its failure alone takes the service DOWN.
        needed: How many of its members are needed not to be DOWN; None where it has none.
        members: How many it has.
    """

    ci: NamedCI
    distance: int
    unavailability: float | None
    is_single_point: bool
    needed: int | None
    members: int


@dataclass(frozen=True, slots=True)
class StructureEdge(Report):
    """That one node relies on another; both are places in the list of nodes.

    Attributes:
        dependent: Which relies.
        provider: On which.
        kind: `hard`: DOWN with it; `soft`: DEGRADED with it; `member`: counted with others.
    """

    dependent: int
    provider: int
    kind: StructureKind


@dataclass(frozen=True, slots=True)
class StructureReport(Report):
    """What a service relies on, and where a single failure is enough.

    Attributes:
        revision: Of the topology.
        service: Which.
        nodes: The service, then what it relies on, nearest first.
        edges: Between these nodes.
        count: Nodes in all, those beyond the limit included.
        single_point_count: Single points of failure in all.
        is_complete: No node is left out.
        open_psa: The structure as an Open-PSA model in XML; empty unless it was asked for.
    """

    revision: int
    service: NamedCI
    nodes: tuple[StructureNode, ...]
    edges: tuple[StructureEdge, ...]
    count: int
    single_point_count: int
    is_complete: bool
    open_psa: str
