"""Commands about the log: log list, show, anchor, verify, purge and retention."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb.cli.options import Json, Key, Limit, Reason
from cmdb.cli.session import session_of
from cmdb.errors import BadValue

_LONGEST_REVISION = 18


def register(app: typer.Typer) -> None:
    """Add the commands."""
    log = typer.Typer(
        help="Read, verify and clear the log of changes.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    log.command("list")(list_entries)
    log.command("show")(show)
    log.command("anchor")(anchor)
    log.command("verify")(verify)
    log.command("purge")(purge)
    log.command("retention")(retention)
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


def purge(
    context: typer.Context,
    revision: Annotated[int, typer.Argument(min=1, help="Number of the entry.")],
    indexes: Annotated[
        list[int] | None,
        typer.Option("--change", min=0, help="Only this change of it, counted from 0; repeat it."),
    ] = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Erase the content of an entry for good; its hashes stay, so the log still verifies."""
    from cmdb.cli.output import plural, print_lines, print_report
    from cmdb.ports import EditReason

    edit = EditReason(reason, idempotency_key=key)
    with session_of(context).operations() as operations:
        report = operations.purge_payloads(revision, indexes, edit)
    if is_json:
        return print_report(report)
    return print_lines([f"{plural(report.payloads, 'payload')} erased."])


def retention(
    context: typer.Context,
    days: Annotated[
        int | None,
        typer.Option(min=0, help="Keep content for so many days, 0 for ever.", show_default=False),
    ] = None,
    is_applied: Annotated[
        bool, typer.Option("--apply", help="Erase what is older than the policy says.")
    ] = False,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Show how large the log is, set for how long its content is kept, or erase what is older."""
    from cmdb.cli.log_tables import print_figures
    from cmdb.cli.output import plural, print_lines, print_report
    from cmdb.ports import EditReason

    edit = EditReason(reason, idempotency_key=key)
    with session_of(context).operations() as operations:
        if days is None and not is_applied:
            figures = operations.log_figures()
            return print_report(figures) if is_json else print_figures(figures)
        if days is not None:
            report = operations.set_retention(days, EditReason(reason) if is_applied else edit)
        if is_applied:
            report = operations.apply_retention(edit)
    if is_json:
        return print_report(report)
    kept = f"kept for {plural(report.days, 'day')}" if report.days else "kept for ever"
    gone = f"; {plural(report.payloads, 'payload')} erased" if is_applied else ""
    return print_lines([f"The content of the log is {kept}{gone}."])


def split_anchor(text: str) -> tuple[int, str]:
    """Return revision and hash of an anchor in text form.

    Raises:
        BadValue: It is no anchor.
    """
    revision, sign, digest = text.strip().partition(":")
    is_number = revision.isdecimal() and len(revision) <= _LONGEST_REVISION
    if not sign or not is_number or len(digest) != 64:
        raise BadValue("--anchor", "it is no anchor", "Give what `cmdb log anchor` printed.")
    return int(revision), digest.lower()
