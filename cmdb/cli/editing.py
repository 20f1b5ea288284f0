"""Commands that change the inventory by hand: ci add, set, retire, restore; rel; group."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.options import ExpectedVersion, Json, Key, Reason, parse_pairs, parse_value
from cmdb.cli.session import session_of
from cmdb.errors import BadValue

if TYPE_CHECKING:
    from cmdb.model.inventory import CI, Relationship
    from cmdb.ports import EditReason, Operations

Name = Annotated[str, typer.Argument(help="Id, name or Class/name.", metavar="CI")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    rel = typer.Typer(
        help="Record and end relationships by hand.", no_args_is_help=True, rich_markup_mode=None
    )
    rel.command("add")(add_relationship)
    rel.command("remove")(remove_relationship)
    app.add_typer(rel, name="rel")
    group = typer.Typer(
        help="Record redundancy groups by hand.", no_args_is_help=True, rich_markup_mode=None
    )
    group.callback()(_keep_group)
    group.command("add")(add_group)
    app.add_typer(group, name="group")


def _keep_group() -> None:
    """Record redundancy groups by hand."""


def register_ci_edits(ci: typer.Typer) -> None:
    """Add the commands of `ci` that write."""
    ci.command("add")(add)
    ci.command("set")(set_values)
    ci.command("retire")(retire)
    ci.command("restore")(restore)


def add(
    context: typer.Context,
    class_name: Annotated[str, typer.Argument(help="A registered class.", metavar="CLASS")],
    name: Annotated[str, typer.Argument(help="What people call it.")],
    values: Annotated[
        list[str] | None, typer.Option("--set", help="An attribute.", metavar="NAME=VALUE")
    ] = None,
    within: Annotated[
        list[str] | None,
        typer.Option(help="What it is identified within.", metavar="ROLE=CI"),
    ] = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Record a CI by hand."""
    attributes = {n: parse_value(v) for n, v in parse_pairs("--set", values or []).items()}
    holders = parse_pairs("--within", within or [])
    _edit_ci(
        context,
        lambda operations: operations.add_ci(
            class_name, name, attributes, holders, _why(reason, key)
        ),
        is_json=is_json,
    )


def set_values(
    context: typer.Context,
    name: Name,
    values: Annotated[
        list[str],
        typer.Argument(help="Attributes; NAME= takes a manual value back.", metavar="NAME=VALUE"),
    ],
    expected_version: ExpectedVersion = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Set values by hand; they win over those of discovery tools."""
    given = parse_pairs("attribute", values)
    wanted = {n: parse_value(v) if v else None for n, v in given.items()}
    _edit_ci(
        context,
        lambda operations: operations.set_attributes(
            name, wanted, _why(reason, key, expected_version)
        ),
        is_json=is_json,
    )


def retire(
    context: typer.Context,
    name: Name,
    expected_version: ExpectedVersion = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Retire a CI: it stays on record and takes no part in impact."""
    why = _why(reason, key, expected_version)
    _edit_ci(context, lambda operations: operations.retire_ci(name, why), is_json=is_json)


def restore(
    context: typer.Context,
    name: Name,
    expected_version: ExpectedVersion = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Take a retired CI back into use."""
    why = _why(reason, key, expected_version)
    _edit_ci(context, lambda operations: operations.restore_ci(name, why), is_json=is_json)


def add_relationship(
    context: typer.Context,
    dependent: Annotated[str, typer.Argument(help="The CI that relies.", metavar="DEPENDENT")],
    type_name: Annotated[str, typer.Argument(help="depends_on, runs_on, ...", metavar="TYPE")],
    provider: Annotated[str, typer.Argument(help="The CI relied on.", metavar="PROVIDER")],
    strength: Annotated[
        str | None, typer.Option(help="hard, soft, gate or weak; by default that of the type.")
    ] = None,
    tolerates_seconds: Annotated[
        float | None, typer.Option(min=0, help="How long the dependent survives without it.")
    ] = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Record that one CI relies on another."""
    from cmdb.ports import NewRelationship

    new = NewRelationship(type_name, dependent, provider, strength, tolerates_seconds)
    with session_of(context).operations() as operations:
        made = operations.add_relationship(new, _why(reason, key))
    _print_relationship(made, f"{dependent} {type_name} {provider}", is_json=is_json)


def remove_relationship(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            help="DEPENDENT TYPE PROVIDER, or the id of the relationship alone.",
            metavar="RELATIONSHIP",
        ),
    ],
    expected_version: ExpectedVersion = None,
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """End a relationship; the log keeps it."""
    with session_of(context).operations() as operations:
        found = find_relationship(operations, words)
        ended = operations.remove_relationship(found, _why(reason, key, expected_version))
    _print_relationship(ended, " ".join(words), is_json=is_json)


def find_relationship(operations: Operations, words: list[str]) -> str:
    """Return the id of `DEPENDENT TYPE PROVIDER`; a single word is an id already.

    Raises:
        BadValue: Neither one word nor three, no such relationship, or several.
    """
    if len(words) == 1:
        return words[0]
    if len(words) != 3:
        raise BadValue("relationship", "it is named by an id, or by DEPENDENT TYPE PROVIDER")
    dependent, type_name, provider = words
    other = operations.find_ci(provider).id
    found = [
        each.relationship.id
        for each in operations.show_ci(dependent).providers
        if each.relationship.type == type_name and each.other.id == other
    ]
    if len(found) != 1:
        ids = f"these do: {', '.join(found)}" if found else "none is on record"
        raise BadValue("relationship", f"no single one fits {' '.join(words)!r}; {ids}")
    return found[0]


def add_group(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the group.")],
    member: Annotated[list[str], typer.Option(help="A member.", metavar="CI")],
    k_min: Annotated[int, typer.Option(min=1, help="Members needed not to be DOWN.")],
    k_full: Annotated[
        int | None, typer.Option(min=1, help="Members needed to be fully UP.")
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="active-active or active-standby; shown only.")
    ] = None,
    owner: Annotated[str, typer.Option(help="The CI whose group it is.", metavar="CI")] = "",
    reason: Reason = "",
    key: Key = "",
    is_json: Json = False,
) -> None:
    """Record a redundancy group: of its members, K_MIN must be up."""
    from cmdb.ports import NewGroup

    new = NewGroup(name, tuple(member), k_min, k_full, mode, owner)
    _edit_ci(
        context, lambda operations: operations.add_group(new, _why(reason, key)), is_json=is_json
    )


def _edit_ci(context: typer.Context, edit: Callable[[Operations], CI], *, is_json: bool) -> None:
    with session_of(context).operations() as operations:
        ci = edit(operations)
    if is_json:
        from cmdb.cli.output import print_json
        from cmdb.model.reports import plain

        return print_json(plain(ci))
    from cmdb.cli.inventory_tables import print_ci

    return print_ci(ci)


def _print_relationship(relationship: Relationship, what: str, *, is_json: bool) -> None:
    from cmdb.cli.output import print_json, print_lines
    from cmdb.model.reports import plain

    if is_json:
        return print_json(plain(relationship))
    verb = "recorded" if relationship.is_live else "ended"
    return print_lines([f"{verb}: {what} (relationship {relationship.id})"])


def _why(reason: str, key: str, expected_version: int | None = None) -> EditReason:
    from cmdb.ports import EditReason

    return EditReason(reason, expected_version, key)
