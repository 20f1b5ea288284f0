"""How are a CI and its history shown?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cmdb.cli.output import plural, print_lines, print_table, time_text
from cmdb.model.inventory import ATTRIBUTE_PREFIX, CI, HistoryEvent
from cmdb.model.reports import CIDetails, HistoryReport, Neighbour

_MOST_CHANGES = 6
_BOOKKEEPING = frozenset({"assertions"})
_USUAL: Mapping[str, Any] = {"live": True, "confidence": 1.0}


def print_details(details: CIDetails) -> None:
    """Print one CI with its relationships."""
    print_ci(details.ci)
    _print_neighbours("RELIES ON", details.providers)
    _print_neighbours("IS RELIED ON BY", details.dependents)
    print_withheld(details.withheld, "relationship")


def print_withheld(count: int, word: str) -> None:
    """Say how much of an answer the caller may not see."""
    if count:
        print_lines([f"{plural(count, word)} withheld: you may not see what it is about."])


def print_ci(ci: CI) -> None:
    """Print one CI with its attributes."""
    print_lines([f"{ci.class_name}/{ci.name}"], style="bold")
    facts: list[tuple[str, Any]] = [
        ("id", ci.id),
        ("lifecycle", ci.lifecycle),
        ("version", ci.version),
        ("recorded", time_text(ci.created_at)),
        ("changed", time_text(ci.updated_at)),
    ]
    facts += [(name, value_text(value)) for name, value in sorted(ci.attributes.items())]
    print_table(("attribute", "value"), facts)


def _print_neighbours(title: str, neighbours: Sequence[Neighbour]) -> None:
    print_lines([""])
    print_table(
        ("type", "CI", "strength", "tolerates", "inferred by"),
        [
            (
                each.relationship.type,
                str(each.other),
                each.relationship.strength or "as the type",
                _seconds(each.relationship.tolerates_seconds),
                each.relationship.inferred_by or "-",
            )
            for each in neighbours
        ],
        title=f"{title} ({len(neighbours)})",
        empty="nothing on record",
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:g} s"


def print_history(report: HistoryReport) -> None:
    """Print what happened to a CI."""
    print_table(
        ("revision", "when", "who", "source", "what", "why"),
        [
            (e.revision, time_text(e.at), e.actor, e.source, _what(e, report.names), e.reason)
            for e in report.events
        ],
        title=f"{report.ci} ({plural(len(report.events), 'change')})",
        empty="no change on record",
    )
    if report.is_partial:
        print_lines(["There is more: raise --limit."])
    print_withheld(report.withheld, "relationship")


def _what(event: HistoryEvent, names: Mapping[str, str]) -> str:
    changes = change_text(event.before, event.after)
    if event.kind != "relationship":
        return changes
    ends = event.ends
    dependent = names.get(ends.get("dependent", ""), ends.get("dependent", ""))
    provider = names.get(ends.get("provider", ""), ends.get("provider", ""))
    return f"{dependent} {ends.get('type', '')} {provider}: {changes}"


def change_text(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return `name: old -> new` for what differs; a new thing is told by what it got."""
    told = {
        name: value
        for name, value in after.items()
        if name not in _BOOKKEEPING and not (name in _USUAL and _USUAL[name] == value)
    }
    if not told:
        return "new" if not before else "its evidence"
    parts = [
        f"{name.removeprefix(ATTRIBUTE_PREFIX)}: "
        + (f"{value_text(before[name])} -> " if before.get(name) is not None else "")
        + value_text(value)
        for name, value in told.items()
    ]
    more = len(parts) - _MOST_CHANGES
    text = ", ".join(parts[:_MOST_CHANGES]) + (f" and {more} more" if more > 0 else "")
    return text if before else f"new: {text}"


def value_text(value: Any) -> str:
    """Return a value in one line."""
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(value_text(member) for member in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
