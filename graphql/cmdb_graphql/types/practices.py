"""How are incidents, changes and what happened near a CI told?"""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from cmdb.model import incidents, planned_changes
from cmdb_graphql.types.common import (
    NamedCIType,
    Node,
    PageInfo,
    node_id,
    plain_id,
    whole_report,
)
from cmdb_graphql.types.enums import (
    AffectedState,
    ChangeState,
    IncidentEffect,
    IncidentState,
    TargetEffect,
)
from cmdb_graphql.types.impact import Basis


@strawberry.type(name="AffectedCI")
class AffectedCI:
    """What an incident does to one CI, and since when."""

    ci: NamedCIType
    effect: IncidentEffect
    onset_at: datetime


@strawberry.type
class Incident(Node):
    """An incident as it stands."""

    id: strawberry.ID = node_id("Incident")
    local_id: str = plain_id()
    version: int
    state: IncidentState
    title: str
    description: str
    affected: list[AffectedCI]
    opened_at: datetime
    opened_by: str
    updated_at: datetime
    resolved_at: datetime | None
    resolution: str
    is_open: bool
    report: JSON = whole_report()

    @strawberry.field(description="The states that may follow.")
    def legal_states(self: incidents.Incident) -> list[IncidentState]:
        """Return the legal moves."""
        return [IncidentState(state) for state in incidents.INCIDENT_MOVES[self.state]]

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Return whether a value is shown as this type."""
        return isinstance(value, incidents.Incident)


@strawberry.type
class ChangeTarget:
    """What a change does to one CI, and when."""

    ci: NamedCIType
    effect: TargetEffect
    start_at: datetime
    end_at: datetime


@strawberry.type
class Change(Node):
    """A change as it stands."""

    id: strawberry.ID = node_id("Change")
    local_id: str = plain_id()
    version: int
    state: ChangeState
    title: str
    description: str
    start_at: datetime
    end_at: datetime
    targets: list[ChangeTarget]
    planned_at: datetime
    planned_by: str
    updated_at: datetime
    is_planned: bool
    report: JSON = whole_report()

    @strawberry.field(description="The states that may follow.")
    def legal_states(self: planned_changes.Change) -> list[ChangeState]:
        """Return the legal moves."""
        return [ChangeState(state) for state in planned_changes.CHANGE_MOVES[self.state]]

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """Return whether a value is shown as this type."""
        return isinstance(value, planned_changes.Change)


@strawberry.type
class AffectedService:
    """A service that is affected, and whom to notify."""

    ci: NamedCIType
    state: AffectedState
    criticality: int
    owner: str
    support: str


@strawberry.type
class ServicesAffected:
    """The services affected, worst first; `withheld` counts those the caller may not see.

    `withheldOwners` are the teams that own those: whom to ask.
    """

    services: list[AffectedService]
    basis: Basis
    withheld: int
    withheld_criticality: int
    withheld_owners: list[str]
    report: JSON = whole_report()


@strawberry.type
class IncidentDetails:
    """An incident and what it affects; `impact` is absent once it is resolved."""

    incident: Incident
    impact: ServicesAffected | None
    report: JSON = whole_report()


@strawberry.type
class IncidentPage:
    """A page of incidents, newest first."""

    nodes: list[Incident]
    page_info: PageInfo
    report: JSON


@strawberry.type
class ChangeDetails:
    """A change and what it affects during its windows."""

    change: Change
    impact: ServicesAffected
    report: JSON = whole_report()


@strawberry.type
class ChangePage:
    """A page of changes, newest first."""

    nodes: list[Change]
    page_info: PageInfo
    report: JSON


@strawberry.type
class NearEvent:
    """Something that touched the surroundings of a CI; `kind` is `log` or `change`."""

    at: datetime
    kind: str
    subject: NamedCIType
    hops: int
    revision: int
    change: str
    actor: str
    source: str
    what: str
    before: JSON
    after: JSON


@strawberry.type
class ChangesNear:
    """What touched the surroundings of some CIs, newest first; partial where a limit cut it.

    `withheld` counts changes of relationships with CIs that the caller may not see.
    """

    cis: list[NamedCIType]
    since_at: datetime
    hops: int
    events: list[NearEvent]
    is_partial: bool
    withheld: int
    report: JSON = whole_report()
