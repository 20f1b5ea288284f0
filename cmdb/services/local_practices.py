"""How are incidents, changes and previews dealt with in this process? By calling the use cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cmdb.services.context import Context

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
    from cmdb.ports.requests import (
        ChangeUpdate,
        EditReason,
        IncidentUpdate,
        NewChange,
        NewIncident,
        RecordListing,
        Target,
    )


class LocalPractices:
    """`Practising` over a context of this process."""

    _context: Context

    def open_incident(self, new: NewIncident, reason: EditReason) -> Incident:
        """Record an incident; what it says of its CIs enters every answer about impact."""
        from cmdb.services.incidents import open_incident

        return open_incident(self._context, new, reason)

    def update_incident(
        self, incident_id: str, update: IncidentUpdate, reason: EditReason
    ) -> Incident:
        """Change an incident, its state included."""
        from cmdb.services.incidents import update_incident

        return update_incident(self._context, incident_id, update, reason)

    def find_incident(self, incident_id: str) -> IncidentDetails:
        """Return an incident with the services it affects and whom to notify."""
        from cmdb.services.incidents import find_incident

        return find_incident(self._context, incident_id)

    def list_incidents(self, listing: RecordListing) -> IncidentList:
        """Return a page of incidents, newest first."""
        from cmdb.services.incidents import list_incidents

        return list_incidents(self._context, listing)

    def plan_change(self, new: NewChange, reason: EditReason) -> Change:
        """Record a change; once scheduled, it enters the previews of others."""
        from cmdb.services.planned_changes import plan_change

        return plan_change(self._context, new, reason)

    def update_change(self, change_id: str, update: ChangeUpdate, reason: EditReason) -> Change:
        """Change a change, its state included; raises as `update_incident`."""
        from cmdb.services.planned_changes import update_change

        return update_change(self._context, change_id, update, reason)

    def find_change(self, change_id: str) -> ChangeDetails:
        """Return a change with the services it affects and whom to notify."""
        from cmdb.services.planned_changes import find_change

        return find_change(self._context, change_id)

    def list_changes(self, listing: RecordListing) -> ChangeList:
        """Return a page of changes, newest first."""
        from cmdb.services.planned_changes import list_changes

        return list_changes(self._context, listing)

    def keep_preview(
        self,
        title: str,
        targets: Sequence[Target],
        start_at: datetime | None,
        end_at: datetime | None,
        reason: EditReason,
        change_id: str = "",
    ) -> KeptPreview:
        """Preview a change and keep the answer with its revision."""
        from cmdb.services.kept_previews import keep_preview

        return keep_preview(self._context, title, targets, start_at, end_at, reason, change_id)

    def find_preview(self, preview_id: str) -> KeptPreview:
        """Return a kept preview."""
        from cmdb.services.kept_previews import find_preview

        return find_preview(self._context, preview_id)

    def list_previews(self, listing: RecordListing) -> PreviewList:
        """Return a page of kept previews, newest first."""
        from cmdb.services.kept_previews import list_previews

        return list_previews(self._context, listing)

    def compare_preview(self, preview_id: str) -> PreviewComparison:
        """Ask a kept question again today and return what differs."""
        from cmdb.services.kept_previews import compare_preview

        return compare_preview(self._context, preview_id)

    def changes_near(
        self, names: Sequence[str], since_at: datetime, hops: int = 2, limit: int = 100
    ) -> NearReport:
        """Return what the log and planned changes touched around these CIs, newest first."""
        from cmdb.services.changes_near import changes_near

        return changes_near(self._context, names, since_at, hops, limit)
