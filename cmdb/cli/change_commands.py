"""Commands about changes: change plan, list, show, update, close; previews; near."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.effects import TARGET, parse_target
from cmdb.cli.options import (
    TIME_HELP,
    ExpectedVersion,
    Json,
    Key,
    Limit,
    Reason,
    listing_of,
    parse_time,
    tell_practice,
)
from cmdb.cli.session import session_of

if TYPE_CHECKING:
    from cmdb.ports import ChangeUpdate

Id = Annotated[str, typer.Argument(help="Id of the change.", metavar="ID")]
PreviewId = Annotated[str, typer.Argument(help="Id of the kept preview.", metavar="ID")]
After = Annotated[str, typer.Option(help="Cursor that the page before ended with.")]
AboutCI = Annotated[list[str] | None, typer.Option(help="Only about this CI.")]
_TARGETS = "What is worked on, what that does to it, and when (an outage all along if not said)."


def register(app: typer.Typer) -> None:
    """Add the commands."""
    change = typer.Typer(
        help="Record what is to be changed; once scheduled, it enters the previews of others.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    change.command("plan")(plan)
    change.command("list")(list_changes)
    change.command("show")(show)
    change.command("update")(update)
    change.command("close")(close)
    app.add_typer(change, name="change")
    previews = typer.Typer(
        help="Look at kept previews and compare them with today.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    previews.command("list")(list_previews)
    previews.command("show")(show_preview)
    previews.command("compare")(compare)
    app.add_typer(previews, name="previews")
    app.command("near")(near)


def plan(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="In a few words.")],
    target: Annotated[list[str], typer.Option(help=_TARGETS, metavar=TARGET)],
    start: Annotated[str, typer.Option("--from", help=f"Begin of the work: {TIME_HELP}")],
    end: Annotated[str, typer.Option("--to", help=f"End of the work: {TIME_HELP}")],
    is_scheduled: Annotated[
        bool, typer.Option("--scheduled", help="It is scheduled already, no draft.")
    ] = False,
    description: Annotated[str, typer.Option(help="In more words.")] = "",
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Record a change."""
    from cmdb.ports import EditReason, NewChange

    new = NewChange(
        title,
        tuple(parse_target(each) for each in target),
        parse_time("--from", start),
        parse_time("--to", end),
        description,
        "scheduled" if is_scheduled else "draft",
    )
    with session_of(context).operations() as operations:
        made = operations.plan_change(new, EditReason(reason, None, key))
    tell_practice(made, is_json=is_json)


def list_changes(
    context: typer.Context,
    state: Annotated[
        list[str] | None,
        typer.Option(help="Only in this state: draft, scheduled, implementing, review, ..."),
    ] = None,
    ci: AboutCI = None,
    start: Annotated[
        str | None, typer.Option("--from", help=f"Only those not over before: {TIME_HELP}")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help=f"Only those that begin before: {TIME_HELP}")
    ] = None,
    after: After = "",
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """List changes, newest first, page by page."""
    listing = listing_of(state, ci, limit, after, start, end)
    with session_of(context).operations() as operations:
        page = operations.list_changes(listing)
    tell_practice(page, is_json=is_json)


def show(context: typer.Context, change_id: Id, is_json: Json = False) -> None:
    """Show a change, the services it affects and whom to notify."""
    with session_of(context).operations() as operations:
        details = operations.find_change(change_id)
    tell_practice(details, is_json=is_json)


def update(
    context: typer.Context,
    change_id: Id,
    state: Annotated[
        str | None, typer.Option(help="The state it moves to: scheduled, implementing, ...")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Another title.")] = None,
    description: Annotated[str | None, typer.Option(help="Another description.")] = None,
    start: Annotated[str | None, typer.Option("--from", help=f"Another begin: {TIME_HELP}")] = None,
    end: Annotated[str | None, typer.Option("--to", help=f"Another end: {TIME_HELP}")] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="What is worked on, all of it: replaces what was told.", metavar=TARGET),
    ] = None,
    expected_version: ExpectedVersion = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Change a change, its state included."""
    from cmdb.ports import ChangeUpdate

    wanted: Any = state  # refused by whoever knows the states, with the legal ones
    changed = ChangeUpdate(
        wanted,
        title,
        description,
        None if start is None else parse_time("--from", start),
        None if end is None else parse_time("--to", end),
        tuple(parse_target(each) for each in target) if target else None,
    )
    _update(context, change_id, changed, (reason, expected_version, key), is_json=is_json)


def close(
    context: typer.Context,
    change_id: Id,
    expected_version: ExpectedVersion = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Close a change that was reviewed, failed or backed out."""
    from cmdb.ports import ChangeUpdate

    changed = ChangeUpdate("closed")
    _update(context, change_id, changed, (reason, expected_version, key), is_json=is_json)


def list_previews(
    context: typer.Context,
    ci: AboutCI = None,
    after: After = "",
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """List kept previews, newest first, page by page."""
    listing = listing_of(None, ci, limit, after)
    with session_of(context).operations() as operations:
        page = operations.list_previews(listing)
    tell_practice(page, is_json=is_json)


def show_preview(context: typer.Context, preview_id: PreviewId, is_json: Json = False) -> None:
    """Show a preview as it was kept."""
    with session_of(context).operations() as operations:
        kept = operations.find_preview(preview_id)
    tell_practice(kept, is_json=is_json)


def compare(context: typer.Context, preview_id: PreviewId, is_json: Json = False) -> None:
    """Ask the question of a kept preview again today and say what differs."""
    with session_of(context).operations() as operations:
        found = operations.compare_preview(preview_id)
    tell_practice(found, is_json=is_json)


def near(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(help="Id, name or Class/name.", metavar="CI...")],
    since: Annotated[str, typer.Option(help=f"What happened later: {TIME_HELP}")] = "now-7d",
    hops: Annotated[int, typer.Option(min=0, help="Relationships away, either way.")] = 2,
    limit: Limit = 100,
    is_json: Json = False,
) -> None:
    """Say what the log and planned changes touched around these CIs, newest first."""
    since_at = parse_time("--since", since)
    with session_of(context).operations() as operations:
        report = operations.changes_near(names, since_at, hops, limit)
    tell_practice(report, is_json=is_json)


def _update(
    context: typer.Context,
    change_id: str,
    changed: ChangeUpdate,
    why: tuple[str, int | None, str],
    *,
    is_json: bool,
) -> None:
    from cmdb.ports import EditReason

    with session_of(context).operations() as operations:
        change = operations.update_change(change_id, changed, EditReason(*why))
    tell_practice(change, is_json=is_json)
