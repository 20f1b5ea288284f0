"""Is a bad table or mapping refused at its place?"""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.errors import BadFile
from cmdb.model.records import ImportOptions
from importers.table import IMPORTER
from tests.importers.reading_items import (
    read_bytes,
    read_text,
)
from tests.importers.table_mappings import HOST, mapped


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"name\na\n", "t.csv", "no column says which class a row is"),
        (b"class\na\n", "t.csv", "no column says which thing a row is"),
        (b"class,name,x,name,x\n", "t.csv:1", "columns stand twice in the header: 'name', 'x'"),
        (b"\n\n", "t.csv", "the table has no header row"),
        (b",,\n", "t.csv", "the header row is empty"),
        (b'class,name\nHost,a\nHost,"b\nHost,c\n', "t.csv:3", "a quote that opens in this row"),
        (b'class,name\nHost,"' + b"x" * 200_000, "t.csv:2", "a quote that opens in this row"),
        (b'class,"name\n', "t.csv:1", "the header row cannot be read"),
        (b"{}", "t.json", "there is no list of rows"),
        (b"[{}", "t.json:1:4", "this is not JSON"),
        (b"a\nb\n", "t.jsonl", "this is not JSON Lines"),
        (b'{"class":"Host","name":"a"}\n{"cla', "t.jsonl:2", "the last line is cut off"),
        (b"x", "t.xlsx", "spreadsheets are not read"),
    ],
)
def test_a_bad_table_is_refused(data: bytes, name: str, message: str) -> None:
    with pytest.raises(BadFile) as refused:
        read_bytes(IMPORTER, data, name.partition(":")[0])

    assert refused.value.message.startswith(f"{name}: {message}")


@pytest.mark.parametrize(
    ("mapping", "place", "reason"),
    [
        ([], "", "expected a map, found a list"),
        ({}, "records", "there is no record in the mapping"),
        ({"records": {}}, "records", "expected a list, found a map"),
        ({"record": []}, "record", "there is no such field. Did you mean 'records'?"),
        ({"records": [{"name": "n"}]}, "records[0].class", "the class is missing"),
        ({"records": [{"class": "Host"}]}, "records[0]", "nothing says which thing it is"),
        (
            {"records": [{**HOST, "atributes": {}}]},
            "records[0].atributes",
            "there is no such field. Did you mean 'attributes'?",
        ),
        (
            {"records": [{**HOST, "attributes": {"x": {"column": "a", "as": "int"}}}]},
            "records[0].attributes.x.as",
            "'int' is not known. Did you mean 'integer'?",
        ),
        (
            {"records": [{**HOST, "attributes": {"x": {"column": "a", "constant": 1}}}]},
            "records[0].attributes.x",
            "it needs one of column, columns or constant",
        ),
        (
            {"records": [{**HOST, "attributes": {"x": 7}}]},
            "records[0].attributes.x",
            "expected a map, found a number",
        ),
        (
            {"records": [{**HOST, "attributes": {"x": {"column": "a", "zone": "Mars/One"}}}]},
            "records[0].attributes.x.zone",
            "there is no zone 'Mars/One'",
        ),
        (
            {"records": [{**HOST, "attributes": {"x": {"column": "a", "as": "size"}}}]},
            "records[0].attributes.x.into",
            "a size needs the unit",
        ),
        (
            {"records": [{**HOST, "links": [{"type": "runs_on"}]}]},
            "records[0].links[0].other",
            "expected a map, found nothing",
        ),
        (
            {"records": [{**HOST, "links": [{"other": {"class": "Host", "values": {"n": "n"}}}]}]},
            "records[0].links[0].type",
            "expected text, found nothing",
        ),
        ({"delimiter": "ab", "records": [HOST]}, "delimiter", "'ab' is not one character"),
        ({"encoding": "klingon", "records": [HOST]}, "encoding", "'klingon' is no text encoding"),
        ({"encoding": "zlib", "records": [HOST]}, "encoding", "'zlib' is no text encoding"),
        ({"format": "xml", "records": [HOST]}, "format", "'xml' is not known"),
    ],
)
def test_a_bad_mapping_is_refused_at_its_place(
    tmp_path: Path, mapping: object, place: str, reason: str
) -> None:
    options = mapped(tmp_path, mapping)

    with pytest.raises(BadFile) as refused:
        read_text(IMPORTER, "name\na\n", "t.csv", options)

    assert options.mapping is not None
    name = options.mapping.name
    where = f"{name}:{place}" if place else name
    assert refused.value.message.startswith(f"{where}: {reason}")


def test_a_mapping_for_columns_that_are_not_there_is_refused(tmp_path: Path) -> None:
    options = mapped(tmp_path, {"records": [{"class": "Host", "name": "Name"}]})

    with pytest.raises(
        BadFile, match=r"records\[0\].name: the table has no column 'Name'. Its col"
    ):
        read_text(IMPORTER, "name\na\n", "t.csv", options)


def test_options_that_are_not_known_are_refused() -> None:
    for name, value in (("format", "xml"), ("encoding", "klingon")):
        with pytest.raises(BadFile, match=f"option {name}"):
            read_text(IMPORTER, "class,name\n", "t", ImportOptions(extra={name: value}))
