"""Is the exchange format read back as it was written, and refused where it is wrong?"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given

from cmdb.errors import BadFile, BadValue
from cmdb.model.records import ImportOptions, Link, Record, Reference
from importers import records as records_module
from importers.records import IMPORTER
from importers.records_decoding import NotARecord, decode_record
from importers.records_format import encode_header, encode_record, write_records
from tests.importers.reading_items import (
    only_record,
    problems,
    read_bytes,
    read_text,
    records,
    skipped,
)
from tests.importers.strategies_records import all_records

HEADER = '{"format":"cmdb-records","version":1}\n'
SHIPPED_SCHEMA = Path(records_module.__file__).with_name("records.schema.json")
PUBLISHED_SCHEMA = Path(__file__).parents[2] / "docs" / "importers" / "records.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SHIPPED_SCHEMA.read_text()))

FULL = Record(
    "Host",
    key="h1",
    name="web-1",
    attributes={"serial": "S1", "macs": ["00:11:22:33:44:55"], "cpu_count": 4},
    within={"site": Reference("Location", {"name": "Bern"})},
    links=(
        Link(
            "depends_on",
            Reference("Host", {"fqdn": "db.example"}, {"site": Reference("Location", {"code": 1})}),
            reverse=True,
            strength="soft",
            tolerates_seconds=60.0,
            confidence=0.5,
            inferred_by="traffic",
            discriminator="5432",
            denied=True,
        ),
    ),
    lifecycle="in_use",
    observed_at=datetime(2025, 3, 1, 12, tzinfo=UTC),
    deleted=True,
    about=Reference("Host", {"source_key": "h0"}),
    source="netbox",
    scope="site=bern",
)


@given(all_records)
def test_a_record_is_read_back_as_it_was_written(record: Record) -> None:
    line = encode_record(record)

    assert decode_record(json.loads(line)) == record
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    VALIDATOR.validate(json.loads(line))


def test_the_importer_reads_what_the_writer_wrote() -> None:
    stream = io.BytesIO()
    small = Record("BusinessService", key="s", name="Shop")

    count = write_records(stream, [FULL, small])

    items = read_bytes(IMPORTER, stream.getvalue(), "export.jsonl")
    assert count == 2
    assert [r.place for r in records(items)] == ["export.jsonl:2", "export.jsonl:3"]
    assert [encode_record(r) for r in records(items)] == [encode_record(FULL), encode_record(small)]


def test_the_published_schema_is_the_shipped_one() -> None:
    assert PUBLISHED_SCHEMA.read_text() == SHIPPED_SCHEMA.read_text()


def test_the_schema_knows_a_header_and_a_full_record_and_nothing_else() -> None:
    written = encode_header(records=3, written_at=datetime(2025, 1, 1, tzinfo=UTC), source="me")

    VALIDATOR.validate(json.loads(written))
    VALIDATOR.validate(json.loads(encode_record(FULL)))
    wrongs: list[object] = [
        {"class": "Host"},
        {"format": "cmdb-records", "version": 2},
        {"class": 1},
        [],
    ]
    assert not any(VALIDATOR.is_valid(wrong) for wrong in wrongs)


def test_times_of_any_zone_are_read_as_utc() -> None:
    zone = timezone(timedelta(hours=2))
    record = Record("Host", key="h", observed_at=datetime(2025, 3, 1, 12, tzinfo=zone))

    line = json.loads(encode_record(record))

    assert line["observed_at"] == "2025-03-01T10:00:00Z"


@pytest.mark.parametrize(
    "record",
    [
        Record("Host", key="h", attributes={"a": float("nan")}),
        Record("Host", key="h", attributes={"a": [{"b": float("inf")}]}),
        Record("Host", key="h", attributes={"a": object()}),
        Record("Host", key="h", attributes={"a": 2**70}),
        Record("Host", key="h", observed_at=datetime(2025, 1, 1)),  # noqa: DTZ001 - that is the point
    ],
)
def test_a_value_that_json_cannot_hold_is_refused_when_writing(record: Record) -> None:
    with pytest.raises(BadValue):
        encode_record(record)


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("[]", "", "expected an object"),
        ("{}", "class", "the field is missing"),
        ('{"class":"","key":"k"}', "class", "the text is empty"),
        ('{"class":"Host"}', "", "nothing says which thing it is"),
        ('{"class":"Host","key":1}', "key", "expected text"),
        ('{"class":"Host","key":"k","atributes":{}}', "atributes", "there is no such field"),
        ('{"class":"Host","key":"k","attributes":[]}', "attributes", "expected an object"),
        ('{"class":"Host","key":"k","links":{}}', "links", "expected a list"),
        ('{"class":"Host","key":"k","links":[{}]}', "links[0].type", "the field is missing"),
        (
            '{"class":"Host","key":"k","links":[{"type":"t","other":{"class":"C","values":{}}}]}',
            "links[0].other.values",
            "it is empty",
        ),
        (
            '{"class":"Host","key":"k","links":[{"type":"t","confidence":2,'
            '"other":{"class":"C","values":{"a":1}}}]}',
            "links[0].confidence",
            "expected a number of at most 1",
        ),
        (
            '{"class":"Host","key":"k","links":[{"type":"t","strength":"big",'
            '"other":{"class":"C","values":{"a":1}}}]}',
            "links[0].strength",
            "unknown value",
        ),
        ('{"class":"Host","key":"k","lifecycle":"gone"}', "lifecycle", "unknown value"),
        ('{"class":"Host","key":"k","observed_at":"x"}', "observed_at", "this is no time"),
        ('{"class":"Host","key":"k","observed_at":7}', "observed_at", "this is no time"),
        (
            '{"class":"Host","key":"k","observed_at":"2025-01-01T00:00:00"}',
            "observed_at",
            "a time without a zone",
        ),
        ('{"class":"Host","key":"k","deleted":"yes"}', "deleted", "expected true or false"),
        ('{"class":"Host","key":"k","within":{"a":1}}', "within.a", "expected an object"),
        ('{"class":"Host"', "", "this is not JSON (Expecting ',' delimiter)"),
        ('{"class":NaN}', "", "this is not JSON (NaN is no JSON number)"),
    ],
)
def test_a_bad_line_is_a_problem_and_the_next_line_is_read(
    line: str, field: str, reason: str
) -> None:
    items = read_text(IMPORTER, f'{HEADER}{line}\n{{"class":"Host","key":"good"}}\n', "x.jsonl")

    (problem,) = problems(items)
    assert (problem.place, problem.field, problem.reason) == ("x.jsonl:2", field, reason)
    assert problem.dropped
    assert only_record(items).key == "good"


def test_references_nested_too_deeply_are_a_problem() -> None:
    reference: dict[str, object] = {"class": "C", "values": {"a": 1}}
    for _ in range(20):
        reference = {"class": "C", "values": {"a": 1}, "within": {"r": reference}}
    line = {"class": "Host", "key": "k", "within": {"r": reference}}

    with pytest.raises(NotARecord, match="nested deeper than 10 levels"):
        decode_record(line)


def test_a_rejected_line_is_quoted_without_its_credentials() -> None:
    line = '{"class":"Host","key":"k","attributes":{"password":"hunter2","os":"x"},"deleted":1}'

    (problem,) = problems(read_text(IMPORTER, f"{HEADER}{line}\n"))

    assert "hunter2" not in repr(problem)
    assert json.loads(problem.raw)["attributes"] == {"password": "(left out)", "os": "x"}


def test_credentials_are_left_out_and_counted() -> None:
    line = '{"class":"Host","key":"k","attributes":{"apiToken":"x","notes":"s3://a:b@c","os":"x"}}'

    items = read_text(IMPORTER, f"{HEADER}{line}\n")

    assert only_record(items).attributes == {"os": "x"}
    assert skipped(items) == {"value that looks like a credential never stored": 2}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file has no header line"),
        (b'{"class":"Host"}\n', "input:1: this is not the format cmdb-records"),
        (b"[1]\n", "this is not the format cmdb-records"),
        (b"name;serial\n", "input:1: this is no header line"),
        (b"\xff\xff\n", "input:1: this is not UTF-8"),
        (b'{"format":"cmdb-records","version":2}\n', "version '2' of the format is not known."),
        (b'{"format":"cmdb-records"}\n', "version 'None' of the format is not known."),
        (b'{"format":"cmdb-records","version":1,"records":"x"}\n', "`records` of the header"),
        (
            b'{"format":"cmdb-records","version":1,"records":2}\n{"class":"Host","key":"k"}\n',
            "the header promises 2 records, the file holds 1",
        ),
        (HEADER.encode() + b'{"class":"Ho', "input:2: the last line is cut off"),
    ],
)
def test_a_bad_file_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(BadFile) as refused:
        read_bytes(IMPORTER, data)

    assert message in refused.value.message


def test_a_file_of_the_promised_length_with_a_mark_and_blank_lines_is_read() -> None:
    data = b'\xef\xbb\xbf{"format":"cmdb-records","version":1,"records":1}\r\n\n'

    items = read_bytes(IMPORTER, data + b'{"class":"Host","key":"k"}')

    assert only_record(items).key == "k"


def test_a_file_larger_than_the_limit_is_refused_and_one_below_it_is_read() -> None:
    text = HEADER + '{"class":"Host","key":"k"}\n' * 1000

    assert len(read_text(IMPORTER, text, options=ImportOptions(extra={"max_bytes": "60000"})))
    with pytest.raises(BadFile, match="larger than 20000 bytes"):
        read_text(IMPORTER, text, options=ImportOptions(extra={"max_bytes": "20000"}))
