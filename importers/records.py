"""What do the lines of our own exchange format become?

| found | becomes |
|---|---|
| header line | checked: format, version, number of records |
| object with `class` | the record, as it stands |
| `within`, `links` | references and relationships, as they stand |
| `deleted: true` | a tombstone |
| attribute that looks like a credential | nothing, counted |
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from cmdb.errors import BadFile
from cmdb.model.records import (
    ImportInput,
    ImportOptions,
    Item,
    MappingRow,
    Problem,
    Skipped,
)
from importers.credentials import REASON as CREDENTIAL
from importers.credentials import redacted, without_credentials
from importers.json_documents import NotJson, parse_json
from importers.lines import numbered_lines
from importers.reading import (
    STREAMED_LIMIT,
    LimitedReader,
    byte_limit,
    open_bytes,
    single_file,
)
from importers.records_decoding import NotARecord, decode_record
from importers.records_format import FORMAT, VERSION

TABLE: Final = (
    MappingRow("header line", "checked: format, version, number of records"),
    MappingRow("object with `class`", "record of that class, as it stands"),
    MappingRow("`within`", "references by role to what it is identified within"),
    MappingRow("`links`", "relationships, with `reverse`, `strength`, `confidence`, ..."),
    MappingRow("`observed_at`", "when the source saw it"),
    MappingRow("`deleted: true`", "explicit tombstone"),
    MappingRow("attribute that looks like a credential", "nothing, counted"),
)
_HEADER_HINT: Final = f'The first line must be {{"format": "{FORMAT}", "version": {VERSION}}}.'
_RAW_LIMIT: Final = 65_536


class RecordsImporter:
    """Reads the JSON Lines exchange format, which `cmdb export` writes."""

    name = "records"
    summary = "JSON Lines exchange format of this product, version 1"
    table: Sequence[MappingRow] = TABLE
    options = frozenset({"max_bytes"})
    takes_mapping = False

    def read(self, source: ImportInput, options: ImportOptions) -> Iterator[Item]:
        """Yield each line's record as it is read."""
        file = single_file(source)
        with open_bytes(file, byte_limit(options, STREAMED_LIMIT)) as reader:
            yield from _read(reader)


def _read(reader: LimitedReader) -> Iterator[Item]:
    expected: int | None = None
    has_header = False
    count = 0
    for number, line in numbered_lines(reader):
        if not line.strip():
            continue
        if not has_header:
            expected = _check_header(reader.name, number, line)
            has_header = True
            continue
        count += 1
        yield from _read_line(reader.name, number, line)
    if not has_header:
        raise BadFile(reader.name, "the file has no header line", _HEADER_HINT)
    if expected is not None and expected != count:
        raise BadFile(
            reader.name,
            f"the header promises {expected} records, the file holds {count}",
            "It was cut off or edited; take `records` out of the header if that was meant.",
        )


def _check_header(name: str, number: int, line: bytes) -> int | None:
    place = str(number)
    try:
        header, _ = parse_json(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadFile(name, "this is not UTF-8", "Save the file as UTF-8.", place=place) from error
    except NotJson as error:
        reason = f"this is no header line ({error.reason})"
        raise BadFile(name, reason, _HEADER_HINT, place=place) from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise BadFile(name, f"this is not the format {FORMAT}", _HEADER_HINT, place=place)
    version = header.get("version")
    if version != VERSION or isinstance(version, bool):
        raise BadFile(
            name,
            f"version {str(version)[:50]!r} of the format is not known",
            f"This program reads version {VERSION}; use the program that wrote the file.",
            place=place,
        )
    expected = header.get("records")
    if expected is not None and (isinstance(expected, bool) or not isinstance(expected, int)):
        raise BadFile(name, "`records` of the header is no number", _HEADER_HINT, place=place)
    return expected


def _read_line(name: str, number: int, line: bytes) -> Iterator[Item]:
    place = f"{name}:{number}"
    try:
        value, repeated = parse_json(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1} of the line is not UTF-8"
        yield Problem(place, "", reason, "Save the file as UTF-8.")
        return
    except NotJson as error:
        if not line.endswith(b"\n"):
            raise BadFile(
                name, "the last line is cut off", "Write the file again.", place=str(number)
            ) from error
        yield Problem(place, "", f"this is not JSON ({error.reason})", "One record per line.")
        return
    for key in repeated:
        reason = "the key stands twice in one object; the last one counts"
        yield Problem(place, key[:200], reason, "Remove one.", dropped=False)
    try:
        record = decode_record(value, place)
    except NotARecord as error:
        yield Problem(place, error.field[:500], error.reason, error.hint, raw=_raw(value))
        return
    kept, hidden = without_credentials(record.attributes)
    for _ in range(hidden):
        yield Skipped(CREDENTIAL, place)
    yield dataclasses.replace(record, attributes=kept) if hidden else record


def _raw(value: Any) -> str:
    try:
        raw = orjson.dumps(redacted(value)).decode()
    except (TypeError, orjson.JSONEncodeError):
        return ""
    return raw if len(raw) <= _RAW_LIMIT else ""


IMPORTER: Final = RecordsImporter()
