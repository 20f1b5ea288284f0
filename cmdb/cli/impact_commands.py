"""Commands that ask about impact: blast-radius, preview, diff."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmdb.cli.options import MOMENT_HELP, TIME_HELP, Json, parse_moment, parse_time
from cmdb.cli.session import session_of
from cmdb.errors import BadValue

Names = Annotated[list[str], typer.Argument(help="Id, name or Class/name.", metavar="CI...")]
All = Annotated[bool, typer.Option("--all", help="List every affected CI.")]
_STATES = {"outage": "DOWN", "degraded": "DEGRADED"}


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
            from cmdb.cli.impact_tables import print_explanation

            return print_explanation(explained, explain)
        report = operations.blast_radius(names, at=moment, budget=budget)
    from cmdb.cli.output import print_report, say

    if svg is not None:
        from cmdb.cli.svg import draw_svg

        write_picture(svg, draw_svg(report))
    if is_json:
        print_report(report)
    elif mermaid:
        from cmdb.cli.mermaid import draw_mermaid

        typer.echo(draw_mermaid(report))
    else:
        from cmdb.cli.impact_tables import ALL, USUAL, print_blast_radius

        print_blast_radius(report, ALL if is_all else USUAL)
    if svg is not None:
        say(f"The picture is in {svg}.")
    return None


def preview(
    context: typer.Context,
    target: Annotated[
        list[str],
        typer.Option(
            help="What is worked on, and what that does to it (outage if not said).",
            metavar="CI[=outage|degraded]",
        ),
    ],
    start: Annotated[str, typer.Option("--from", help=f"Begin of the work: {TIME_HELP}")],
    end: Annotated[str, typer.Option("--to", help=f"End of the work: {TIME_HELP}")],
    is_all: All = False,
    is_json: Json = False,
) -> None:
    """Say what a change would do, in which stretch of time, before it is done."""
    from cmdb.ports import Target

    targets = []
    for text in target:
        name, state = split_target(text)
        targets.append(Target(name, "degraded" if state == "DEGRADED" else "outage"))
    start_at, end_at = parse_time("--from", start), parse_time("--to", end)
    with session_of(context).operations() as operations:
        report = operations.preview_change(targets, start_at, end_at)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.impact_tables import ALL, USUAL
    from cmdb.cli.preview_tables import print_preview

    return print_preview(report, ALL if is_all else USUAL)


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


def split_target(text: str) -> tuple[str, str]:
    """Return name and state of `CI=outage` or `CI=degraded`; a bare CI means an outage.

    Raises:
        BadValue: Nothing is named, or the state is another word that looks like one.
    """
    name, sign, word = text.rpartition("=")
    if not sign:
        name, word = text, "outage"
    elif word.strip().lower() not in _STATES:
        raise BadValue("--target", f"{word!r} is no effect", "Write =outage or =degraded.")
    if not name.strip():
        raise BadValue("--target", f"{text!r} names no CI", "Write CI=outage.")
    return name.strip(), _STATES[word.strip().lower()]


def write_picture(path: Path, content: str) -> None:
    """Write a picture.

    Raises:
        BadValue: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise BadValue("--svg", f"{path} cannot be written ({error.strerror})") from error
