"""Which commands are there? Each group of them is one module."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cmdb.cli import (
    access,
    analysis_commands,
    auditing,
    cause_commands,
    change_commands,
    databases,
    editing,
    impact_commands,
    import_runs,
    incident_commands,
    inventory,
    ranking,
    registering,
    serving,
    setup,
    structure_commands,
    transfer,
)
from cmdb.cli.session import Session

app = typer.Typer(
    name="cmdb",
    help="A graph-based CMDB: what is there, what depends on what, and what breaks if it fails.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"cmdb {version('cmdb')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder of the embedded database (CMDB_DATA_DIR).", show_default=False),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Work through this server (CMDB_URL); several addresses of one, with commas."
        ),
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="API token for that server; better in CMDB_TOKEN.")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the trace of an unexpected error.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Keep the global options for the command; `debug` is read by whoever runs the program."""
    _ = debug, version
    context.obj = Session(data_dir, url, token)


for room in (
    setup,
    transfer,
    import_runs,
    inventory,
    registering,
    impact_commands,
    analysis_commands,
    structure_commands,
    cause_commands,
    editing,
    ranking,
    auditing,
    access,
    incident_commands,
    change_commands,
    databases,
    serving,
):
    room.register(app)
