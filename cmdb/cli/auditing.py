"""Commands about the log: log list, show, anchor, verify."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb.cli.options import Json, Limit
from cmdb.cli.session import session_of
from cmdb.errors import BadValue


def register(app: typer.Typer) -> None:
    """Add the commands."""
    log = typer.Typer(
        help="Read and verify the log of changes.", no_args_is_help=True, rich_markup_mode=None
    )
    log.command("list")(list_entries)
    log.command("show")(show)
    log.command("anchor")(anchor)
    log.command("verify")(verify)
    app.add_typer(log, name="log")


def list_entries(
    context: typer.Context,
    limit: Limit = 20,
    before: Annotated[
        int | None, typer.Option(min=1, help="Only revisions before this one.")
    ] = None,
    is_json: Json = False,
) -> None:
    """List the newest entries of the log."""
    with session_of(context).operations() as operations:
        report = operations.list_log(limit, before)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.log_tables import print_log

    return print_log(report)


def show(
    context: typer.Context,
    revision: Annotated[int, typer.Argument(min=1, help="Number of the entry.")],
    is_json: Json = False,
) -> None:
    """Show one entry of the log with what it changed."""
    with session_of(context).operations() as operations:
        details = operations.show_log(revision)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(details)
    from cmdb.cli.log_tables import print_revision

    return print_revision(details)


def anchor(context: typer.Context, is_json: Json = False) -> None:
    """Print revision and hash of the newest entry, for keeping where nobody can alter it."""
    with session_of(context).operations() as operations:
        found = operations.anchor_log()
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(found)
    return typer.echo(str(found))


def verify(
    context: typer.Context,
    kept: Annotated[
        str | None,
        typer.Option("--anchor", help="What `log anchor` printed earlier.", metavar="REV:HASH"),
    ] = None,
    is_json: Json = False,
) -> None:
    """Check that no entry of the log was altered, left out or put in."""
    from cmdb.cli.output import plural, print_lines, print_report, progress_bar
    from cmdb.model.log_reports import Anchor

    given = None if kept is None else Anchor(*split_anchor(kept))
    with (
        session_of(context).operations() as operations,
        progress_bar(is_wanted=not is_json) as progress,
    ):
        report = operations.verify_log(given, progress)
    if is_json:
        return print_report(report)
    erased = f", {plural(report.erased, 'payload')} erased on purpose" if report.erased else ""
    against = " and agrees with the anchor" if report.anchor else ""
    return print_lines(
        [
            f"The log verifies{against}: {plural(report.entries, 'entry', 'entries')}{erased}.",
            f"Anchor: {report.head}",
        ]
    )


def split_anchor(text: str) -> tuple[int, str]:
    """Return revision and hash of an anchor in text form.

    Raises:
        BadValue: It is no anchor.
    """
    revision, sign, digest = text.strip().partition(":")
    if not sign or not revision.isdecimal() or len(digest) != 64:
        raise BadValue("--anchor", "it is no anchor", "Give what `cmdb log anchor` printed.")
    return int(revision), digest.lower()
