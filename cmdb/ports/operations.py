"""What can a user do? The one list, whether the work is done here or by a server.

Arguments and results are values that can be sent: names, times, frozen dataclasses. A CI is named
by id, by name where that is unambiguous, or by `Class/name`. A moment is an aware time or the
number of a revision. Everything may raise `CmdbError`, nothing else on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from cmdb.ports.administration import Administering
from cmdb.ports.analysis import Analysing
from cmdb.ports.practices import Practising
from cmdb.ports.requests import EditReason, Listing, Moment, NewGroup, NewRelationship, Target

if TYPE_CHECKING:
    # Not at run time: a short command pays only for the reports that it makes.
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
    from cmdb.model.records import ImportInput
    from cmdb.model.reports import CIDetails, CIList, ClassesReport, HistoryReport, SearchReport
    from cmdb.model.source_reports import RankReport, SourceList
    from cmdb.ports.store import Progress


class Reading(Protocol):
    """Questions about the inventory."""

    def list_classes(self) -> ClassesReport:
        """Return the registered classes and how many CIs each has."""
        ...

    def find_ci(self, name: str) -> CI:
        """Return the CI of that id, name or `Class/name`.

        Raises:
            UnknownCI: With the nearest names.
            AmbiguousName: With the candidates.
        """
        ...

    def list_cis(self, listing: Listing) -> CIList:
        """Return a page of CIs."""
        ...

    def show_ci(self, name: str) -> CIDetails:
        """Return a CI with its relationships."""
        ...

    def get_history(self, name: str, limit: int = 50) -> HistoryReport:
        """Return the newest changes that touched a CI, ends of relationships included."""
        ...

    def search_cis(self, text: str, limit: int = 20) -> SearchReport:
        """Return CIs whose name or identifiers match the words, best first."""
        ...


class Asking(Protocol):
    """Questions about impact."""

    def blast_radius(
        self,
        names: Sequence[str],
        *,
        at: Moment | None = None,
        budget: int | None = None,
    ) -> BlastRadiusReport:
        """Return what an outage of these CIs takes with it, now or as things were."""
        ...

    def explain_impact(
        self, names: Sequence[str], hit: str, *, at: Moment | None = None
    ) -> ExplainReport:
        """Return every step by which an outage of these CIs reaches one CI."""
        ...

    def preview_change(
        self,
        targets: Sequence[Target],
        start_at: datetime | None,
        end_at: datetime | None,
        *,
        change_id: str = "",
    ) -> PreviewReport:
        """Return what a change does in each stretch of time.

        Args:
            targets: What is done to each CI; empty: what the recorded change does.
            start_at: Begin of the window; None: that of the recorded change.
            end_at: End of the window; None: that of the recorded change.
            change_id: A recorded change, which then does not count as another one; or empty.
        """
        ...

    def diff_moments(
        self, first: Moment, second: Moment, outages: Sequence[str] = ()
    ) -> DiffReport:
        """Return what differs between two moments, and how that changes the given outages."""
        ...


class Auditing(Protocol):
    """Questions about the log and the installation."""

    def list_log(self, limit: int = 20, before: int | None = None) -> LogReport:
        """Return the newest entries, or those before a revision."""
        ...

    def show_log(self, revision: int) -> RevisionDetails:
        """Return one entry with what it changed.

        Raises:
            UnknownRevision: There is none of that number.
        """
        ...

    def anchor_log(self) -> Anchor:
        """Return revision and hash of the newest entry, for keeping elsewhere."""
        ...

    def verify_log(
        self,
        anchor: Anchor | None = None,
        progress: Progress | None = None,
        *,
        after: Anchor | None = None,
        first: int | None = None,
    ) -> VerifyReport:
        """Check the whole chain, and against an anchor kept elsewhere.

        Args:
            anchor: What was kept elsewhere.
            progress: Told how far it is.
            after: Where an earlier portion ended, `until` of its report.
            first: Check at most so many entries, fewer where they take long; the report says
                whether there are more.

        Raises:
            LogBroken: With the revision and what does not fit.
        """
        ...

    def doctor(self) -> DoctorReport:
        """Return what was looked at in database and inventory, and what to do about it."""
        ...


class Transferring(Protocol):
    """Inventory in and out."""

    def list_formats(self) -> Mapping[str, str]:
        """Return what can be imported: format name to summary."""
        ...

    def import_inventory(
        self, source: ImportInput, request: ImportRequest, progress: Progress | None = None
    ) -> ImportReport:
        """Read a file or folder into the inventory, or plan it.

        Raises:
            UnknownFormat: No importer reads that format.
            BadFile: The whole input is refused; nothing was written.
            Interrupted: Stopped by the user; whole batches remain.
        """
        ...

    def export_inventory(self) -> Iterator[bytes]:
        """Yield the inventory as lines of the `records` format."""
        ...


class Believing(Protocol):
    """Which data source is believed where several differ."""

    def list_sources(self) -> SourceList:
        """Return every data source on record, the highest precedence first."""
        ...

    def rank_source(
        self,
        source: str,
        precedence: int,
        reason: EditReason | str = "",
        progress: Progress | None = None,
    ) -> RankReport:
        """Rank a data source, higher wins, and decide again on everything it speaks of.

        A text is taken for the reason alone.

        Raises:
            Interrupted: Stopped by the user; the same call goes on.
        """
        ...


class Editing(Protocol):
    """Changes made by hand; each is one entry of the log."""

    def add_ci(
        self,
        class_name: str,
        name: str,
        attributes: Mapping[str, Any],
        within: Mapping[str, str],
        reason: EditReason,
    ) -> CI:
        """Record a CI; `within` names, by role, the CIs it is identified within."""
        ...

    def set_attributes(self, name: str, values: Mapping[str, Any], reason: EditReason) -> CI:
        """Set values by hand; None takes a manual value back."""
        ...

    def retire_ci(self, name: str, reason: EditReason) -> CI:
        """Retire a CI: it stays on record and takes no part in impact."""
        ...

    def restore_ci(self, name: str, reason: EditReason) -> CI:
        """Take a retired CI back into use."""
        ...

    def add_relationship(self, new: NewRelationship, reason: EditReason) -> Relationship:
        """Record that one CI relies on another."""
        ...

    def remove_relationship(self, relationship_id: str, reason: EditReason) -> Relationship:
        """End a relationship; the log keeps it."""
        ...

    def add_group(self, new: NewGroup, reason: EditReason) -> CI:
        """Record a redundancy group with its members."""
        ...


class Operations(
    Reading,
    Asking,
    Analysing,
    Auditing,
    Transferring,
    Believing,
    Editing,
    Practising,
    Administering,
    Protocol,
):
    """Everything a user can do."""

    def close(self) -> None:
        """Release what was opened."""
        ...
