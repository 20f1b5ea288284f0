"""How is the server asked about the inventory, about impact, the log and data sources?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cmdb.client import documents
from cmdb.client.call import Call, ask, sendable
from cmdb.client.inputs import given, listing_input, target_inputs
from cmdb.model.decoding import decode
from cmdb.ports.requests import Listing, Moment, Target

if TYPE_CHECKING:
    from cmdb.model.impact_reports import BlastRadiusReport, ExplainReport, PreviewReport
    from cmdb.model.inventory import CI
    from cmdb.model.log_reports import (
        Anchor,
        DiffReport,
        DoctorReport,
        LogReport,
        RevisionDetails,
        VerifyReport,
    )
    from cmdb.model.reports import CIDetails, CIList, ClassesReport, HistoryReport, SearchReport
    from cmdb.model.source_reports import SourceList


def list_classes() -> Call[ClassesReport]:
    """Return the registered classes and how many CIs each has."""
    from cmdb.model.reports import ClassesReport

    return ask(ClassesReport, documents.CLASSES)


def find_ci(name: str) -> Call[CI]:
    """Return the CI of that id, name or `Class/name`."""
    from cmdb.client.ci_answers import read_ci

    return Call(documents.CI, {"id": name}, read_ci)


def list_cis(listing: Listing) -> Call[CIList]:
    """Return a page of CIs."""
    from cmdb.client.ci_answers import read_page

    return Call(documents.CIS, sendable(listing_input(listing)), read_page)


def show_ci(name: str) -> Call[CIDetails]:
    """Return a CI with its relationships."""
    from cmdb.model.reports import CIDetails

    return ask(CIDetails, documents.CI_DETAILS, id=name)


def get_history(name: str, limit: int = 50) -> Call[HistoryReport]:
    """Return the newest changes that touched a CI, ends of relationships included."""
    from cmdb.model.reports import HistoryReport

    variables = {"id": name, "first": limit}
    return Call(
        documents.HISTORY, variables, lambda ci: decode(HistoryReport, ci["history"]["report"])
    )


def search_cis(text: str, limit: int = 20) -> Call[SearchReport]:
    """Return CIs whose name or identifiers match the words, best first."""
    from cmdb.model.reports import SearchReport

    return ask(SearchReport, documents.SEARCH, text=text, first=limit)


def blast_radius(
    names: Sequence[str], *, at: Moment | None = None, budget: int | None = None
) -> Call[BlastRadiusReport]:
    """Return what an outage of these CIs takes with it, now or as things were."""
    from cmdb.model.impact_reports import BlastRadiusReport

    return ask(BlastRadiusReport, documents.BLAST_RADIUS, cis=names, at=at, budget=budget)


def explain_impact(
    names: Sequence[str], hit: str, *, at: Moment | None = None
) -> Call[ExplainReport]:
    """Return every step by which an outage of these CIs reaches one CI."""
    from cmdb.model.impact_reports import ExplainReport

    return ask(ExplainReport, documents.EXPLAIN, cis=names, hit=hit, at=at)


def preview_change(
    targets: Sequence[Target],
    start_at: datetime | None,
    end_at: datetime | None,
    *,
    change_id: str = "",
) -> Call[PreviewReport]:
    """Return what a change does in each stretch of time, recorded or not."""
    from cmdb.model.impact_reports import PreviewReport

    values = given(
        targets=target_inputs(targets) or None,
        startAt=start_at,
        endAt=end_at,
        change=change_id or None,
    )
    return ask(PreviewReport, documents.PREVIEW, **values)


def diff_moments(first: Moment, second: Moment, outages: Sequence[str] = ()) -> Call[DiffReport]:
    """Return what differs between two moments, and how that changes the given outages."""
    from cmdb.model.log_reports import DiffReport

    return ask(DiffReport, documents.DIFF, first=first, second=second, outages=outages)


def list_log(limit: int = 20, before: int | None = None) -> Call[LogReport]:
    """Return the newest entries, or those before a revision."""
    from cmdb.model.log_reports import LogReport

    return ask(LogReport, documents.LOG, first=limit, before=before)


def show_log(revision: int) -> Call[RevisionDetails]:
    """Return one entry with what it changed."""
    from cmdb.model.log_reports import RevisionDetails

    return ask(RevisionDetails, documents.LOG_ENTRY, revision=revision)


def anchor_log() -> Call[Anchor]:
    """Return revision and hash of the newest entry, for keeping elsewhere."""
    from cmdb.model.log_reports import Anchor

    return ask(Anchor, documents.ANCHOR)


def verify_log(
    anchor: Anchor | None = None, after: Anchor | None = None, first: int = 1_000
) -> Call[VerifyReport]:
    """Check a portion of the chain on the server."""
    from cmdb.model.log_reports import VerifyReport

    texts = {
        "anchor": None if anchor is None else str(anchor),
        "after": None if after is None else str(after),
    }
    return ask(VerifyReport, documents.VERIFY_LOG, **texts, first=first)


def doctor() -> Call[DoctorReport]:
    """Return what the server looked at in its database and inventory."""
    from cmdb.model.log_reports import DoctorReport

    return replace(ask(DoctorReport, documents.DOCTOR), is_slow=True)


def list_formats() -> Call[Mapping[str, str]]:
    """Return what the server can import: format name to summary."""
    return Call(documents.FORMATS, {}, _as_formats)


def list_sources() -> Call[SourceList]:
    """Return every data source on record, the highest precedence first."""
    from cmdb.model.source_reports import SourceList

    return ask(SourceList, documents.DATA_SOURCES)


def _as_formats(found: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    return {each["name"]: each["summary"] for each in found}
