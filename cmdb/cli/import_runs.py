"""The command that tells which imports ran: import-runs."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb.cli.options import Json
from cmdb.cli.session import session_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import-runs")(import_runs)


def import_runs(
    context: typer.Context,
    run_id: Annotated[str, typer.Argument(help="Only this run, in full.", metavar="[RUN]")] = "",
    source: Annotated[str, typer.Option(help="Only runs of this data source.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="Most rows.")] = 20,
    is_json: Json = False,
) -> None:
    """List the runs of imports, newest first, or show one."""
    from cmdb.cli.output import print_lines, print_report, print_table
    from cmdb.model.system_reports import RunList

    with session_of(context).operations() as operations:
        if run_id:
            report = RunList((operations.find_run(run_id),))
        else:
            report = operations.list_runs(source, limit)
    if is_json:
        return print_report(report.runs[0] if run_id else report)
    print_table(
        ("run", "source", "format", "state", "done", "began", "ended"),
        [
            (r.id, r.source, r.format, r.state, r.done, r.started_at, r.ended_at or "-")
            for r in report.runs
        ],
        empty="No import ran yet.",
    )
    errors = [(r.id, r.error) for r in report.runs if r.error]
    return print_lines([f"{run}: {error['code']}: {error['message']}" for run, error in errors])
