"""Commands about the registries: class add and show, rel-type add and list."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.options import Json, Key, Reason
from cmdb.cli.session import session_of
from cmdb.errors import BadFile

if TYPE_CHECKING:
    from cmdb.model.system_reports import RegistryChange

LARGEST_BYTES = 1_000_000
File = Annotated[
    Path,
    typer.Argument(help="JSON file with the definition; - reads standard input.", allow_dash=True),
]
DefinitionVersion = Annotated[
    int | None,
    typer.Option(
        "--expected-version",
        help="Refuse unless it still has this version; 0 for a new one.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    class_app = typer.Typer(
        help="Register classes of CIs.", no_args_is_help=True, rich_markup_mode=None
    )
    class_app.command("add")(add_class)
    class_app.command("show")(show_class)
    app.add_typer(class_app, name="class")
    type_app = typer.Typer(
        help="Register types of relationships.", no_args_is_help=True, rich_markup_mode=None
    )
    type_app.command("add")(add_type)
    type_app.command("list")(list_types)
    app.add_typer(type_app, name="rel-type")


def add_class(
    context: typer.Context,
    file: File,
    reason: Reason = "",
    key: Key = "",
    expected_version: DefinitionVersion = None,
    is_json: Json = False,
) -> None:
    """Register a class, or change one; refused where data on record would be orphaned."""
    from cmdb.ports import EditReason

    definition, edit = _read(file), EditReason(reason, expected_version, key)
    with session_of(context).operations() as operations:
        change = operations.register_class(definition, edit)
    _print_registered("Class", change, is_json=is_json)


def show_class(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the class.", metavar="CLASS")],
    is_json: Json = False,
) -> None:
    """Show a class with all its attributes, inherited ones included."""
    from cmdb.cli.output import print_lines, print_report, print_table

    with session_of(context).operations() as operations:
        report = operations.show_class(name)
    if is_json:
        return print_report(report)
    facts = report.definition
    origin = "as shipped" if report.version == 0 else f"version {report.version}"
    print_lines([f"{report.name} ({facts['layer']}, {origin})"], style="bold")
    print_lines([facts["summary"], f"rules: {'; '.join(facts['rules']) or 'those of its parent'}"])
    return print_table(
        ("attribute", "kind", "unit", "meaning"),
        [
            (a["name"], f"list of {a['kind']}" if a["many"] else a["kind"], a["unit"], a["summary"])
            for a in report.attributes
        ],
    )


def add_type(
    context: typer.Context,
    file: File,
    reason: Reason = "",
    key: Key = "",
    expected_version: DefinitionVersion = None,
    is_json: Json = False,
) -> None:
    """Register a type of relationship, or change one; refused where data would be orphaned."""
    from cmdb.ports import EditReason

    definition, edit = _read(file), EditReason(reason, expected_version, key)
    with session_of(context).operations() as operations:
        change = operations.register_type(definition, edit)
    _print_registered("Relationship type", change, is_json=is_json)


def list_types(context: typer.Context, is_json: Json = False) -> None:
    """List the types of relationships."""
    from cmdb.cli.output import print_report, print_table

    with session_of(context).operations() as operations:
        report = operations.list_types()
    if is_json:
        return print_report(report)
    return print_table(
        ("type", "inverse", "strength", "dependents", "providers", "reads"),
        [
            (
                each.name,
                each.definition["inverse"],
                each.definition["strength"] or "no impact",
                ", ".join(each.definition["dependents"]) or "any",
                ", ".join(each.definition["providers"]) or "any",
                each.summary,
            )
            for each in report.types
        ],
    )


def _print_registered(kind: str, change: RegistryChange, *, is_json: bool) -> None:
    from cmdb.cli.output import print_lines, print_report

    if is_json:
        return print_report(change)
    return print_lines([f"{kind} {change.name} is registered, version {change.revision}."])


def _read(file: Path) -> Mapping[str, Any]:
    import json
    import sys

    name = "standard input" if str(file) == "-" else str(file)
    try:
        stream = sys.stdin.buffer if str(file) == "-" else file.open("rb")
        with stream:
            content = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadFile(name, f"it cannot be read ({error.strerror})") from error
    if len(content) > LARGEST_BYTES:
        raise BadFile(name, f"it has more than {LARGEST_BYTES} bytes")
    try:
        definition = json.loads(content)
    except ValueError as error:
        raise BadFile(name, f"this is not JSON ({error})") from error
    if not isinstance(definition, dict):
        raise BadFile(name, "a definition is one JSON object")
    return definition
