"""Which words does the API know? Names in capitals; their values are those of the reports."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry


def word(member: Enum | None) -> Any:
    """Return the word of the reports for a member, None for none."""
    return None if member is None else member.value


@strawberry.enum
class Lifecycle(Enum):
    """Stages of the life of a CI; only those in use take part in impact."""

    PLANNED = "planned"
    IN_BUILD = "in_build"
    IN_USE = "in_use"
    IN_MAINTENANCE = "in_maintenance"
    STALE = "stale"
    RETIRED = "retired"


@strawberry.enum
class AffectedState(Enum):
    """What becomes of a CI."""

    DOWN = "DOWN"
    DEGRADED = "DEGRADED"
    AT_RISK = "AT_RISK"
    UP = "UP"


@strawberry.enum
class TargetEffect(Enum):
    """What a change does to a CI."""

    OUTAGE = "outage"
    DEGRADED = "degraded"
    AT_RISK = "at_risk"


@strawberry.enum
class WhatIfKind(Enum):
    """What would be otherwise about a CI."""

    REPLICA = "replica"
    MOVE = "move"
    DROP = "drop"
    REMOVE = "remove"


@strawberry.enum
class PlannedMode(Enum):
    """Whether windows of planned changes count as downtime, or are told beside it."""

    COUNTED = "counted"
    EXCLUDED = "excluded"


@strawberry.enum
class IncidentEffect(Enum):
    """What an incident does to a CI."""

    OUTAGE = "outage"
    DEGRADED = "degraded"


@strawberry.enum
class IncidentState(Enum):
    """States of an incident."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


@strawberry.enum
class ChangeState(Enum):
    """States of a change."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    IMPLEMENTING = "implementing"
    REVIEW = "review"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    BACKED_OUT = "backed_out"


@strawberry.enum
class Role(Enum):
    """What a caller may do."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    PLANNER = "planner"
    IMPORTER = "importer"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


@strawberry.enum
class SortDirection(Enum):
    """Of an order."""

    ASC = "asc"
    DESC = "desc"
