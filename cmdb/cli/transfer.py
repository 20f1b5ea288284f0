"""Commands that move inventory in and out: import, export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.options import TIME_HELP, Json, Reason, parse_pairs, parse_time
from cmdb.cli.session import Session, session_of
from cmdb.errors import BadFile, BadValue

if TYPE_CHECKING:
    from cmdb.model.import_reports import ImportReport, ImportRequest
    from cmdb.model.records import ImportInput

SMALL_BYTES = 1 << 20


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_file)
    app.command("export")(export)


def import_file(
    context: typer.Context,
    file_format: Annotated[
        str, typer.Argument(help="kubernetes, table, records, ...", metavar="FORMAT")
    ],
    path: Annotated[str, typer.Argument(help="A file, a folder, or - for standard input.")],
    source: Annotated[
        str, typer.Option(help="Name of the data source; by default that of the file.")
    ] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What the source covers, such as cluster=prod-1.", metavar="K=V"),
    ] = None,
    is_complete: Annotated[
        bool, typer.Option("--complete", help="The input holds everything of its scope.")
    ] = False,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would change.")
    ] = False,
    results: Annotated[
        Path | None, typer.Option(help="Write the outcome of each record here.", dir_okay=False)
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Write what was left out here.", dir_okay=False)
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="Mapping file, for formats that take one.", exists=True)
    ] = None,
    observed_at: Annotated[
        str | None, typer.Option(help=f"When the source saw this: {TIME_HELP}")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="An option of the format.", metavar="K=V")
    ] = None,
    confirm_deletions: Annotated[
        bool, typer.Option("--confirm-deletions", help="Accept many records of things gone.")
    ] = False,
    reason: Reason = "",
    is_json: Json = False,
) -> None:
    """Read a file of a discovery tool into the inventory."""
    from cmdb.model.import_reports import ImportRequest

    request = ImportRequest(
        source=source or default_source(file_format, path),
        format=file_format,
        scope=parse_pairs("--scope", scope or []),
        is_complete=is_complete,
        is_dry_run=is_dry_run,
        observed_at=None if observed_at is None else parse_time("--observed-at", observed_at),
        mapping=mapping,
        extra=parse_pairs("--option", option or []),
        rejects=rejects,
        results=results,
        confirm_deletions=confirm_deletions,
        reason=reason,
    )
    report = run_import(session_of(context), input_of(path), request, is_quiet=is_json)
    if is_json:
        from cmdb.cli.output import print_json

        return print_json(report.to_json())
    from cmdb.cli.import_tables import print_import

    return print_import(report)


def run_import(
    session: Session, source: ImportInput, request: ImportRequest, *, is_quiet: bool = False
) -> ImportReport:
    """Import with a progress bar, into a new database where there is none.

    The format is looked up before a database is made: a typing mistake leaves nothing behind.
    A server knows its own formats.
    Where the input itself is refused, the new database stays, without any CI.
    """
    from cmdb.bootstrap import has_database, load_importer
    from cmdb.cli.output import progress_bar, say

    settings = session.settings
    if not settings.url and request.format not in session.importers:
        load_importer(request.format)
    is_new = not has_database(settings)
    if is_new:
        _check_is_there(source)
    if not is_quiet:
        if is_new:
            say(f"Making a new database in {settings.data_dir}.")
        say(describe(request))
    try:
        with (
            session.operations(create=True, is_short=_is_small(source)) as operations,
            progress_bar(is_wanted=not is_quiet) as progress,
        ):
            return operations.import_inventory(source, request, progress)
    except BadFile:
        if is_new and not is_quiet:
            say(f"The new database in {settings.data_dir} is still empty.")
        raise


def describe(request: ImportRequest) -> str:
    """Return which source, scope and cluster a run takes, and how to say it differently."""
    scope = ", ".join(f"{name}={value}" for name, value in sorted(request.scope.items()))
    text = f"Source {request.source}, scope {scope or 'the source itself'}"
    if request.format == "kubernetes" and "cluster" not in request.scope:
        text += f", cluster {request.source} (say --scope cluster=NAME for another)"
    return text + "."


def default_source(file_format: str, path: str) -> str:
    """Return the name of the data source where none is given: that of the file."""
    if path == "-":
        return file_format
    name = Path(path).resolve().name
    return name.split(".")[0] or file_format


def input_of(path: str) -> ImportInput:
    """Return what an importer is to read.

    Raises:
        BadValue: No path, as of a variable that is not set; else that would be this folder.
    """
    from cmdb.model.records import ImportInput

    if not path:
        raise BadValue("PATH", "it is empty", "Name a file, a folder, or - for standard input.")

    if path == "-":
        return ImportInput(stream=sys.stdin.buffer, name="standard input")
    return ImportInput(path=Path(path), name=path)


def _is_small(source: ImportInput) -> bool:
    """Return whether a quick start of the engine counts more than its speed later."""
    path = source.path
    return path is not None and path.is_file() and path.stat().st_size < SMALL_BYTES


def _check_is_there(source: ImportInput) -> None:
    if source.path is not None and not source.path.exists():
        raise BadFile(source.name, "there is no such file", "Check the path.")


def export(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="File to write; standard output if left out.")
    ] = None,
    is_json: Json = False,
) -> None:
    """Write the whole inventory in the `records` format, for `cmdb import records`."""
    if is_json and file is None:
        raise BadValue("--json", "it needs a FILE: the export itself goes to standard output")
    with session_of(context).operations(is_short=False) as operations:
        lines = operations.export_inventory()
        if file is None:
            for line in lines:
                sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            return
        try:
            with file.open("wb") as out:
                count = sum(bool(out.write(line)) for line in lines)
        except OSError as error:
            raise BadValue("FILE", f"{file} cannot be written ({error.strerror})") from error
    from cmdb.cli.output import print_json, say

    if is_json:
        print_json({"file": str(file), "lines": count})
    else:
        say(f"{count} lines are in {file}.")
