"""Commands about who may do what: token create, list and revoke, whoami."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.options import TIME_HELP, Json, Key, Reason
from cmdb.cli.session import session_of

if TYPE_CHECKING:
    from cmdb.model.access import Token


def register(app: typer.Typer) -> None:
    """Add the commands."""
    token = typer.Typer(
        help="Make, list and revoke API tokens.", no_args_is_help=True, rich_markup_mode=None
    )
    token.command("create")(create)
    token.command("list")(list_tokens)
    token.command("revoke")(revoke)
    app.add_typer(token, name="token")
    app.command("whoami")(whoami)


def create(
    context: typer.Context,
    actor: Annotated[str, typer.Argument(help="Whose it is; stands in the log.")],
    roles: Annotated[
        list[str],
        typer.Option(
            "--role",
            help="viewer, responder, planner, importer, approver or administrator; repeat it.",
        ),
    ],
    source: Annotated[str, typer.Option(help="The one data source that an importer writes.")] = "",
    teams: Annotated[
        list[str] | None,
        typer.Option("--team", help="Team whose restricted CIs it sees; repeat it."),
    ] = None,
    expires_at: Annotated[
        str, typer.Option("--expires", help=f"When it ends; by default in 90 days. {TIME_HELP}")
    ] = "",
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Make a token. Its secret is printed this once and kept nowhere."""
    from cmdb.cli.options import parse_time
    from cmdb.cli.output import print_report, say
    from cmdb.model.access import NewToken
    from cmdb.ports import EditReason

    end = parse_time("--expires", expires_at) if expires_at else None
    new = NewToken(actor, tuple(roles), source, tuple(teams or ()), end)
    with session_of(context).operations() as operations:
        made = operations.create_token(new, EditReason(reason, idempotency_key=key))
    if is_json:
        return print_report(made)
    say(f"Token {made.token.id} of {actor}. Keep the secret now; it is not shown again.")
    return typer.echo(made.secret)


def list_tokens(context: typer.Context, is_json: Json = False) -> None:
    """List the tokens, revoked and expired ones included, newest first."""
    from cmdb.cli.output import print_report, print_table

    with session_of(context).operations() as operations:
        report = operations.list_tokens()
    if is_json:
        return print_report(report)
    now = datetime.now(UTC)
    return print_table(
        ("id", "whose", "roles", "source", "teams", "ends", "state"),
        [
            (t.id, t.actor, ", ".join(t.roles), t.source or "-", ", ".join(t.teams) or "-",
             t.expires_at, _state(t, now))
            for t in report.tokens
        ],
        empty="There is no token.",
    )  # fmt: skip


def revoke(
    context: typer.Context,
    token_id: Annotated[str, typer.Argument(help="Its id.", metavar="TOKEN")],
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Revoke a token: from now on it opens nothing."""
    from cmdb.cli.output import print_lines, print_report
    from cmdb.ports import EditReason

    with session_of(context).operations() as operations:
        revoked = operations.revoke_token(token_id, EditReason(reason, idempotency_key=key))
    if is_json:
        return print_report(revoked)
    return print_lines([f"Token {revoked.id} of {revoked.actor} is revoked."])


def whoami(context: typer.Context, is_json: Json = False) -> None:
    """Show whom the service takes you for."""
    from cmdb.cli.output import print_lines, print_report

    with session_of(context).operations() as operations:
        found = operations.whoami()
    if is_json:
        return print_report(found)
    bound = f", data source {found.source}" if found.source else ""
    teams = f", teams {', '.join(found.teams)}" if found.teams else ""
    return print_lines([f"{found.actor}: {', '.join(found.roles)}{bound}{teams}"])


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at <= now else "active"
