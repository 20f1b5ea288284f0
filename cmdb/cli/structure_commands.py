"""The command about what a service rests on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.options import Json
from cmdb.cli.session import session_of
from cmdb.cli.written_files import write_file

if TYPE_CHECKING:
    from cmdb.model.structure_reports import StructureReport


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("structure")(structure)


def structure(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Id, name or Class/name.", metavar="SERVICE")],
    first: Annotated[int, typer.Option("--limit", min=1, help="Most CIs, nearest first.")] = 200,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print a Mermaid diagram instead of a table.")
    ] = False,
    svg: Annotated[
        Path | None, typer.Option(help="Draw a picture into this file.", dir_okay=False)
    ] = None,
    open_psa: Annotated[
        Path | None,
        typer.Option(help="Write it as an Open-PSA model into this file.", dir_okay=False),
    ] = None,
    is_json: Json = False,
) -> None:
    """Say what a service relies on, and where a single failure takes it down."""
    with session_of(context).operations() as operations:
        report = operations.structure(name, first=first, with_open_psa=open_psa is not None)
    if svg is not None:
        from cmdb.cli.pictures import draw_structure
        from cmdb.cli.svg import draw_svg

        write_file("--svg", svg, draw_svg(draw_structure(report)))
    if open_psa is not None:
        write_file("--open-psa", open_psa, report.open_psa)
    _print(report, is_json=is_json, mermaid=mermaid)
    from cmdb.cli.output import say

    if svg is not None:
        say(f"The picture is in {svg}.")
    if open_psa is not None:
        say(f"The model is in {open_psa}: `python -m impact {open_psa}` tells its probability.")


def _print(report: StructureReport, *, is_json: bool, mermaid: bool) -> None:
    if is_json:
        from cmdb.cli.output import print_report

        print_report(report)
    elif mermaid:
        from cmdb.cli.mermaid import draw_mermaid
        from cmdb.cli.pictures import draw_structure

        typer.echo(draw_mermaid(draw_structure(report)))
    else:
        from cmdb.cli.structure_tables import print_structure

        print_structure(report)
