"""What do questions about incidents, changes and kept previews answer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cmdb.model.impact_reports import AffectedState, Basis, PreviewReport
from cmdb.model.incidents import Incident
from cmdb.model.planned_changes import Change
from cmdb.model.reports import NamedCI, Report


@dataclass(frozen=True, slots=True)
class AffectedService(Report):
    """A service that an incident or change affects, and whom to notify.

    Attributes:
        ci: The service.
        state: The worst that becomes of it.
        criticality: 1 (low) to 4 (critical).
        owner: Owning team, or empty.
        support: Supporting team, or empty.
    """

    ci: NamedCI
    state: AffectedState
    criticality: int
    owner: str
    support: str


@dataclass(frozen=True, slots=True)
class ServicesAffected(Report):
    """The services affected, worst first; `withheld` counts those the caller may not see.

    `withheld_criticality` is the highest of theirs, 0 if there are none; `withheld_owners` are the
    teams that own them, each once, that of the worst affected first: whom to ask.
    """

    services: tuple[AffectedService, ...]
    basis: Basis
    withheld: int = 0
    withheld_criticality: int = 0
    withheld_owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentDetails(Report):
    """An incident and what it affects; `impact` is None once it is resolved."""

    incident: Incident
    impact: ServicesAffected | None


@dataclass(frozen=True, slots=True)
class IncidentList(Report):
    """A page of incidents, newest first; `next` is the cursor of the next page, or empty."""

    incidents: tuple[Incident, ...]
    next: str


@dataclass(frozen=True, slots=True)
class ChangeDetails(Report):
    """A change and what it affects during its windows."""

    change: Change
    impact: ServicesAffected


@dataclass(frozen=True, slots=True)
class ChangeList(Report):
    """A page of changes, newest first; `next` is the cursor of the next page, or empty."""

    changes: tuple[Change, ...]
    next: str


@dataclass(frozen=True, slots=True)
class KeptPreview(Report):
    """A preview as it was kept, with the revision it was computed on (`preview.basis`)."""

    id: str
    version: int
    title: str
    change: str
    kept_at: datetime
    kept_by: str
    preview: PreviewReport


@dataclass(frozen=True, slots=True)
class PreviewSummary(Report):
    """A kept preview in a list."""

    id: str
    title: str
    change: str
    kept_at: datetime
    kept_by: str
    revision: int


@dataclass(frozen=True, slots=True)
class PreviewList(Report):
    """A page of kept previews, newest first."""

    previews: tuple[PreviewSummary, ...]
    next: str


@dataclass(frozen=True, slots=True)
class ChangedOutcome(Report):
    """A CI that the same change affects differently than when the preview was kept."""

    ci: NamedCI
    is_service: bool
    before: AffectedState
    after: AffectedState
    margin_before: int | None
    margin_after: int | None
    is_worse: bool


@dataclass(frozen=True, slots=True)
class PreviewComparison(Report):
    """A kept preview against the same question asked today."""

    id: str
    kept_revision: int
    revision: int
    differences: tuple[ChangedOutcome, ...]
    today: PreviewReport

    @property
    def is_worse(self) -> bool:
        """Whether anything became worse."""
        return any(each.is_worse for each in self.differences)


@dataclass(frozen=True, slots=True)
class NearEvent(Report):
    """Something that touched the surroundings of a CI.

    Attributes:
        at: When it was recorded, or when a planned change begins.
        kind: `log` for an entry of the log, `change` for a planned change.
        subject: What it touched.
        hops: How far that is from the CIs asked about.
        revision: The entry, or 0.
        change: Id of the planned change, or empty.
        actor: Who.
        source: From which data source.
        what: In a few words.
        before: The values that differed, before.
        after: The same values after.
    """

    at: datetime
    kind: Literal["log", "change"]
    subject: NamedCI
    hops: int
    revision: int
    change: str
    actor: str
    source: str
    what: str
    before: Mapping[str, object]
    after: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NearReport(Report):
    """What touched the surroundings of some CIs, newest first; partial where a limit cut it.

    `withheld` counts changes of relationships with CIs that the caller may not see.
    """

    cis: tuple[NamedCI, ...]
    since_at: datetime
    hops: int
    events: tuple[NearEvent, ...]
    is_partial: bool
    withheld: int = 0
