"""Which options do many commands share, how is what was typed read, and `--json` heeded?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.errors import BadValue

if TYPE_CHECKING:
    from cmdb.model.reports import Report
    from cmdb.ports import RecordListing

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Most rows.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words, for the log.")]
Key = Annotated[
    str,
    typer.Option("--idempotency-key", help="A retry with the same key returns the first answer."),
]
ExpectedVersion = Annotated[
    int | None,
    typer.Option(help="Refuse unless it still has this version.", show_default=False),
]

TIME_HELP = "2026-05-01T22:00Z, 2026-05-01, now, now+2h or now-3d; without a zone it is UTC."
MOMENT_HELP = f"A revision such as r12, or a time: {TIME_HELP}"

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_RELATIVE = re.compile(r"now(?:([+-])(\d{1,6})([smhdw]))?")
_REVISION = re.compile(r"r?(\d{1,15})")


def parse_time(field: str, text: str, now: datetime | None = None) -> datetime:
    """Return the aware UTC time that a person typed.

    Raises:
        BadValue: It is no time.
    """
    try:
        return _parsed(text.strip(), now)
    except ValueError as error:
        raise BadValue(field, f"{text!r} is no time", f"Write {TIME_HELP}") from error
    except OverflowError as error:
        raise BadValue(field, f"{text!r} is out of the years 1 to 9999 in UTC") from error


def _parsed(text: str, now: datetime | None) -> datetime:
    relative = _RELATIVE.fullmatch(text.lower())
    if relative:
        sign, amount, unit = relative.groups()
        begin = now or datetime.now(UTC)
        if not unit:
            return begin
        step = timedelta(**{_UNITS[unit]: int(amount)})
        return begin.replace(microsecond=0) + (-step if sign == "-" else step)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_moment(field: str, text: str) -> datetime | int:
    """Return the time, or the revision as a number, that a person typed.

    Raises:
        BadValue: It is neither.
    """
    revision = _REVISION.fullmatch(text.strip())
    return int(revision.group(1)) if revision else parse_time(field, text)


def parse_pairs(field: str, texts: Sequence[str]) -> dict[str, str]:
    """Return `k=v` pairs as a mapping.

    Raises:
        BadValue: One has no `=`, no name, or comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise BadValue(field, f"{text!r} is no pair", "Write name=value.")
        if name.strip() in found:
            raise BadValue(field, f"{name.strip()!r} comes twice")
        found[name.strip()] = value
    return found


def parse_value(text: str) -> Any:
    """Return JSON where the text is a list, an object or `null`, else the text itself.

    Attributes are checked against their kinds later; `cpu=4` needs no quotes.
    """
    if text == "null" or text[:1] in "[{":
        import json

        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def listing_of(
    states: Sequence[str] | None,
    cis: Sequence[str] | None,
    first: int,
    after: str,
    start: str | None = None,
    end: str | None = None,
) -> RecordListing:
    """Return which page of incidents, changes or previews is wanted."""
    from cmdb.ports import RecordListing

    return RecordListing(
        states or None,
        cis or None,
        None if start is None else parse_time("--from", start),
        None if end is None else parse_time("--to", end),
        first,
        after,
    )


def tell_practice(report: Report, *, is_json: bool) -> None:
    """Print an incident, a change or a preview, a page of them, or what happened nearby.

    Tables are loaded only where one is printed.
    """
    if is_json:
        from cmdb.cli.output import print_report

        return print_report(report)
    from cmdb.cli.practice_tables import print_practice

    return print_practice(report)
