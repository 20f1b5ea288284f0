"""How are entries of the log and differences between moments shown?"""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.cli.inventory_tables import change_text, print_withheld
from cmdb.cli.output import plural, print_lines, print_table, time_text
from cmdb.model.log_reports import ChangedThing, DiffReport, LogReport, Revision, RevisionDetails
from cmdb.model.system_reports import LogFigures

_MOST_ROWS = 100


def print_log(report: LogReport) -> None:
    """Print entries, newest first."""
    print_table(
        ("revision", "when", "who", "source", "changes", "why"),
        [
            (e.revision, time_text(e.at), e.actor, e.source, _counted(e), e.reason)
            for e in report.entries
        ],
        empty="The log is empty.",
    )


def print_revision(details: RevisionDetails) -> None:
    """Print one entry with what it changed."""
    entry = details.entry
    print_lines(
        [
            f"Revision {entry.revision}, {time_text(entry.at)}, by {entry.actor} "
            f"from source {entry.source}: {entry.reason or 'no reason given'}",
            f"hash {entry.hash}",
        ]
    )
    if details.erased:
        print_lines([f"{plural(details.erased, 'payload')} erased on purpose."])
    print_lines([""])
    _print_changes(details.changes)
    print_withheld(details.withheld, "change")


def print_diff(report: DiffReport) -> None:
    """Print what differs between two moments."""
    first = f"revision {report.first} ({time_text(report.first_at)})"
    second = f"revision {report.second} ({time_text(report.second_at)})"
    things = plural(len(report.changes), "difference")
    print_lines([f"{things} between {first} and {second}."], style="bold")
    print_lines([""])
    _print_changes(report.changes)
    print_withheld(report.withheld, "difference")
    if report.is_partial:
        print_lines(["PARTIAL: content of some entry was erased; there may be more differences."])
    if report.impact:
        print_lines([""])
        print_table(
            ("service", "before", "after", "margin before", "margin after"),
            [
                (str(i.ci), i.before, i.after, _margin(i.margin_before), _margin(i.margin_after))
                for i in report.impact
            ],
            title=f"THE SAME OUTAGE NOW DOES SOMETHING ELSE TO ({len(report.impact)})",
        )


def print_figures(figures: LogFigures) -> None:
    """Print how large the log is and for how long its content is kept."""
    days = figures.retention_days
    kept = f"kept for {plural(days, 'day')}" if days else "kept for ever"
    newest = f", the newest of revision {figures.newest_checkpoint}" if figures.checkpoints else ""
    print_lines(
        [
            f"{plural(figures.entries, 'entry', 'entries')}, {figures.bytes / 1_000_000:.1f} MB; "
            f"their content is {kept}.",
            f"{plural(figures.checkpoints, 'checkpoint')}{newest}.",
        ]
    )


def _margin(value: int | None) -> str:
    return "-" if value is None else str(value)


def _counted(entry: Revision) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in entry.changes.items())


def _print_changes(changes: Sequence[ChangedThing]) -> None:
    print_table(
        ("change", "what", "values"),
        [(c.change, c.name, change_text(c.before, c.after)) for c in changes[:_MOST_ROWS]],
        empty="nothing",
    )
    if len(changes) > _MOST_ROWS:
        print_lines([f"... and {len(changes) - _MOST_ROWS} more; --json lists them all."])
