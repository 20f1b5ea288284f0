"""Commands about data sources: source list, rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.options import Json, Key, Reason
from cmdb.cli.session import session_of

if TYPE_CHECKING:
    from cmdb.model.source_reports import RankReport

# Else a negative number is taken for an option.
_NEGATIVE = {"ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    source = typer.Typer(
        help="Say which data source is believed where several differ.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    source.command("list")(list_sources)
    source.command("rank", context_settings=_NEGATIVE)(rank)
    app.add_typer(source, name="source")


def list_sources(context: typer.Context, is_json: Json = False) -> None:
    """List the data sources, the one that is believed first on top."""
    from cmdb.cli.output import print_report, print_table

    with session_of(context).operations() as operations:
        report = operations.list_sources()
    if is_json:
        return print_report(report)
    return print_table(
        ("source", "precedence", "records", "last finished import"),
        [
            (
                each.name,
                f"{each.precedence} (default)" if each.is_default else each.precedence,
                each.records,
                each.last_finished_at or "-",
            )
            for each in report.sources
        ],
    )


def rank(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="Name of the data source.")],
    precedence: Annotated[
        int, typer.Argument(help="A number, also below 0; the higher one wins. Default 0.")
    ],
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Set the precedence of a data source, and decide again wherever it and others differ."""
    from cmdb.cli.output import print_lines, print_report, progress_bar
    from cmdb.ports import EditReason

    why = EditReason(reason, idempotency_key=key)

    with (
        session_of(context).operations(is_short=False) as operations,
        progress_bar(is_wanted=not is_json) as progress,
    ):
        report = operations.rank_source(source, precedence, why, progress)
    if is_json:
        return print_report(report)
    return print_lines(_told(report))


def _told(report: RankReport) -> list[str]:
    from cmdb.cli.output import plural

    is_same = report.before == report.precedence
    was = "as before" if is_same else f"before: {report.before}"
    lines = [f"Source {report.source} has precedence {report.precedence} ({was})."]
    if not report.is_known:
        hint = f" Did you mean {', '.join(report.nearest)}?" if report.nearest else ""
        lines.append(f"Nothing of it is on record yet; this counts when it is imported.{hint}")
        return lines
    looked = plural(report.records, "record")
    changed = plural(report.cis, "CI"), plural(report.relationships, "relationship")
    lines.append(f"Looked at {looked}: {changed[0]} and {changed[1]} changed.")
    return lines
