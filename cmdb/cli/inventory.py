"""Commands that read the inventory: ci list, show and history, classes, search."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb.cli.editing import register_ci_edits
from cmdb.cli.options import Json, Limit, parse_pairs, parse_value
from cmdb.cli.session import session_of

Name = Annotated[str, typer.Argument(help="Id, name or Class/name.", metavar="CI")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    ci = typer.Typer(
        help="Look at configuration items and change them by hand.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    ci.command("list")(list_cis)
    ci.command("show")(show)
    ci.command("history")(history)
    register_ci_edits(ci)
    app.add_typer(ci, name="ci")
    app.command("classes")(classes)
    app.command("search")(search)


def list_cis(
    context: typer.Context,
    class_name: Annotated[
        str, typer.Option("--class", help="Only this class and its children.")
    ] = "",
    name: Annotated[str, typer.Option(help="Only names that contain this.")] = "",
    where: Annotated[
        list[str] | None,
        typer.Option(help="Only where an attribute has this value.", metavar="ATTRIBUTE=VALUE"),
    ] = None,
    lifecycle: Annotated[str, typer.Option(help="Only this stage of life.")] = "",
    sort: Annotated[str, typer.Option(help="Order by this field.")] = "name",
    is_descending: Annotated[bool, typer.Option("--descending", help="Last first.")] = False,
    is_all: Annotated[bool, typer.Option("--retired", help="List retired ones too.")] = False,
    after: Annotated[str, typer.Option(help="Cursor that the page before ended with.")] = "",
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """List CIs, page by page."""
    from cmdb.cli.output import print_report, print_table, say
    from cmdb.model.selection import And, Filter, Sort, Where
    from cmdb.ports import Listing

    parts: list[Filter] = [
        Where(field, "eq", parse_value(value))
        for field, value in parse_pairs("--where", where or []).items()
    ]
    parts += [Where("name", "contains", name)] if name else []
    parts += [Where("lifecycle", "eq", lifecycle)] if lifecycle else []
    listing = Listing(
        class_name=class_name,
        where=And(tuple(parts)) if parts else None,
        sort=Sort(sort, is_descending),
        first=limit,
        after=after,
        include_retired=is_all or lifecycle == "retired",
    )
    with session_of(context).operations() as operations:
        page = operations.list_cis(listing)
    if is_json:
        return print_report(page)
    print_table(
        ("class", "name", "lifecycle", "id"),
        [(ci.class_name, ci.name, ci.lifecycle, ci.id) for ci in page.cis],
        empty="No CI fits.",
    )
    if page.next:
        say(f"There is more: add --after {page.next}")
    return None


def show(context: typer.Context, name: Name, is_json: Json = False) -> None:
    """Show one CI, what it relies on and what relies on it."""
    with session_of(context).operations() as operations:
        details = operations.show_ci(name)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(details)
    from cmdb.cli.inventory_tables import print_details

    return print_details(details)


def history(context: typer.Context, name: Name, limit: Limit = 50, is_json: Json = False) -> None:
    """Show what happened to one CI, newest first."""
    with session_of(context).operations() as operations:
        report = operations.get_history(name, limit)
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.inventory_tables import print_history

    return print_history(report)


def classes(context: typer.Context, is_json: Json = False) -> None:
    """List the classes of CIs, how each is identified and how many there are."""
    from cmdb.cli.output import print_report, print_table

    with session_of(context).operations() as operations:
        report = operations.list_classes()
    if is_json:
        return print_report(report)
    return print_table(
        ("layer", "class", "CIs", "identified by", "summary"),
        [(c.layer, c.name, c.count or "", "; ".join(c.rules), c.summary) for c in report.classes],
    )


def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="Words of names or identifiers.")],
    limit: Limit = 20,
    is_json: Json = False,
) -> None:
    """Find CIs by words of their names and identifiers."""
    from cmdb.cli.output import print_report, print_table

    with session_of(context).operations() as operations:
        report = operations.search_cis(" ".join(words), limit)
    if is_json:
        return print_report(report)
    return print_table(
        ("class", "name", "lifecycle", "id"),
        [(h.ci.class_name, h.ci.name, h.ci.lifecycle, h.ci.id) for h in report.hits],
        empty="Nothing was found.",
    )
