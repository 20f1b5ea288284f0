"""Commands about the installation: init, doctor, demo."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.exit_codes import CHECK_FAILED
from cmdb.cli.options import Json
from cmdb.cli.session import Session, session_of

if TYPE_CHECKING:
    from cmdb.model.log_reports import Check
    from cmdb.settings import Settings

_PREPARING = "Preparing a faster start of all further commands, once; this takes some seconds ..."


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("demo")(demo)
    app.command("doctor")(doctor)


def init(context: typer.Context, is_json: Json = False) -> None:
    """Make the database, or bring its schema up to date."""
    from cmdb.cli.output import print_json, print_lines

    session = session_of(context)
    settings = session.local_settings
    with session.operations(create=True) as operations:
        revision = operations.anchor_log().revision
    place = settings.database_url or str(settings.data_dir)
    if is_json:
        print_json({"database": place, "revision": revision})
    else:
        state = f"it holds {revision} revisions" if revision else "it is empty"
        print_lines(
            [f"The database at {place} is ready; {state}.", "Next: cmdb import FORMAT PATH"]
        )
    _prepare_fast_start(settings)


def demo(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option(help="Where the demo may write; its old content is replaced.")
    ] = Path("demo-output"),
    is_json: Json = False,
) -> None:
    """Import a demo estate, preview two changes that look alike, draw a blast radius."""
    from cmdb.cli.demonstration import run_demo

    settings = session_of(context).local_settings
    run_demo(folder, is_json=is_json)
    _prepare_fast_start(replace(settings, database_url=""))


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
    from cmdb.bootstrap import can_start_fast, list_importers
    from cmdb.model.log_reports import Check

    settings = session.settings
    version = ".".join(str(part) for part in sys.version_info[:3])
    formats = list_importers()
    broken = sorted(name for name, text in formats.items() if text.startswith("does not load"))
    return [
        Check("python", "ok", version),
        Check("database", "ok", _where(settings)),
        Check("importers", "failure", f"{', '.join(broken)} cannot be loaded", "Install again.")
        if broken
        else Check("importers", "ok", ", ".join(sorted(formats))),
        Check("fast start", "ok", "prepared")
        if can_start_fast(settings)
        else Check(
            "fast start",
            "warning",
            f"not prepared in {settings.cache_dir}: every command takes longer",
            "cmdb init; the folder (CMDB_CACHE_DIR) must belong to you alone.",
        ),
    ]


def _where(settings: Settings) -> str:
    if settings.url:
        return "through a server"  # not its address: what does not parse may hold a secret
    return f"{'Neo4j' if settings.database_url else 'embedded'}, {settings.place}"


def _prepare_fast_start(settings: Settings) -> None:
    from cmdb.bootstrap import prepare_fast_start

    sys.stdout.flush()
    prepare_fast_start(settings, lambda: print(_PREPARING, file=sys.stderr, flush=True))


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
