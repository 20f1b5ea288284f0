"""What does a user ask for? The arguments of operations that are more than a name or a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from cmdb.model.selection import Filter, Sort

if TYPE_CHECKING:
    from cmdb.model.incidents import IncidentEffect, IncidentState
    from cmdb.model.planned_changes import ChangeState, TargetEffect

Moment = datetime | int


@dataclass(frozen=True, slots=True)
class Target:
    """What a change does to one CI.

    Attributes:
        ci: Id or name.
        effect: An outage, less than full service, or only the risk of one.
        start_at: When it begins; None: with the change.
        end_at: When it ends; None: with the change.
    """

    ci: str
    effect: TargetEffect = "outage"
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """Which page of which CIs is wanted; `after` is the cursor that the page before gave."""

    class_name: str = ""
    where: Filter | None = None
    sort: Sort = field(default_factory=Sort)
    first: int = 50
    after: str = ""
    include_retired: bool = False


@dataclass(frozen=True, slots=True)
class EditReason:
    """Why an edit is made, and how a retry of it is recognised.

    Attributes:
        reason: In a few words, for the log.
        expected_version: Refuse unless what is edited still has this version: the CI, the
            relationship, the record or the definition.
        idempotency_key: A retry with the same key returns the first answer.
        request_id: For tracing.
    """

    reason: str = ""
    expected_version: int | None = None
    idempotency_key: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class NewRelationship:
    """A relationship to record: `dependent` relies on `provider`; both are names of CIs."""

    type: str
    dependent: str
    provider: str
    strength: str | None = None
    tolerates_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A redundancy group to record; `owner` and `members` are names of CIs, `owner` may be empty.

    `k_min` members are needed not to be DOWN, `k_full` to be fully UP (None: as `k_min`).
    """

    name: str
    members: tuple[str, ...]
    k_min: int
    k_full: int | None = None
    mode: str | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class NewAffected:
    """A CI that an incident affects.

    What is None stays as it is where the incident affects that CI already; else it is an outage,
    and since now.
    """

    ci: str
    effect: IncidentEffect | None = None
    onset_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewIncident:
    """An incident to record."""

    title: str
    affected: tuple[NewAffected, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class IncidentUpdate:
    """What is to change about an incident; None leaves a thing as it is."""

    state: IncidentState | None = None
    title: str | None = None
    description: str | None = None
    affected: tuple[NewAffected, ...] | None = None
    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change to record; targets without a window of their own take that of the change."""

    title: str
    targets: tuple[Target, ...]
    start_at: datetime
    end_at: datetime
    description: str = ""
    state: ChangeState = "draft"


@dataclass(frozen=True, slots=True)
class ChangeUpdate:
    """What is to change about a change; None leaves a thing as it is."""

    state: ChangeState | None = None
    title: str | None = None
    description: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    targets: tuple[Target, ...] | None = None


@dataclass(frozen=True, slots=True)
class RecordListing:
    """Which page of incidents, changes or previews is wanted, newest first.

    Attributes:
        states: Only these; None for all, empty for none.
        cis: Only those attached to one of these CIs, by name, or to one that was merged into it;
            None for all, empty for none.
        from_at: Only those not ended before this moment.
        to_at: Only those that begin before this moment.
        first: Rows of a page, at most `selection.MAX_PAGE`.
        after: The cursor that the page before gave, or empty.
    """

    states: Sequence[str] | None = None
    cis: Sequence[str] | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    first: int = 50
    after: str = ""


@dataclass(frozen=True, slots=True)
class UpsertRequest:
    """Records of one data source, in the shape of the `records` format, at most 1,000.

    Attributes:
        source: Name of the data source.
        records: One JSON object each.
        scope: Declared scope by key; empty: the source itself.
        observed_at: When the source saw this; None: now.
    """

    source: str
    records: Sequence[Mapping[str, Any]]
    scope: Mapping[str, str] = field(default_factory=dict)
    observed_at: datetime | None = None


WhatIfKind = Literal["replica", "move", "drop", "remove"]


@dataclass(frozen=True, slots=True)
class WhatIfEdit:
    """One thing that would be otherwise; CIs by id or name.

    Attributes:
        kind: `replica`: a second CI like `ci`, on the same providers; of a `provider`, if one is
            given, the replica has `to` instead. `move`: `ci` relies on `to` in place of `provider`.
            `drop`: `ci` relies on `provider` no more. `remove`: `ci` is taken away.
        ci: Which.
        provider: The provider that is replaced or dropped.
        to: What it is replaced by.
    """

    kind: WhatIfKind
    ci: str
    provider: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class CauseQuestion:
    """What is observed; CIs by id or name.

    Attributes:
        symptoms: CIs or services that suffer; without an effect it is an outage, without an onset
            that of the question.
        incident: A recorded incident whose CIs are symptoms too; or empty.
        healthy: CIs that were seen to be well.
        onset_at: When it began; None: the earliest onset told, or now.
        as_known_now: Reason on the newest topology, not on that of the onset.
        hours: How long before the onset changes are looked for.
        first: Most candidates told.
    """

    symptoms: Sequence[NewAffected] = ()
    incident: str = ""
    healthy: Sequence[str] = ()
    onset_at: datetime | None = None
    as_known_now: bool = False
    hours: float = 72.0
    first: int = 10


PlannedMode = Literal["counted", "excluded"]
MONTH_HOURS = 730.0


@dataclass(frozen=True, slots=True)
class SharedCause:
    """What takes down members of one group together, beside what takes down each alone.

    Attributes:
        group: Id or name of the group.
        beta: Share of each member's own unavailability that is the shared cause's, in [0, 1];
            members must be equally unavailable.
        q: Or how likely the shared cause itself is, at most the least unavailability of a member.
    """

    group: str
    beta: float | None = None
    q: float | None = None


@dataclass(frozen=True, slots=True)
class AvailabilityQuestion:
    """Whose availability is asked for, and under which terms; CIs by id or name.

    Attributes:
        names: CIs to ask about; empty: every service, a page at a time.
        target_percent: Availability that was agreed, in [0, 100]; None: no question about one.
        period_hours: For which period it was agreed; None: a month of 730 hours.
        planned: Whether windows of planned changes count as downtime, or are only told beside it;
            None: nobody looks at them, and they do not count.
        from_at: Where the year of these windows begins; None: now.
        common_causes: What members of groups fail of together.
        first: Most services of a page.
        after: `next` of the page before.
    """

    names: Sequence[str] = ()
    target_percent: float | None = None
    period_hours: float | None = None
    planned: PlannedMode | None = None
    from_at: datetime | None = None
    common_causes: Sequence[SharedCause] = ()
    first: int = 20
    after: str = ""
