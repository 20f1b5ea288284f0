"""How are incidents, changes, kept previews and what happened nearby shown?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cmdb.cli.inventory_tables import change_text
from cmdb.cli.output import CRITICALITY, plural, print_lines, print_table, say, time_text
from cmdb.cli.preview_tables import print_preview
from cmdb.cli.trust_tables import print_basis
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
    ServicesAffected,
)
from cmdb.model.reports import Report


def print_practice(report: Report) -> None:
    """Print an incident, a change or a preview, a page of them, or what happened nearby."""
    _PRINTERS[type(report)](report)


def print_incident(incident: Incident) -> None:
    """Print an incident."""
    print_lines([f"INCIDENT {incident.id}: {incident.title}"], style="bold")
    opened = f"opened {time_text(incident.opened_at)} by {incident.opened_by}"
    print_lines([f"{incident.state}, version {incident.version}, {opened}"])
    if incident.resolved_at is not None:
        cause = f": {incident.resolution}" if incident.resolution else ""
        print_lines([f"resolved {time_text(incident.resolved_at)}{cause}"])
    if incident.description:
        print_lines([incident.description])
    print_lines([""])
    print_table(
        ("CI", "effect", "since"),
        [(str(each.ci), each.effect, time_text(each.onset_at)) for each in incident.affected],
        title="AFFECTED",
    )


def print_incident_details(details: IncidentDetails) -> None:
    """Print an incident and whom to notify."""
    print_incident(details.incident)
    if details.impact is None:
        print_lines(["", "It is over: it affects nothing any more."])
    else:
        _print_services(details.impact)


def print_incidents(page: IncidentList) -> None:
    """Print a page of incidents."""
    print_table(
        ("id", "state", "opened", "title", "affected"),
        [
            (
                i.id,
                i.state,
                time_text(i.opened_at),
                i.title,
                ", ".join(str(a.ci) for a in i.affected),
            )
            for i in page.incidents
        ],
        empty="No incident fits.",
    )
    _say_more(page.next)


def print_change(change: Change) -> None:
    """Print a change."""
    print_lines([f"CHANGE {change.id}: {change.title}"], style="bold")
    planned = f"planned {time_text(change.planned_at)} by {change.planned_by}"
    print_lines(
        [
            f"{change.state}, version {change.version}, {planned}",
            f"from {time_text(change.start_at)} to {time_text(change.end_at)}",
        ]
    )
    if change.description:
        print_lines([change.description])
    print_lines([""])
    print_table(
        ("CI", "effect", "from", "to"),
        [
            (str(t.ci), t.effect.replace("_", "-"), time_text(t.start_at), time_text(t.end_at))
            for t in change.targets
        ],
        title="TARGETS",
    )


def print_change_details(details: ChangeDetails) -> None:
    """Print a change and whom to notify."""
    print_change(details.change)
    _print_services(details.impact)


def print_changes(page: ChangeList) -> None:
    """Print a page of changes."""
    print_table(
        ("id", "state", "from", "to", "title", "targets"),
        [
            (
                c.id,
                c.state,
                time_text(c.start_at),
                time_text(c.end_at),
                c.title,
                ", ".join(dict.fromkeys(str(t.ci) for t in c.targets)),
            )
            for c in page.changes
        ],
        empty="No change fits.",
    )
    _say_more(page.next)


def print_previews(page: PreviewList) -> None:
    """Print a page of kept previews."""
    print_table(
        ("id", "kept", "by", "revision", "title", "change"),
        [
            (p.id, time_text(p.kept_at), p.kept_by, p.revision, p.title, p.change)
            for p in page.previews
        ],
        empty="No preview is kept.",
    )
    _say_more(page.next)


def print_kept(kept: KeptPreview) -> None:
    """Print a preview as it was kept."""
    print_lines([f"PREVIEW {kept.id}: {kept.title}"], style="bold")
    of = f" of change {kept.change}" if kept.change else ""
    print_lines([f"kept {time_text(kept.kept_at)} by {kept.kept_by}{of}", ""])
    print_preview(kept.preview)


def print_comparison(found: PreviewComparison) -> None:
    """Print what differs between a kept preview and today."""
    count = plural(len(found.differences), "difference")
    between = f"between revision {found.kept_revision} and today, revision {found.revision}"
    worse = sum(each.is_worse for each in found.differences)
    verdict = f"{count} {between}" + (f", {worse} for the worse." if found.differences else ".")
    print_lines([verdict], style="bold")
    if found.differences:
        print_lines([""])
        print_table(
            ("CI", "then", "today", "to spare then", "to spare today", "it is"),
            [
                (
                    str(each.ci),
                    each.before,
                    each.after,
                    _margin(each.margin_before),
                    _margin(each.margin_after),
                    "worse" if each.is_worse else "better",
                )
                for each in found.differences
            ],
        )


def print_near(report: NearReport) -> None:
    """Print what happened around some CIs."""
    names = ", ".join(str(ci) for ci in report.cis)
    hops = plural(report.hops, "hop")
    print_lines([f"Within {hops} of {names} since {time_text(report.since_at)}:"], style="bold")
    print_lines([""])
    print_table(
        ("when", "hops", "CI", "what", "who", "values"),
        [
            (
                time_text(each.at),
                each.hops,
                str(each.subject),
                each.what,
                each.actor,
                change_text(each.before, each.after)
                if each.kind == "log"
                else f"until {each.after.get('end_at')}",
            )
            for each in report.events
        ],
        empty="Nothing is on record.",
    )
    if report.is_partial:
        print_lines(["PARTIAL: there is more; --limit raises how much is told."])
    if report.withheld:
        changes = plural(report.withheld, "change")
        print_lines([f"Withheld: {changes} of relationships with CIs not visible to you."])


def _print_services(impact: ServicesAffected) -> None:
    print_lines([""])
    print_table(
        ("state", "service", "criticality", "owner", "support"),
        [
            (each.state, each.ci.name, CRITICALITY[each.criticality], each.owner, each.support)
            for each in impact.services
        ],
        title=f"SERVICES AFFECTED, AND WHOM TO NOTIFY ({len(impact.services)})",
        empty="No service on record is affected.",
    )
    if impact.withheld:
        highest = CRITICALITY[impact.withheld_criticality]
        owners = ", ".join(impact.withheld_owners)
        owned = f", owned by {owners}" if owners else ""
        count = plural(impact.withheld, "service")
        print_lines([f"And {count} not visible to you, up to {highest}{owned}."])
    print_basis(impact.basis)


def _margin(value: int | None) -> str:
    return "-" if value is None else str(value)


def _say_more(cursor: str) -> None:
    if cursor:
        say(f"There is more: add --after {cursor}")


_PRINTERS: Final[Mapping[type[Report], Callable[[Any], None]]] = {
    Change: print_change,
    ChangeDetails: print_change_details,
    ChangeList: print_changes,
    Incident: print_incident,
    IncidentDetails: print_incident_details,
    IncidentList: print_incidents,
    KeptPreview: print_kept,
    NearReport: print_near,
    PreviewComparison: print_comparison,
    PreviewList: print_previews,
}
