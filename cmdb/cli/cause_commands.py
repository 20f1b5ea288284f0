"""The command of the incident responder: root-cause."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb.cli.effects import AFFECTED, parse_affected
from cmdb.cli.options import TIME_HELP, Json, parse_time
from cmdb.cli.session import session_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("root-cause")(root_cause)


def root_cause(
    context: typer.Context,
    symptom: Annotated[
        list[str] | None,
        typer.Option(help="What suffers, how, and since when.", metavar=AFFECTED),
    ] = None,
    incident: Annotated[
        str, typer.Option(help="The CIs of this recorded incident suffer too.", metavar="ID")
    ] = "",
    healthy: Annotated[
        list[str] | None, typer.Option(help="It was seen to be well.", metavar="CI")
    ] = None,
    onset: Annotated[str | None, typer.Option(help=f"When it began: {TIME_HELP}")] = None,
    as_known_now: Annotated[
        bool, typer.Option("--as-known-now", help="Reason on the newest topology.")
    ] = False,
    hours: Annotated[float, typer.Option(min=0.0, help="Look so far back for changes.")] = 72.0,
    first: Annotated[int, typer.Option("--limit", min=1, help="Most candidates.")] = 10,
    is_json: Json = False,
) -> None:
    """Say which component most likely brought these symptoms about, and what to check next."""
    from cmdb.ports import CauseQuestion

    question = CauseQuestion(
        [parse_affected(text, "--symptom") for text in symptom or ()],
        incident,
        healthy or [],
        None if onset is None else parse_time("--onset", onset),
        as_known_now,
        hours,
        first,
    )
    with session_of(context).operations() as operations:
        report = operations.root_cause(question)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.cause_tables import print_root_cause

    return print_root_cause(report)
