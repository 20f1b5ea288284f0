"""How are all operations done in this process? By calling the use cases over one context.

Use cases are imported when they are needed, so that a short command does not pay for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmdb.services.context import Context
from cmdb.services.find_ci import find_ci
from cmdb.services.local_administration import LocalAdministration
from cmdb.services.local_analysis import LocalAnalysis
from cmdb.services.local_practices import LocalPractices
from cmdb.services.permit import permit

if TYPE_CHECKING:
    from cmdb.model.impact_reports import BlastRadiusReport, ExplainReport, PreviewReport
    from cmdb.model.import_reports import ImportReport, ImportRequest
    from cmdb.model.inventory import CI, Relationship
    from cmdb.model.log_reports import (
        Anchor,
        DiffReport,
        DoctorReport,
        LogReport,
        RevisionDetails,
        VerifyReport,
    )
    from cmdb.model.records import Importer, ImportInput, Record
    from cmdb.model.reports import CIDetails, CIList, ClassesReport, HistoryReport, SearchReport
    from cmdb.model.source_reports import RankReport, SourceList
    from cmdb.ports import (
        EditReason,
        Listing,
        Moment,
        NewGroup,
        NewRelationship,
        Progress,
        Target,
    )


class LocalOperations(LocalPractices, LocalAdministration, LocalAnalysis):
    """`Operations` over a context of this process."""

    def __init__(
        self,
        context: Context,
        find_importer: Callable[[str], Importer],
        list_importers: Callable[[], Mapping[str, str]],
        encode: Callable[[Iterator[Record]], Iterator[bytes]],
    ) -> None:
        self._context = context
        self._find_importer = find_importer
        self._list_importers = list_importers
        self._encode = encode

    def close(self) -> None:
        """Release the database."""
        self._context.store.close()

    # Reading

    def list_classes(self) -> ClassesReport:
        """Return the registered classes."""
        from cmdb.services.list_classes import list_classes

        return list_classes(self._context)

    def find_ci(self, name: str) -> CI:
        """Return the CI of that id, name or `Class/name`."""
        return find_ci(self._context, name)

    def list_cis(self, listing: Listing) -> CIList:
        """Return a page of CIs."""
        from cmdb.services.list_cis import list_cis

        return list_cis(self._context, listing)

    def show_ci(self, name: str) -> CIDetails:
        """Return a CI with its relationships."""
        from cmdb.services.show_ci import show_ci

        return show_ci(self._context, name)

    def get_history(self, name: str, limit: int = 50) -> HistoryReport:
        """Return the newest changes that touched a CI."""
        from cmdb.services.get_history import get_history

        return get_history(self._context, name, limit)

    def search_cis(self, text: str, limit: int = 20) -> SearchReport:
        """Return CIs that match the words."""
        from cmdb.services.search_cis import search_cis

        return search_cis(self._context, text, limit)

    # Impact

    def blast_radius(
        self, names: Sequence[str], *, at: Moment | None = None, budget: int | None = None
    ) -> BlastRadiusReport:
        """Return what an outage takes with it."""
        from cmdb.services.blast_radius import blast_radius

        return blast_radius(self._context, names, at=at, budget=budget)

    def explain_impact(
        self, names: Sequence[str], hit: str, *, at: Moment | None = None
    ) -> ExplainReport:
        """Return every step by which an outage reaches one CI."""
        from cmdb.services.blast_radius import explain_impact

        return explain_impact(self._context, names, hit, at=at)

    def preview_change(
        self,
        targets: Sequence[Target],
        start_at: datetime | None,
        end_at: datetime | None,
        *,
        change_id: str = "",
    ) -> PreviewReport:
        """Return what a change does in each stretch of time."""
        from cmdb.services.preview_change import preview_change

        return preview_change(self._context, targets, start_at, end_at, change_id=change_id)

    def diff_moments(
        self, first: Moment, second: Moment, outages: Sequence[str] = ()
    ) -> DiffReport:
        """Return what differs between two moments."""
        from cmdb.services.diff_moments import diff_moments

        return diff_moments(self._context, first, second, outages)

    # Log and installation

    def list_log(self, limit: int = 20, before: int | None = None) -> LogReport:
        """Return entries of the log, newest first."""
        from cmdb.services.read_log import list_log

        return list_log(self._context, limit, before)

    def show_log(self, revision: int) -> RevisionDetails:
        """Return one entry with what it changed."""
        from cmdb.services.read_log import show_log

        return show_log(self._context, revision)

    def anchor_log(self) -> Anchor:
        """Return revision and hash of the newest entry."""
        from cmdb.services.verify_log import anchor_log

        return anchor_log(self._context)

    def verify_log(
        self,
        anchor: Anchor | None = None,
        progress: Progress | None = None,
        *,
        after: Anchor | None = None,
        first: int | None = None,
    ) -> VerifyReport:
        """Check the whole chain, or a portion of it."""
        from cmdb.services.verify_log import verify_log

        return verify_log(self._context, anchor, progress, after=after, first=first)

    def doctor(self) -> DoctorReport:
        """Return what was looked at in database and inventory."""
        from cmdb.services.doctor import doctor

        return doctor(self._context)

    # In and out

    def list_formats(self) -> Mapping[str, str]:
        """Return what can be imported."""
        permit(self._context.caller, "read", "formats")
        return self._list_importers()

    def import_inventory(
        self, source: ImportInput, request: ImportRequest, progress: Progress | None = None
    ) -> ImportReport:
        """Read a file or folder into the inventory, or plan it."""
        from cmdb.services.import_inventory import import_inventory

        importer = self._find_importer(request.format)
        return import_inventory(self._context, importer, source, request, progress)

    def export_inventory(self) -> Iterator[bytes]:
        """Yield the inventory as lines of the `records` format."""
        from cmdb.services.export_inventory import export_inventory

        return self._encode(export_inventory(self._context))

    # Data sources

    def list_sources(self) -> SourceList:
        """Return every data source on record."""
        from cmdb.services.rank_sources import list_sources

        return list_sources(self._context)

    def rank_source(
        self,
        source: str,
        precedence: int,
        reason: EditReason | str = "",
        progress: Progress | None = None,
    ) -> RankReport:
        """Rank a data source."""
        from cmdb.services.rank_sources import rank_source

        return rank_source(self._context, source, precedence, reason, progress)

    # Edits

    def add_ci(
        self,
        class_name: str,
        name: str,
        attributes: Mapping[str, Any],
        within: Mapping[str, str],
        reason: EditReason,
    ) -> CI:
        """Record a CI."""
        from cmdb.services.edit_inventory import add_ci

        return add_ci(self._context, class_name, name, attributes, within, reason)

    def set_attributes(self, name: str, values: Mapping[str, Any], reason: EditReason) -> CI:
        """Set values by hand; None takes a manual value back."""
        from cmdb.services.edit_inventory import set_attributes

        return set_attributes(self._context, name, values, reason)

    def retire_ci(self, name: str, reason: EditReason) -> CI:
        """Retire a CI."""
        from cmdb.services.edit_inventory import retire_ci

        return retire_ci(self._context, name, reason)

    def restore_ci(self, name: str, reason: EditReason) -> CI:
        """Take a retired CI back into use."""
        from cmdb.services.edit_inventory import restore_ci

        return restore_ci(self._context, name, reason)

    def add_relationship(self, new: NewRelationship, reason: EditReason) -> Relationship:
        """Record that one CI relies on another."""
        from cmdb.services.edit_inventory import add_relationship

        return add_relationship(self._context, new, reason)

    def remove_relationship(self, relationship_id: str, reason: EditReason) -> Relationship:
        """End a relationship."""
        from cmdb.services.edit_inventory import remove_relationship

        return remove_relationship(self._context, relationship_id, reason)

    def add_group(self, new: NewGroup, reason: EditReason) -> CI:
        """Record a redundancy group with its members."""
        from cmdb.services.edit_inventory import add_group

        return add_group(self._context, new, reason)
