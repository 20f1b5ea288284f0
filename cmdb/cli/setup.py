"""Commands about the installation: init, doctor, demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.exit_codes import CHECK_FAILED
from cmdb.cli.options import Json
from cmdb.cli.session import Session, session_of

if TYPE_CHECKING:
    from cmdb.model.log_reports import Check


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("demo")(demo)
    app.command("doctor")(doctor)


def init(context: typer.Context, is_json: Json = False) -> None:
    """Make the database, or bring its schema up to date."""
    from cmdb.cli.output import print_json, print_lines

    session = session_of(context)
    settings = session.settings
    with session.operations(create=True) as operations:
        revision = operations.anchor_log().revision
    place = settings.database_url or str(settings.data_dir)
    if is_json:
        return print_json({"database": place, "revision": revision})
    state = f"it holds {revision} revisions" if revision else "it is empty"
    return print_lines(
        [f"The database at {place} is ready; {state}.", "Next: cmdb import FORMAT PATH"]
    )


def demo(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option(help="Where the demo may write; its old content is replaced.")
    ] = Path("demo-output"),
    is_json: Json = False,
) -> None:
    """Import a demo estate, preview two changes that look alike, draw a blast radius."""
    from cmdb.cli.demonstration import run_demo

    _ = session_of(context)
    run_demo(folder, is_json=is_json)


def doctor(context: typer.Context, is_json: Json = False) -> None:
    """Check installation, database and inventory, and say what to do."""
    from cmdb.cli.output import print_report, print_table
    from cmdb.model.log_reports import DoctorReport

    session = session_of(context)
    checks = installation_checks(session) + inventory_checks(session)
    report = DoctorReport(tuple(checks))
    if is_json:
        print_report(report)
    else:
        print_table(
            ("", "check", "found", "what to do"),
            [(c.outcome, c.name, c.message, c.hint) for c in checks],
        )
    if report.has_failed:
        raise typer.Exit(CHECK_FAILED)


def installation_checks(session: Session) -> list[Check]:
    """Return what can be said without opening the database."""
    from cmdb.bootstrap import list_importers
    from cmdb.model.log_reports import Check

    settings = session.settings
    version = ".".join(str(part) for part in sys.version_info[:3])
    formats = list_importers()
    broken = sorted(name for name, text in formats.items() if text.startswith("does not load"))
    place = settings.database_url or str(settings.data_dir)
    return [
        Check("python", "ok", version),
        Check("database", "ok", f"{'Neo4j' if settings.database_url else 'embedded'}, {place}"),
        Check("importers", "failure", f"{', '.join(broken)} cannot be loaded", "Install again.")
        if broken
        else Check("importers", "ok", ", ".join(sorted(formats))),
    ]


def inventory_checks(session: Session) -> list[Check]:
    """Return what an open database says; one failure if it cannot be opened or read."""
    from cmdb.errors import CmdbError, NotInitialised
    from cmdb.model.log_reports import Check

    try:
        with session.operations() as operations:
            return list(operations.doctor().checks)
    except NotInitialised as error:
        return [Check("database", "failure", error.message, "cmdb init, or cmdb demo for a look.")]
    except CmdbError as error:
        return [Check("database", "failure", error.message, f"error code {error.code}")]
