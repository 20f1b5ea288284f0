"""Commands about a whole database: db copy, backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.options import Json
from cmdb.cli.session import session_of
from cmdb.errors import BadSettings

if TYPE_CHECKING:
    from cmdb.model.moving_reports import MovedReport

Anew = Annotated[
    bool, typer.Option("--anew", help="Begin anew what was interrupted, instead of going on.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Move, back up and restore a whole database, log included.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("copy")(copy)
    group.command("backup")(backup)
    group.command("restore")(restore)
    app.add_typer(group, name="db")


def copy(
    context: typer.Context,
    origin: Annotated[
        str, typer.Option("--from", help="Folder, or neo4j:// address, to read.", metavar="ADDRESS")
    ],
    target: Annotated[
        str,
        typer.Option(
            "--to", help="Folder, or neo4j:// address, to fill; empty.", metavar="ADDRESS"
        ),
    ],
    is_anew: Anew = False,
    is_json: Json = False,
) -> None:
    """Copy a whole database into an empty one, between the embedded engine and Neo4j too."""
    from cmdb.bootstrap import copy_database
    from cmdb.cli.output import progress_bar
    from cmdb.settings import WrongSetting

    session = session_of(context)
    try:
        sides = [
            session.local_settings.at_address(address, side)
            for address, side in ((origin, "FROM"), (target, "TO"))
        ]
    except WrongSetting as error:
        raise BadSettings(error.setting, error.reason) from error
    with progress_bar(is_wanted=not is_json) as progress:
        report = copy_database(*sides, is_anew=is_anew, progress=progress)
    _print(report, is_json=is_json)


def backup(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make.")],
    is_json: Json = False,
) -> None:
    """Write the whole database into one file, from which either engine can be filled."""
    from cmdb.bootstrap import backup_database
    from cmdb.cli.output import progress_bar

    settings = session_of(context).local_settings
    with progress_bar(is_wanted=not is_json) as progress:
        report = backup_database(settings, path, progress=progress)
    _print(report, is_json=is_json)


def restore(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="What `db backup` made.")],
    is_anew: Anew = False,
    is_json: Json = False,
) -> None:
    """Fill the empty database from a backup, which is checked before anything is written."""
    from cmdb.bootstrap import restore_database
    from cmdb.cli.output import progress_bar

    settings = session_of(context).local_settings
    with progress_bar(is_wanted=not is_json) as progress:
        report = restore_database(settings, path, is_anew=is_anew, progress=progress)
    _print(report, is_json=is_json)


def _print(report: MovedReport, *, is_json: bool) -> None:
    from cmdb.cli.output import plural, print_lines, print_report

    if is_json:
        print_report(report)
        return
    nodes = plural(sum(report.nodes.values()), "node")
    relationships = plural(sum(report.relationships.values()), "relationship")
    print_lines(
        [
            f"{report.origin} -> {report.target}: {nodes}, {relationships}, revision "
            f"{report.revision}.",
            "All of it was read back and is the same. "
            f"Anchor of the log: {report.revision}:{report.hash}",
        ]
    )
