"""How is the report of an import shown?"""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.cli.output import plural, print_lines, print_table
from cmdb.model.import_reports import ImportReport

_MOST_PLANNED = 40


def print_import(report: ImportReport) -> None:
    """Print what was read, decided and left out."""
    print_lines([verdict(report)], style="bold")
    print_lines([""])
    read = [("CI", name, count) for name, count in report.records_by_class.items()]
    read += [("relationship", name, count) for name, count in report.links_by_type.items()]
    read += [("skipped", reason, count) for reason, count in report.skipped.items()]
    print_table(("read", "what", "number"), read, title="READ", empty="nothing")
    if report.inferred_links:
        print_lines(
            [f"{plural(report.inferred_links, 'relationship')} of these guessed, not stated."]
        )
    print_lines(["", f"CIs: {_counted(report.decided)}."])
    print_lines([f"Relationships: {_counted(report.relationships)}."])
    if report.is_dry_run:
        _print_plan(report)
    _print_problems(report)


def verdict(report: ImportReport) -> str:
    """Return the outcome in one sentence."""
    where = f"source {report.source}, scope {report.scope}"
    if report.is_dry_run:
        return f"Dry run of {report.format} ({where}): nothing was written."
    if report.changed_nothing:
        return f"Imported {report.format} ({where}): nothing has changed, no new revision."
    first, last = report.first_revision, report.last_revision
    revisions = f"revision {first}" if first == last else f"revisions {first} to {last}"
    resumed = ", an interrupted run was taken up" if report.is_resumed else ""
    return f"Imported {report.format} ({where}): {revisions}{resumed}."


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"


def _print_plan(report: ImportReport) -> None:
    rows = [
        (line.verdict, f"{line.class_name}/{line.name}", line.rule, ", ".join(line.conflicts))
        for line in report.plan
        if line.verdict != "unchanged"
    ]
    print_lines([""])
    print_table(
        ("would", "CI", "matched by", "conflicts"),
        rows[:_MOST_PLANNED],
        title="PLAN",
        empty="Nothing would change.",
    )
    if len(rows) > _MOST_PLANNED:
        print_lines([f"... and {len(rows) - _MOST_PLANNED} more; --json lists them."])


def _print_problems(report: ImportReport) -> None:
    if not report.problems_total:
        return
    print_lines([""])
    print_table(
        ("where", "field", "what", "hint"),
        [(p.place, p.field, p.reason, p.hint) for p in report.problems],
        title=f"PROBLEMS ({report.problems_total})",
    )
    more = report.problems_total - len(report.problems)
    if more > 0:
        print_lines([f"... and {more} more; --rejects FILE writes all that was left out."])
