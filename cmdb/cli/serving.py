"""The command that runs the server: serve."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer

from cmdb.cli.options import Json
from cmdb.cli.session import session_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    context: typer.Context,
    host: Annotated[
        str | None,
        typer.Option(help="Address to listen on (CMDB_HOST).", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port to listen on, 0 for a free one (CMDB_PORT).",
            min=0,
            max=65_535,
            show_default="8080",
        ),
    ] = None,
    is_json: Json = False,
) -> None:
    """Serve the API until stopped."""
    settings = session_of(context).local_settings
    server = settings.server
    server = replace(
        server,
        host=server.host if host is None else host,
        port=server.port if port is None else port,
    )
    from cmdb.bootstrap import run_server

    run_server(replace(settings, server=server), _print_json if is_json else _print)


def _print(address: str, first_address: str) -> None:
    if first_address:
        typer.echo(
            "There is no token yet. This address works once, for 15 minutes, and shows an "
            f"administrator's:\n{first_address}"
        )
    typer.echo(f"Serving at {address}; stop with Ctrl+C.")


def _print_json(address: str, first_address: str) -> None:
    # One line: whoever started the server reads it while the server goes on.
    typer.echo(json.dumps({"address": address, "first_address": first_address}))
