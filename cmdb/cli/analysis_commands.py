"""Commands about failures to come: availability, spof, importance, cut-sets, what-if, conflicts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.options import TIME_HELP, Json, parse_time
from cmdb.cli.session import session_of
from cmdb.errors import BadValue

if TYPE_CHECKING:
    from cmdb.model.analysis_reports import AvailabilityReport
    from cmdb.ports import (
        AvailabilityQuestion,
        Operations,
        PlannedMode,
        SharedCause,
        WhatIfEdit,
        WhatIfKind,
    )

PAGE = 20
PERIODS = {"week": 168.0, "month": 730.0, "quarter": 2_190.0, "year": 8_760.0}
_PERIODS = f"{', '.join(PERIODS)}, or a number of hours"
_ON = "CI[=FROM:TO]"
_CAUSE = "GROUP=BETA or GROUP=q:PROBABILITY"

Names = Annotated[
    list[str] | None, typer.Argument(help="Id, name or Class/name.", metavar="[SERVICE]...")
]
Name = Annotated[str, typer.Argument(help="Id, name or Class/name.", metavar="SERVICE")]
EveryService = Annotated[bool, typer.Option("--all", help="Every service.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("availability")(availability)
    app.command("spof")(spof)
    app.command("importance")(importance)
    app.command("cut-sets")(cut_sets)
    app.command("what-if")(what_if)
    app.command("conflicts")(conflicts)


def availability(
    context: typer.Context,
    names: Names = None,
    is_all: EveryService = False,
    target: Annotated[
        float | None,
        typer.Option(help="Percent that was agreed: how likely is it missed?", show_default=False),
    ] = None,
    period: Annotated[
        str, typer.Option(help=f"Of the target: {_PERIODS}. Without one, a month.")
    ] = "",
    planned: Annotated[
        str,
        typer.Option(help="Windows of planned changes: counted or excluded, and told either way."),
    ] = "",
    start: Annotated[
        str | None, typer.Option("--from", help=f"Begin of their year, or now: {TIME_HELP}")
    ] = None,
    common_cause: Annotated[
        list[str] | None,
        typer.Option(help="Share of what its members fail of together.", metavar=_CAUSE),
    ] = None,
    is_json: Json = False,
) -> None:
    """Say how available services are in the long run, and how that is known."""
    from cmdb.ports import AvailabilityQuestion

    _check_names(names, is_all=is_all)
    question = AvailabilityQuestion(
        names or (),
        target,
        _hours(period) if period else None,
        _mode(planned) if planned else None,
        None if start is None else parse_time("--from", start),
        [_cause(text) for text in common_cause or ()],
        PAGE,
    )
    with session_of(context).operations() as operations:
        report = (_every_service if is_all else _one_page)(operations, question)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.analysis_tables import print_availability

    return print_availability(report)


def _hours(period: str) -> float:
    """Return the length of a period that is a word or a number of hours.

    Raises:
        BadValue: It is neither.
    """
    try:
        return PERIODS.get(period) or float(period)
    except ValueError as error:
        raise BadValue("--period", f"{period!r} is no period", f"Write {_PERIODS}.") from error


def _mode(word: str) -> PlannedMode:
    """Return whether planned windows count.

    Raises:
        BadValue: The word says neither.
    """
    if word not in _MODES:
        raise BadValue("--planned", f"{word!r} is not known", f"Write {' or '.join(_MODES)}.")
    return _MODES[word]


_MODES: dict[str, PlannedMode] = {"counted": "counted", "excluded": "excluded"}


def _cause(text: str) -> SharedCause:
    """Return the common cause that `GROUP=BETA` or `GROUP=q:Q` says.

    Raises:
        BadValue: It says none.
    """
    from cmdb.ports import SharedCause

    group, _, figure = text.rpartition("=")
    number = figure.removeprefix("q:")
    try:
        value = float(number)
    except ValueError:
        value = None
    if not group or value is None:
        raise BadValue("--common-cause", f"{text!r} does not say it", f"Write {_CAUSE}.")
    return SharedCause(group, q=value) if number != figure else SharedCause(group, value)


def _one_page(operations: Operations, question: AvailabilityQuestion) -> AvailabilityReport:
    return operations.availability(question)


def _every_service(operations: Operations, question: AvailabilityQuestion) -> AvailabilityReport:
    """Return all pages as one; the progress is shown, and Ctrl-C stops between services."""
    from cmdb.cli.output import progress_bar

    with progress_bar() as progress:
        report = page = operations.availability(question)
        from_at = report.planned.from_at if report.planned else None
        while page.next:
            if progress is not None:
                progress("availability", len(report.services), report.total)
            following = replace(question, from_at=from_at, after=page.next)
            page = operations.availability(following)
            report = replace(report, services=report.services + page.services, next=page.next)
    return report


def spof(
    context: typer.Context,
    names: Names = None,
    is_all: EveryService = False,
    is_json: Json = False,
) -> None:
    """List the CIs whose failure alone takes a service down."""
    _check_names(names, is_all=is_all)
    with session_of(context).operations() as operations:
        report = operations.single_points(names or [])
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.analysis_tables import print_single_points

    return print_single_points(report)


def importance(
    context: typer.Context,
    name: Name,
    first: Annotated[int, typer.Option("--limit", min=1, help="Most rows.")] = 20,
    fussell_vesely: Annotated[
        bool, typer.Option("--fussell-vesely", help="Also that measure, which costs more.")
    ] = False,
    is_json: Json = False,
) -> None:
    """Rank the CIs that a service relies on by how much they matter to it."""
    with session_of(context).operations() as operations:
        report = operations.importance(name, first=first, fussell_vesely=fussell_vesely)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.analysis_tables import print_importance

    return print_importance(report)


def cut_sets(
    context: typer.Context,
    name: Name,
    largest: Annotated[int, typer.Option(min=1, help="Most CIs of a listed set.")] = 3,
    first: Annotated[int, typer.Option("--limit", min=1, help="Most sets listed.")] = 50,
    is_json: Json = False,
) -> None:
    """Count the minimal sets of CIs whose failure takes a service down, and list the small ones."""
    with session_of(context).operations() as operations:
        report = operations.cut_sets(name, largest=largest, first=first)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.analysis_tables import print_cut_sets

    return print_cut_sets(report)


def what_if(
    context: typer.Context,
    names: Names = None,
    replica: Annotated[
        list[str] | None,
        typer.Option(help="A second such CI; =FROM:TO puts it on another provider.", metavar=_ON),
    ] = None,
    move: Annotated[
        list[str] | None,
        typer.Option(help="It relies on TO in place of FROM.", metavar="CI=FROM:TO"),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(help="It relies on that provider no more.", metavar="CI=PROVIDER"),
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="It is taken away.", metavar="CI")
    ] = None,
    is_json: Json = False,
) -> None:
    """Say what edits of the topology would change for services; nothing is stored."""
    edits = [
        *(_edit("replica", text) for text in replica or ()),
        *(_edit("move", text) for text in move or ()),
        *(_edit("drop", text) for text in drop or ()),
        *(_edit("remove", text) for text in remove or ()),
    ]
    with session_of(context).operations() as operations:
        report = operations.what_if(edits, names or [])
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.analysis_tables import print_what_if

    return print_what_if(report)


def _edit(kind: WhatIfKind, text: str) -> WhatIfEdit:
    """Return the edit that `CI`, `CI=PROVIDER` or `CI=FROM:TO` says.

    Raises:
        BadValue: What this kind of edit needs is not said.
    """
    from cmdb.ports import WhatIfEdit

    ci, _, rest = text.partition("=")
    provider, _, to = rest.partition(":")
    needs = {"replica": bool(provider) == bool(to), "move": bool(provider and to)}
    needs |= {"drop": bool(provider and not to), "remove": not rest}
    if not (ci and needs[kind]):
        raise BadValue(f"--{kind}", f"{text!r} does not say it", f"Write {_FORMS[kind]}.")
    return WhatIfEdit(kind, ci, provider, to)


_FORMS = {
    "replica": "CI or CI=FROM:TO",
    "move": "CI=FROM:TO",
    "drop": "CI=PROVIDER",
    "remove": "CI",
}


def conflicts(
    context: typer.Context,
    start: Annotated[
        str | None, typer.Option("--from", help=f"Begin of the window: {TIME_HELP}")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help=f"End of the window: {TIME_HELP}")] = None,
    change: Annotated[
        str, typer.Option(help="Only conflicts of this recorded change, in its window.")
    ] = "",
    is_json: Json = False,
) -> None:
    """Say which planned changes and open incidents harm services together, and when."""
    start_at = None if start is None else parse_time("--from", start)
    end_at = None if end is None else parse_time("--to", end)
    with session_of(context).operations() as operations:
        report = operations.conflicts(start_at, end_at, change_id=change)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.analysis_tables import print_conflicts

    return print_conflicts(report)


def _check_names(names: list[str] | None, *, is_all: bool) -> None:
    if bool(names) == is_all:
        raise BadValue("service", "name services, or say --all", "One of both.")
