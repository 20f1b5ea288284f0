"""Which JSON does each command print? The reference page, made from the reports themselves.

`python -m cmdb.cli.reference docs/reference/json.md` writes it; a test compares.
"""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cmdb.model import (
    access,
    analysis_reports,
    cause_reports,
    impact_reports,
    incidents,
    inventory,
    log_reports,
    moving_reports,
    planned_changes,
    practice_reports,
    reports,
    source_reports,
    structure_reports,
    system_reports,
)

COMMANDS: Final[Mapping[str, type]] = {
    "ci list": reports.CIList,
    "ci show": reports.CIDetails,
    "ci add": inventory.CI,
    "ci set": inventory.CI,
    "ci retire": inventory.CI,
    "ci restore": inventory.CI,
    "ci history": reports.HistoryReport,
    "rel add": inventory.Relationship,
    "rel remove": inventory.Relationship,
    "group add": inventory.CI,
    "classes": reports.ClassesReport,
    "search": reports.SearchReport,
    "source list": source_reports.SourceList,
    "source rank": source_reports.RankReport,
    "blast-radius": impact_reports.BlastRadiusReport,
    "blast-radius --explain": impact_reports.ExplainReport,
    "availability": analysis_reports.AvailabilityReport,
    "spof": analysis_reports.SinglePointsReport,
    "importance": analysis_reports.ImportanceReport,
    "cut-sets": analysis_reports.CutSetsReport,
    "structure": structure_reports.StructureReport,
    "root-cause": cause_reports.RootCauseReport,
    "what-if": analysis_reports.WhatIfReport,
    "conflicts": analysis_reports.ConflictsReport,
    "preview": impact_reports.PreviewReport,
    "preview --keep": practice_reports.KeptPreview,
    "previews list": practice_reports.PreviewList,
    "previews show": practice_reports.KeptPreview,
    "previews compare": practice_reports.PreviewComparison,
    "incident open": incidents.Incident,
    "incident list": practice_reports.IncidentList,
    "incident show": practice_reports.IncidentDetails,
    "incident update": incidents.Incident,
    "incident resolve": incidents.Incident,
    "incident close": incidents.Incident,
    "change plan": planned_changes.Change,
    "change list": practice_reports.ChangeList,
    "change show": practice_reports.ChangeDetails,
    "change update": planned_changes.Change,
    "change close": planned_changes.Change,
    "near": practice_reports.NearReport,
    "diff": log_reports.DiffReport,
    "log list": log_reports.LogReport,
    "log show": log_reports.RevisionDetails,
    "log anchor": log_reports.Anchor,
    "log verify": log_reports.VerifyReport,
    "log purge": system_reports.RetentionReport,
    "log retention": system_reports.LogFigures,
    "log retention --apply": system_reports.RetentionReport,
    "class add": system_reports.RegistryChange,
    "class show": system_reports.ClassReport,
    "rel-type add": system_reports.RegistryChange,
    "rel-type list": system_reports.TypesReport,
    "import-runs": system_reports.RunList,
    "import-runs RUN": system_reports.RunReport,
    "token create": access.CreatedToken,
    "token list": access.TokenList,
    "token revoke": access.Token,
    "whoami": access.Identity,
    "db copy": moving_reports.MovedReport,
    "db backup": moving_reports.MovedReport,
    "db restore": moving_reports.MovedReport,
    "doctor": log_reports.DoctorReport,
}
"""The report that each command prints; import, export, init and demo are described in `cli.md`."""

HEAD: Final = """# JSON of the command line

Made by `make docs` from the reports; do not edit.

With `--json` a command prints one JSON document to standard output. Times are ISO 8601 in UTC. An
error is `{"error": {"code", "message", "facts"}}`, with the exit code of the error.

| command | document |
|---|---|
"""

_WORDS: Final[Mapping[Any, str]] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    datetime: "time",
    type(None): "null",
    Any: "any value",
    object: "any value",
}


def page() -> str:
    """Return the reference page."""
    rows = [f"| `cmdb {name} --json` | {_linked(kind)} |" for name, kind in COMMANDS.items()]
    return HEAD + "\n".join(rows) + "\n" + "".join(_section(kind) for kind in _all_kinds())


def _all_kinds() -> list[type]:
    """Return every report that a command prints, or that is part of one, by name."""
    found: dict[str, type] = {}
    waiting = list(COMMANDS.values())
    while waiting:
        kind = waiting.pop()
        if kind.__name__ not in found:
            found[kind.__name__] = kind
            waiting += [part for hint in _hints(kind).values() for part in _reports_in(hint)]
    return [found[name] for name in sorted(found)]


def _section(kind: type) -> str:
    doc = inspect.cleandoc(kind.__doc__ or "")
    summary, _, rest = doc.partition("\n\nAttributes:\n")
    told = {name: text.replace("None", "null") for name, text in _attributes(rest).items()}
    lines = [f"\n## {kind.__name__}\n", summary, "", "| key | value | meaning |", "|---|---|---|"]
    lines += [
        f"| `{_key(name)}` | {_words(hint)} | {told.get(name, '')} |"
        for name, hint in _hints(kind).items()
    ]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return "class" if name == "class_name" else name


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        head, colon, rest = line.strip().partition(":")
        if line.startswith("    ") and not line.startswith("     ") and colon:
            name = head
            found[name] = rest.strip()
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found


def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}


def _reports_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and is_dataclass(hint):
        yield hint
    for part in typing.get_args(hint):
        yield from _reports_in(part)


def _words(hint: Any) -> str:
    if hint in _WORDS:
        return _WORDS[hint]
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(part) for part in parts)
    if origin is not None and issubclass(origin, Mapping):
        return f"object of {_words(parts[1])}"
    if origin is not None:
        return f"list of {_words(parts[0])}"
    return _linked(hint)


def _linked(kind: type) -> str:
    return f"[{kind.__name__}](#{kind.__name__.lower()})"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
