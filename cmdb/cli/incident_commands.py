"""Commands about incidents: incident open, list, show, update, resolve, close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.effects import AFFECTED, parse_affected
from cmdb.cli.options import ExpectedVersion, Json, Key, Limit, Reason, listing_of, tell_practice
from cmdb.cli.session import session_of

if TYPE_CHECKING:
    from cmdb.ports import IncidentUpdate

Id = Annotated[str, typer.Argument(help="Id of the incident.", metavar="ID")]
_AFFECTS = "What is broken, how, and since when (an outage since now if not said)."


def register(app: typer.Typer) -> None:
    """Add the commands."""
    incident = typer.Typer(
        help="Record what is broken; it enters every answer about impact.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    incident.command("open")(open_incident)
    incident.command("list")(list_incidents)
    incident.command("show")(show)
    incident.command("update")(update)
    incident.command("resolve")(resolve)
    incident.command("close")(close)
    app.add_typer(incident, name="incident")


def open_incident(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="In a few words.")],
    affects: Annotated[list[str], typer.Option(help=_AFFECTS, metavar=AFFECTED)],
    description: Annotated[str, typer.Option(help="In more words.")] = "",
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Record an incident."""
    from cmdb.ports import EditReason, NewIncident

    new = NewIncident(title, tuple(parse_affected(each) for each in affects), description)
    with session_of(context).operations() as operations:
        made = operations.open_incident(new, EditReason(reason, None, key))
    tell_practice(made, is_json=is_json)


def list_incidents(
    context: typer.Context,
    state: Annotated[
        list[str] | None,
        typer.Option(help="Only in this state: new, in_progress, pending, resolved, closed."),
    ] = None,
    ci: Annotated[list[str] | None, typer.Option(help="Only about this CI.")] = None,
    after: Annotated[str, typer.Option(help="Cursor that the page before ended with.")] = "",
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """List incidents, newest first, page by page."""
    listing = listing_of(state, ci, limit, after)
    with session_of(context).operations() as operations:
        page = operations.list_incidents(listing)
    tell_practice(page, is_json=is_json)


def show(context: typer.Context, incident_id: Id, is_json: Json = False) -> None:
    """Show an incident, the services it affects and whom to notify."""
    with session_of(context).operations() as operations:
        details = operations.find_incident(incident_id)
    tell_practice(details, is_json=is_json)


def update(
    context: typer.Context,
    incident_id: Id,
    state: Annotated[
        str | None, typer.Option(help="The state it moves to: in_progress, pending, ...")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Another title.")] = None,
    description: Annotated[str | None, typer.Option(help="Another description.")] = None,
    affects: Annotated[
        list[str] | None,
        typer.Option(
            help="What is broken, all of it: replaces what was told. Effect and onset of a CI that "
            "was told stay unless they are given.",
            metavar=AFFECTED,
        ),
    ] = None,
    expected_version: ExpectedVersion = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Change an incident, its state included."""
    from cmdb.ports import IncidentUpdate

    wanted: Any = state  # refused by whoever knows the states, with the legal ones
    affected = tuple(parse_affected(each) for each in affects) if affects else None
    changed = IncidentUpdate(wanted, title, description, affected)
    _update(context, incident_id, changed, (reason, expected_version, key), is_json=is_json)


def resolve(
    context: typer.Context,
    incident_id: Id,
    resolution: Annotated[str, typer.Option(help="What restored service.")] = "",
    expected_version: ExpectedVersion = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Say that service is restored: the incident enters no answer any more."""
    from cmdb.ports import IncidentUpdate

    changed = IncidentUpdate("resolved", resolution=resolution or None)
    _update(context, incident_id, changed, (reason, expected_version, key), is_json=is_json)


def close(
    context: typer.Context,
    incident_id: Id,
    expected_version: ExpectedVersion = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Close an incident for good."""
    from cmdb.ports import IncidentUpdate

    changed = IncidentUpdate("closed")
    _update(context, incident_id, changed, (reason, expected_version, key), is_json=is_json)


def _update(
    context: typer.Context,
    incident_id: str,
    changed: IncidentUpdate,
    why: tuple[str, int | None, str],
    *,
    is_json: bool,
) -> None:
    from cmdb.ports import EditReason

    with session_of(context).operations() as operations:
        incident = operations.update_incident(incident_id, changed, EditReason(*why))
    tell_practice(incident, is_json=is_json)
