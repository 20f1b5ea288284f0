"""What can a user do with incidents, changes and kept previews?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

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


class Practising(Protocol):
    """Incidents, changes and what was foreseen of them; each write is one entry of the log."""

    def open_incident(self, new: NewIncident, reason: EditReason) -> Incident:
        """Record an incident; what it says of its CIs enters every answer about impact."""
        ...

    def update_incident(
        self, incident_id: str, update: IncidentUpdate, reason: EditReason
    ) -> Incident:
        """Change an incident, its state included.

        Raises:
            UnknownRecord: There is none of that id.
            IllegalTransition: With the legal moves.
            StaleVersion: It has moved since `reason.expected_version`.
        """
        ...

    def find_incident(self, incident_id: str) -> IncidentDetails:
        """Return an incident with the services it affects and whom to notify."""
        ...

    def list_incidents(self, listing: RecordListing) -> IncidentList:
        """Return a page of incidents, newest first."""
        ...

    def plan_change(self, new: NewChange, reason: EditReason) -> Change:
        """Record a change; once scheduled, it enters the previews of others."""
        ...

    def update_change(self, change_id: str, update: ChangeUpdate, reason: EditReason) -> Change:
        """Change a change, its state included; raises as `update_incident`."""
        ...

    def find_change(self, change_id: str) -> ChangeDetails:
        """Return a change with the services it affects and whom to notify."""
        ...

    def list_changes(self, listing: RecordListing) -> ChangeList:
        """Return a page of changes, newest first."""
        ...

    def keep_preview(
        self,
        title: str,
        targets: Sequence[Target],
        start_at: datetime | None,
        end_at: datetime | None,
        reason: EditReason,
        change_id: str = "",
    ) -> KeptPreview:
        """Preview a change and keep the answer with its revision.

        Args:
            title: What it is about.
            targets: What is done to each CI; empty: those of the recorded change.
            start_at: Begin of the window; None: that of the recorded change.
            end_at: End of the window; None: that of the recorded change.
            reason: Reason and key of the edit.
            change_id: A recorded change, or empty.
        """
        ...

    def find_preview(self, preview_id: str) -> KeptPreview:
        """Return a kept preview."""
        ...

    def list_previews(self, listing: RecordListing) -> PreviewList:
        """Return a page of kept previews, newest first."""
        ...

    def compare_preview(self, preview_id: str) -> PreviewComparison:
        """Ask a kept question again today and return what differs."""
        ...

    def changes_near(
        self, names: Sequence[str], since_at: datetime, hops: int = 2, limit: int = 100
    ) -> NearReport:
        """Return what the log and planned changes touched around these CIs, newest first."""
        ...
