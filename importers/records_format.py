"""How is a record written as a line of the exchange format, and read back?

JSON Lines in UTF-8: a header line, then one object per record. `records.schema.json` beside this
module describes both; `decode_record(encode_record(r))` is `r` but for its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import orjson

from cmdb.errors import BadValue
from cmdb.model.records import Link, Record, Reference
from cmdb.model.registry import LIFECYCLE

FORMAT: Final = "cmdb-records"
VERSION: Final = 1
STRENGTHS: Final = ("hard", "soft", "gate", "weak")
WITHIN_DEPTH_LIMIT: Final = 10

_RECORD: Final = frozenset(
    {
        "class", "key", "name", "attributes", "within", "links", "lifecycle", "observed_at",
        "deleted",
    }
)  # fmt: skip
_LINK: Final = frozenset(
    {
        "type", "other", "reverse", "strength", "tolerates_seconds", "confidence", "inferred_by",
        "discriminator",
    }
)  # fmt: skip
_REFERENCE: Final = frozenset({"class", "values", "within"})


class NotARecord(ValueError):
    """A line is no record: the field at fault, what is wrong, and what to do."""

    def __init__(self, field: str, reason: str, hint: str = "") -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.hint = hint


def encode_header(
    *, records: int | None = None, written_at: datetime | None = None, source: str = ""
) -> bytes:
    """Return the first line of a file, with its end.

    Args:
        records: How many records follow; lets a reader notice a file that was cut off.
        written_at: When the file was written, aware.
        source: Who wrote it.
    """
    header: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if records is not None:
        header["records"] = records
    if written_at is not None:
        header["written_at"] = _encode_time("written_at", written_at)
    if source:
        header["source"] = source
    return orjson.dumps(header) + b"\n"


def write_header(
    stream: BinaryIO,
    *,
    records: int | None = None,
    written_at: datetime | None = None,
    source: str = "",
) -> None:
    """Write the first line of a file; see `encode_header`."""
    stream.write(encode_header(records=records, written_at=written_at, source=source))


def write_records(stream: BinaryIO, records: Iterable[Record]) -> int:
    """Write a header and every record, and return how many records were written.

    Raises:
        BadValue: A record holds a value that the format cannot carry.
    """
    write_header(stream)
    count = 0
    for record in records:
        stream.write(encode_record(record))
        count += 1
    return count


def encode_record(record: Record) -> bytes:
    """Return a record as one line, with its end; defaults are left out, keys sorted.

    Raises:
        BadValue: A value that JSON cannot carry without loss.
    """
    attributes = dict(record.attributes)
    _check_values("attributes", attributes)
    line: dict[str, Any] = {"class": record.class_name}
    if record.name is not None:
        line["name"] = record.name
    if record.observed_at is not None:
        line["observed_at"] = _encode_time("observed_at", record.observed_at)
    optional = {
        "key": record.key,
        "attributes": attributes,
        "within": {role: _encode_reference(other) for role, other in record.within.items()},
        "links": [_encode_link(link) for link in record.links],
        "lifecycle": record.lifecycle,
        "deleted": record.deleted,
    }
    line |= {name: value for name, value in optional.items() if value}
    try:
        return orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise BadValue(
            f"record {record.key!r}", f"JSON cannot hold it ({error})", "Mend the value."
        ) from error


def _check_values(where: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadValue(where, "a number that is not finite", "JSON has no such number.")
    members: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        members = value.items()
    elif isinstance(value, list | tuple):
        members = enumerate(value)
    for name, member in members:
        _check_values(f"{where}.{name}", member)


def _encode_time(field: str, moment: datetime) -> str:
    if moment.tzinfo is None:
        raise BadValue(field, "a time without a zone", "Give an aware time.")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _encode_reference(other: Reference) -> dict[str, Any]:
    _check_values("values", other.values)
    line: dict[str, Any] = {"class": other.class_name, "values": dict(other.values)}
    if other.within:
        line["within"] = {role: _encode_reference(held) for role, held in other.within.items()}
    return line


def _encode_link(link: Link) -> dict[str, Any]:
    line: dict[str, Any] = {"type": link.type, "other": _encode_reference(link.other)}
    if link.reverse:
        line["reverse"] = True
    if link.strength is not None:
        line["strength"] = link.strength
    if link.tolerates_seconds is not None:
        line["tolerates_seconds"] = link.tolerates_seconds
    if link.confidence != 1.0:
        line["confidence"] = link.confidence
    if link.inferred_by:
        line["inferred_by"] = link.inferred_by
    if link.discriminator:
        line["discriminator"] = link.discriminator
    return line


def decode_record(line: Any, place: str = "") -> Record:
    """Return the record that a decoded line holds.

    Raises:
        NotARecord: With the field at fault.
    """
    _check_object("", line, _RECORD, required=("class",))
    attributes = line.get("attributes", {})
    if not isinstance(attributes, dict):
        raise NotARecord("attributes", "expected an object")
    name = line.get("name")
    record = Record(
        _text(line, "class", "class", required=True),
        key=_text(line, "key", "key"),
        name=None if name is None else _text(line, "name", "name"),
        attributes=attributes,
        within=_within(line, "within", 1),
        links=_links(line),
        lifecycle=_lifecycle(line),
        observed_at=_time(line),
        deleted=_flag(line, "deleted", "deleted"),
        place=place,
    )
    if not (record.key or record.name or record.attributes):
        raise NotARecord("", "nothing says which thing it is", "Give a key, a name or attributes.")
    return record


def _check_object(
    field: str, value: Any, known: frozenset[str], *, required: tuple[str, ...]
) -> None:
    if not isinstance(value, dict):
        raise NotARecord(field, "expected an object")
    for name in value:
        if name not in known:
            hint = f"Known: {', '.join(sorted(known))}."
            raise NotARecord(_at(field, name[:100]), "there is no such field", hint)
    for name in required:
        if name not in value:
            raise NotARecord(_at(field, name), "the field is missing")


def _at(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _text(line: dict[str, Any], name: str, field: str, *, required: bool = False) -> str:
    value = line.get(name, "")
    if not isinstance(value, str):
        raise NotARecord(field, "expected text")
    if required and not value:
        raise NotARecord(field, "the text is empty")
    return value


def _flag(line: dict[str, Any], name: str, field: str) -> bool:
    value = line.get(name, False)
    if not isinstance(value, bool):
        raise NotARecord(field, "expected true or false")
    return value


def _number(line: dict[str, Any], name: str, field: str) -> float | None:
    value = line.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise NotARecord(field, "expected a number of at least 0")
    return value


def _choice(value: Any, field: str, choices: Iterable[str]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in choices:
        raise NotARecord(field, "unknown value", f"One of {', '.join(choices)}.")
    return value


def _lifecycle(line: dict[str, Any]) -> str | None:
    return _choice(line.get("lifecycle"), "lifecycle", LIFECYCLE)


def _time(line: dict[str, Any]) -> datetime | None:
    text = line.get("observed_at")
    if text is None:
        return None
    hint = "Write it like 2025-03-01T12:00:00Z."
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise NotARecord("observed_at", "a time without a zone", hint)
        return moment.astimezone(UTC)
    except NotARecord:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise NotARecord("observed_at", "this is no time", hint) from error


def _within(line: dict[str, Any], field: str, depth: int) -> dict[str, Reference]:
    holders = line.get("within", {})
    if not isinstance(holders, dict):
        raise NotARecord(field, "expected an object of references by role")
    if holders and depth > WITHIN_DEPTH_LIMIT:
        raise NotARecord(field, f"nested deeper than {WITHIN_DEPTH_LIMIT} levels")
    return {role: _reference(held, f"{field}.{role}", depth) for role, held in holders.items()}


def _reference(line: Any, field: str, depth: int = 1) -> Reference:
    _check_object(field, line, _REFERENCE, required=("class", "values"))
    values = line["values"]
    if not isinstance(values, dict):
        raise NotARecord(f"{field}.values", "expected an object")
    if not values:
        raise NotARecord(f"{field}.values", "it is empty", "Give identifying attributes.")
    class_name = _text(line, "class", f"{field}.class", required=True)
    return Reference(class_name, values, _within(line, f"{field}.within", depth + 1))


def _links(line: dict[str, Any]) -> tuple[Link, ...]:
    links = line.get("links", [])
    if not isinstance(links, list):
        raise NotARecord("links", "expected a list")
    return tuple(_link(link, f"links[{number}]") for number, link in enumerate(links))


def _link(line: Any, field: str) -> Link:
    _check_object(field, line, _LINK, required=("type", "other"))
    confidence = _number(line, "confidence", f"{field}.confidence")
    if confidence is not None and confidence > 1:
        raise NotARecord(f"{field}.confidence", "expected a number of at most 1")
    return Link(
        _text(line, "type", f"{field}.type", required=True),
        _reference(line["other"], f"{field}.other"),
        reverse=_flag(line, "reverse", f"{field}.reverse"),
        strength=_choice(line.get("strength"), f"{field}.strength", STRENGTHS),
        tolerates_seconds=_number(line, "tolerates_seconds", f"{field}.tolerates_seconds"),
        confidence=1.0 if confidence is None else confidence,
        inferred_by=_text(line, "inferred_by", f"{field}.inferred_by"),
        discriminator=_text(line, "discriminator", f"{field}.discriminator"),
    )
