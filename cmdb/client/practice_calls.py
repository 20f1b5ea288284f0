"""How is the server asked and told about incidents, changes and kept previews?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cmdb.client import documents
from cmdb.client.call import Call, ask, edit
from cmdb.client.inputs import (
    change_input,
    change_update_input,
    given,
    incident_input,
    incident_update_input,
    record_listing_input,
    target_inputs,
)
from cmdb.model.incidents import IncidentState
from cmdb.model.planned_changes import ChangeState
from cmdb.ports.requests import (
    ChangeUpdate,
    EditReason,
    IncidentUpdate,
    NewChange,
    NewIncident,
    RecordListing,
    Target,
)

if TYPE_CHECKING:
    from cmdb.model.incidents import Incident
    from cmdb.model.planned_changes import Change
    from cmdb.model.practice_reports import (
        ChangeDetails,
        ChangeList,
        IncidentDetails,
        IncidentList,
        KeptPreview,
        NearReport,
        PreviewComparison,
        PreviewList,
    )


def open_incident(new: NewIncident, reason: EditReason) -> Call[Incident]:
    """Record an incident; what it says of its CIs enters every answer about impact."""
    from cmdb.model.incidents import Incident

    return edit(Incident, documents.OPEN_INCIDENT, reason, **incident_input(new))


def update_incident(incident_id: str, update: IncidentUpdate, reason: EditReason) -> Call[Incident]:
    """Change an incident, its state included."""
    from cmdb.model.incidents import Incident

    values = incident_update_input(update)
    return edit(Incident, documents.UPDATE_INCIDENT, reason, incident=incident_id, **values)


def find_incident(incident_id: str) -> Call[IncidentDetails]:
    """Return an incident with the services it affects and whom to notify."""
    from cmdb.model.practice_reports import IncidentDetails

    return ask(IncidentDetails, documents.INCIDENT, id=incident_id)


def list_incidents(listing: RecordListing) -> Call[IncidentList]:
    """Return a page of incidents, newest first."""
    from cmdb.model.practice_reports import IncidentList

    return ask(IncidentList, documents.INCIDENTS, **record_listing_input(listing, IncidentState))


def plan_change(new: NewChange, reason: EditReason) -> Call[Change]:
    """Record a change; once scheduled, it enters the previews of others."""
    from cmdb.model.planned_changes import Change

    return edit(Change, documents.PLAN_CHANGE, reason, **change_input(new))


def update_change(change_id: str, update: ChangeUpdate, reason: EditReason) -> Call[Change]:
    """Change a change, its state included."""
    from cmdb.model.planned_changes import Change

    values = change_update_input(update)
    return edit(Change, documents.UPDATE_CHANGE, reason, change=change_id, **values)


def find_change(change_id: str) -> Call[ChangeDetails]:
    """Return a change with the services it affects and whom to notify."""
    from cmdb.model.practice_reports import ChangeDetails

    return ask(ChangeDetails, documents.CHANGE, id=change_id)


def list_changes(listing: RecordListing) -> Call[ChangeList]:
    """Return a page of changes, newest first."""
    from cmdb.model.practice_reports import ChangeList

    return ask(ChangeList, documents.CHANGES, **record_listing_input(listing, ChangeState))


def keep_preview(
    title: str,
    targets: Sequence[Target],
    start_at: datetime | None,
    end_at: datetime | None,
    reason: EditReason,
    change_id: str = "",
) -> Call[KeptPreview]:
    """Preview a change and keep the answer with its revision."""
    from cmdb.model.practice_reports import KeptPreview

    values = given(
        title=title,
        targets=target_inputs(targets),
        startAt=start_at,
        endAt=end_at,
        change=change_id or None,
    )
    return edit(KeptPreview, documents.KEEP_PREVIEW, reason, **values)


def find_preview(preview_id: str) -> Call[KeptPreview]:
    """Return a kept preview."""
    from cmdb.model.practice_reports import KeptPreview

    return ask(KeptPreview, documents.KEPT_PREVIEW, id=preview_id)


def list_previews(listing: RecordListing) -> Call[PreviewList]:
    """Return a page of kept previews, newest first."""
    from cmdb.model.practice_reports import PreviewList

    return ask(PreviewList, documents.PREVIEWS, **record_listing_input(listing, None))


def compare_preview(preview_id: str) -> Call[PreviewComparison]:
    """Ask a kept question again today and return what differs."""
    from cmdb.model.practice_reports import PreviewComparison

    return ask(PreviewComparison, documents.COMPARE_PREVIEW, id=preview_id)


def changes_near(
    names: Sequence[str], since_at: datetime, hops: int = 2, limit: int = 100
) -> Call[NearReport]:
    """Return what the log and planned changes touched around these CIs, newest first."""
    from cmdb.model.practice_reports import NearReport

    return ask(
        NearReport, documents.CHANGES_NEAR, cis=names, sinceAt=since_at, hops=hops, first=limit
    )
