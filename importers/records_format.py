"""How is a record written as a line of the exchange format?

JSON Lines in UTF-8: a header line, then one object per record. `records.schema.json` beside this
module describes both, and `records_decoding` reads them back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import orjson

from cmdb.errors import BadValue
from cmdb.model.records import Link, Record, Reference

FORMAT: Final = "cmdb-records"
VERSION: Final = 1


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
    if record.about is not None:
        line["about"] = _encode_reference(record.about)
    if record.scope is not None:
        line["scope"] = record.scope
    optional = {
        "key": record.key,
        "source": record.source,
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
    if link.denied:
        line["denied"] = True
    return line
