"""Commands that ask about impact: blast-radius, preview, diff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.effects import TARGET, parse_target
from cmdb.cli.options import (
    MOMENT_HELP,
    TIME_HELP,
    Json,
    Key,
    Reason,
    parse_moment,
    parse_time,
)
from cmdb.cli.session import session_of
from cmdb.cli.written_files import write_file
from cmdb.errors import BadValue

if TYPE_CHECKING:
    from cmdb.model.practice_reports import KeptPreview

Names = Annotated[list[str], typer.Argument(help="Id, name or Class/name.", metavar="CI...")]
All = Annotated[bool, typer.Option("--all", help="List every affected CI.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("blast-radius")(blast_radius)
    app.command("preview")(preview)
    app.command("diff")(diff)


def blast_radius(
    context: typer.Context,
    names: Names,
    at: Annotated[
        str | None, typer.Option(help=f"The topology as it was then. {MOMENT_HELP}")
    ] = None,
    explain: Annotated[
        str | None, typer.Option(help="Show every step that leads to this CI.", metavar="CI")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Follow at most this many affected CIs.")
    ] = None,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print a Mermaid diagram instead of tables.")
    ] = False,
    svg: Annotated[
        Path | None, typer.Option(help="Draw a picture into this file.", dir_okay=False)
    ] = None,
    is_all: All = False,
    is_json: Json = False,
) -> None:
    """Say what an outage of these CIs takes with it, and why."""
    moment = None if at is None else parse_moment("--at", at)
    with session_of(context).operations() as operations:
        if explain is not None:
            explained = operations.explain_impact(names, explain, at=moment)
            if is_json:
                from cmdb.cli.output import print_report

                return print_report(explained)
            from cmdb.cli.explanation_tables import print_explanation

            return print_explanation(explained, explain)
        report = operations.blast_radius(names, at=moment, budget=budget)
    from cmdb.cli.output import print_report, say

    if svg is not None:
        from cmdb.cli.pictures import draw
        from cmdb.cli.svg import draw_svg

        write_file("--svg", svg, draw_svg(draw(report)))
    if is_json:
        print_report(report)
    elif mermaid:
        from cmdb.cli.mermaid import draw_mermaid
        from cmdb.cli.pictures import draw

        typer.echo(draw_mermaid(draw(report)))
    else:
        from cmdb.cli.impact_tables import ALL, USUAL, print_blast_radius

        print_blast_radius(report, ALL if is_all else USUAL)
    if svg is not None:
        say(f"The picture is in {svg}.")
    return None


def preview(
    context: typer.Context,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="What is worked on, what that does to it (outage if not said), and when.",
            metavar=TARGET,
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help=f"Begin of the work: {TIME_HELP}")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help=f"End of the work: {TIME_HELP}")] = None,
    change: Annotated[
        str, typer.Option(help="A recorded change; what is not said otherwise is as it plans.")
    ] = "",
    keep: Annotated[
        str, typer.Option(help="Keep the answer under this title.", metavar="TITLE")
    ] = "",
    reason: Reason = "",
    key: Key = "",
    is_all: All = False,
    is_json: Json = False,
) -> None:
    """Say what a change would do, in which stretch of time, before it is done."""
    from cmdb.ports import EditReason

    if not target and not change:
        raise BadValue("--target", "no CI is named", "Write --target CI, or --change ID.")
    if not change and (start is None or end is None):
        raise BadValue("--to" if start else "--from", "the window is not told", TIME_HELP)
    targets = [parse_target(text) for text in target or ()]
    start_at = None if start is None else parse_time("--from", start)
    end_at = None if end is None else parse_time("--to", end)
    with session_of(context).operations() as operations:
        if keep:
            why = EditReason(reason, None, key)
            kept = operations.keep_preview(keep, targets, start_at, end_at, why, change)
            return _print_kept(kept, is_json=is_json)
        report = operations.preview_change(targets, start_at, end_at, change_id=change)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.impact_tables import ALL, USUAL
    from cmdb.cli.preview_tables import print_preview

    return print_preview(report, ALL if is_all else USUAL)


def _print_kept(kept: KeptPreview, *, is_json: bool) -> None:
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(kept)
    from cmdb.cli.practice_tables import print_kept

    return print_kept(kept)


def diff(
    context: typer.Context,
    first: Annotated[str, typer.Argument(help=MOMENT_HELP)],
    second: Annotated[str, typer.Argument(help=MOMENT_HELP)],
    outage: Annotated[
        list[str] | None,
        typer.Option(help="Also compare what an outage of this CI does.", metavar="CI"),
    ] = None,
    is_json: Json = False,
) -> None:
    """Say what differs between two moments."""
    moments = parse_moment("first moment", first), parse_moment("second moment", second)
    with session_of(context).operations() as operations:
        report = operations.diff_moments(*moments, outage or [])
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.log_tables import print_diff

    return print_diff(report)
