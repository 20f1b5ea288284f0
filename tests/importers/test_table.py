"""Do tables become what their mapping says, whatever their encoding, quoting and gaps?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from cmdb.errors import BadFile
from cmdb.model.records import ImportOptions, Item, Link, Reference
from importers.table import IMPORTER
from tests.importers.reading_items import (
    only_record,
    problems,
    read_bytes,
    read_path,
    read_text,
    records,
    skipped,
)

OWN_FILES = Path(__file__).parents[1] / "data"
HOST = {"class": "Host", "name": "name"}


def mapped(tmp_path: Path, mapping: object, **extra: str) -> ImportOptions:
    """Return options with this mapping as a file."""
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml.safe_dump(mapping), encoding="utf-8")
    return ImportOptions(source="test", mapping=path, extra=extra)


def read_cells(tmp_path: Path, rule: object, cell: object) -> list[Item]:
    """Return what one cell becomes as the attribute `x` under a rule."""
    mapping = {"records": [{"class": "Host", "key": "id", "attributes": {"x": rule}}]}
    text = json.dumps([{"id": "1", "c": cell}])
    return read_text(IMPORTER, text, "t.json", mapped(tmp_path, mapping))


def test_a_table_becomes_what_its_mapping_says() -> None:
    options = ImportOptions(source="test", mapping=OWN_FILES / "servers.mapping.yaml")

    items = read_path(IMPORTER, OWN_FILES / "servers.csv", options)

    web, database, switch = records(items)
    bern = Reference("Location", {"name": "Bern"})
    assert problems(items) == []
    assert skipped(items) == {"value that looks like a credential never stored": 1}
    assert (web.class_name, web.key, web.name) == ("VirtualMachine", "A-1", "web-1")
    assert web.attributes == {
        "serial": "SN1",
        "memory_mib": 15259,
        "notes": "2024-04-03",
        "ips": ["10.0.0.1", "10.0.0.2"],
        "environment": "production",
        "status": "live",
    }
    assert web.within == {"site": bern}
    assert web.links == (
        Link("hosted_in", bern),
        Link(
            "depends_on", Reference("BusinessService", {"name": "Shop"}), reverse=True,
            strength="soft",
        ),
        Link(
            "depends_on", Reference("BusinessService", {"name": "Mail"}), reverse=True,
            strength="soft",
        ),
    )  # fmt: skip
    assert (database.class_name, database.name) == ("PhysicalServer", "db\none")
    assert database.attributes["memory_mib"] == 1.5 * 2**20
    assert "serial" not in database.attributes
    assert database.links == (Link("hosted_in", bern),)
    assert (switch.class_name, switch.lifecycle) == ("NetworkDevice", "retired")
    assert [r.place for r in records(items)] == [
        "servers.csv:2",
        "servers.csv:3",
        "servers.csv:5",
    ]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_delimiters_and_line_ends_are_recognised(
    encoding: str, delimiter: str, end: str
) -> None:
    rows = [["class", "name", "notes"], ["Host", "Zürich", 'a "quoted" cell'], ["Host", "b", "c"]]
    text = end.join(
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows
    )

    items = read_bytes(IMPORTER, text.encode(encoding), "t.csv")

    assert problems(items) == []
    assert [(r.name, r.attributes["notes"]) for r in records(items)] == [
        ("Zürich", 'a "quoted" cell'),
        ("b", "c"),
    ]


def test_western_text_is_read_and_reported() -> None:
    data = "class,name\nHost,Genève\nHost,Zürich\n".encode("latin-1")

    items = read_bytes(IMPORTER, data, "t.csv")

    assert [r.name for r in records(items)] == ["Genève", "Zürich"]
    (problem,) = problems(items)
    assert problem.place == "t.csv:2"
    assert problem.reason.startswith("2 lines are not UTF-8 and were read as Windows-1252")


def test_a_declared_encoding_is_used_without_a_report() -> None:
    options = ImportOptions(extra={"encoding": "latin-1"})

    items = read_bytes(IMPORTER, "class,name\nHost,Genève\n".encode("latin-1"), "t.csv", options)

    assert (only_record(items).name, problems(items)) == ("Genève", [])


def test_rows_of_another_width_are_problems_and_empty_ends_are_not() -> None:
    text = "class,name,password\nHost,a\nHost,b,x,y\nHost,c,,,\n\n,,\nHost,d,\n"

    items = read_text(IMPORTER, text, "t.csv")

    assert [r.name for r in records(items)] == ["c", "d"]
    ragged = [p for p in problems(items) if p.dropped]
    assert [(p.place, p.reason, p.raw) for p in ragged] == [
        ("t.csv:2", "the row has 2 cells, the header has 3", "Host,a"),
        ("t.csv:3", "the row has 4 cells, the header has 3", "Host,b,(left out),y"),
    ]


def test_a_stray_quote_costs_its_row_only() -> None:
    items = read_text(IMPORTER, 'class,name\nHost,"a"b\nHost,c\n', "t.csv")

    assert only_record(items).name == "c"
    assert [(p.place, p.dropped) for p in problems(items)] == [("t.csv:2", True)]


def test_line_numbers_survive_quoted_line_ends() -> None:
    items = read_text(IMPORTER, 'class,name,notes\nHost,a,"1\n2\n3"\nHost,b\nHost,c,x\n', "t.csv")

    assert [r.place for r in records(items)] == ["t.csv:2", "t.csv:6"]
    assert [p.place for p in problems(items)] == ["t.csv:5"]


def test_cells_that_an_export_escaped_are_read_as_they_were() -> None:
    items = read_text(IMPORTER, "class,name,notes\nHost,a,'=SUM(A1)\nHost,b,'quoted'\n")

    assert [r.attributes["notes"] for r in records(items)] == ["=SUM(A1)", "'quoted'"]


def test_the_separator_line_of_spreadsheets_is_understood() -> None:
    items = read_text(IMPORTER, "sep=|\nclass|name\nHost|a,b;c\n")

    assert (only_record(items).name, only_record(items).place) == ("a,b;c", "input:3")


def test_lines_before_the_header_are_skipped_and_columns_can_be_named(tmp_path: Path) -> None:
    mapping = {"skip_lines": 2, "columns": ["name", "x"], "records": [HOST]}

    items = read_text(IMPORTER, "Report\nof May\na,1\nb,2\n", "t.csv", mapped(tmp_path, mapping))

    assert [(r.name, r.place) for r in records(items)] == [("a", "t.csv:3"), ("b", "t.csv:4")]


@pytest.mark.parametrize(
    ("rule", "cell", "expected"),
    [
        ("c", " text ", "text"),
        ("c", 5, "5"),
        ("c", True, "true"),
        ({"column": "c", "as": "integer"}, "1 024", 1024),
        ({"column": "c", "as": "integer"}, 7, 7),
        ({"column": "c", "as": "number"}, "1,234.5", 1234.5),
        ({"column": "c", "as": "number", "decimal": ","}, "1.234,5", 1234.5),
        ({"column": "c", "as": "number", "times": 1024}, "2", 2048.0),
        ({"column": "c", "as": "boolean"}, "Yes", True),
        ({"column": "c", "as": "boolean"}, False, False),
        ({"column": "c", "as": "date", "order": "day-first"}, "1/2/2024", "2024-02-01"),
        ({"column": "c", "as": "date", "order": "month-first"}, "1/2/2024", "2024-01-02"),
        ({"column": "c", "as": "date"}, "2024-02-01", "2024-02-01"),
        ({"column": "c", "as": "date"}, "20240201", "2024-02-01"),
        ({"column": "c", "as": "date"}, "2024/02/01 9:05", "2024-02-01T09:05:00"),
        ({"column": "c", "as": "date"}, "2024-02-01T09:05:00+02:00", "2024-02-01T07:05:00Z"),
        ({"column": "c", "as": "date", "order": "day-first"}, "1.2.69", "1969-02-01"),
        ({"column": "c", "as": "date", "order": "day-first"}, "1.2.68", "2068-02-01"),
        (
            {"column": "c", "as": "date", "order": "day-first", "zone": "Europe/Berlin"},
            "1.7.2024 12:00",
            "2024-07-01T10:00:00Z",
        ),
        ({"column": "c", "as": "date", "format": "%d %b %y"}, "01 Feb 24", "2024-02-01"),
        ({"column": "c", "as": "list"}, "a, b,,c", ["a", "b", "c"]),
        ({"column": "c", "as": "list", "split": "/"}, "a/b", ["a", "b"]),
        ({"column": "c", "as": "list"}, ["a", None, 1], ["a", "1"]),
        ({"column": "c", "as": "size", "into": "MiB"}, "2 GiB", 2048.0),
        ({"column": "c", "as": "size", "into": "GiB"}, "512 MiB", 0.5),
        ({"column": "c", "as": "number", "round": True}, "2.6", 3),
        ({"column": "c", "map": {"a": "x"}}, "A", "x"),
        ({"column": "c", "map": {"a": "x"}, "others": "y"}, "b", "y"),
        ({"column": "c", "default": "d"}, "", "d"),
        ({"columns": ["id", "c"], "join": "-"}, "z", "1-z"),
        ({"constant": 5}, "", 5),
    ],
)
def test_a_cell_is_read_as_its_rule_says(
    tmp_path: Path, rule: object, cell: object, expected: object
) -> None:
    items = read_cells(tmp_path, rule, cell)

    assert problems(items) == []
    assert only_record(items).attributes == {"x": expected}


@pytest.mark.parametrize("cell", ["", "?", "NA", "n/a", "-", " ? ", None, [], "null"])
def test_a_cell_that_says_nothing_becomes_nothing(tmp_path: Path, cell: object) -> None:
    items = read_cells(tmp_path, {"column": "c", "as": "integer"}, cell)

    assert problems(items) == []
    assert only_record(items).attributes == {}


@pytest.mark.parametrize(
    ("rule", "cell", "reason"),
    [
        ("c", {"a": 1}, "expected text, not a map"),
        ({"column": "c", "as": "integer"}, "1.5", "expected a whole number"),
        ({"column": "c", "as": "integer"}, True, "expected a number, not true or false"),
        ({"column": "c", "as": "number"}, "x", "expected a number with the decimal sign '.'"),
        ({"column": "c", "as": "number"}, "1e999", "expected a finite number"),
        ({"column": "c", "as": "boolean"}, "maybe", "expected yes or no"),
        ({"column": "c", "as": "date"}, "1/2/2024", "expected a date, year-first"),
        ({"column": "c", "as": "date", "order": "day-first"}, "31/2/2024", "expected a date, day"),
        ({"column": "c", "as": "date", "order": "day-first"}, "2024-02-01", "expected a date, day"),
        ({"column": "c", "as": "date"}, "24-02-01", "expected a date, year-first"),
        ({"column": "c", "as": "size", "into": "GiB"}, "16", "expected a size with its unit"),
        ({"column": "c", "map": {"a": "x"}}, "b", "expected one of a"),
    ],
)
def test_a_cell_that_is_not_as_it_should_be_is_left_out_and_reported(
    tmp_path: Path, rule: object, cell: object, reason: str
) -> None:
    items = read_cells(tmp_path, rule, cell)

    assert only_record(items).attributes == {}
    (problem,) = problems(items)
    assert (problem.place, problem.field, problem.dropped) == ("t.json:[0]", "c", False)
    assert problem.reason.startswith(reason)


def test_times_of_observation_need_a_zone(tmp_path: Path) -> None:
    def read(rule: object) -> Item:
        mapping = {"records": [{**HOST, "observed_at": rule}]}
        text = "name,seen\na,02/01/2024 10:00\n"
        items = read_text(IMPORTER, text, "t.csv", mapped(tmp_path, mapping))
        return (problems(items) or records(items))[0]

    zoned = read({"column": "seen", "order": "day-first", "zone": "Europe/Paris"})
    bare = read({"column": "seen", "order": "day-first"})

    assert getattr(zoned, "observed_at") == datetime(2024, 1, 2, 9, tzinfo=UTC)  # noqa: B009
    assert "a time with its zone" in getattr(bare, "reason")  # noqa: B009


def test_a_row_of_no_known_class_is_a_problem(tmp_path: Path) -> None:
    mapping = {"records": [{"class": {"column": "k", "map": {"vm": "Host"}}, "name": "name"}]}

    items = read_text(IMPORTER, "name,k\na,vm\nb,??\nc,\n", "t.csv", mapped(tmp_path, mapping))

    assert only_record(items).name == "a"
    assert [(p.place, p.field, p.dropped) for p in problems(items)] == [
        ("t.csv:3", "k", True),
        ("t.csv:4", "k", True),
    ]


def test_rows_can_be_chosen_and_deleted_and_yield_several_records(tmp_path: Path) -> None:
    mapping = {
        "records": [
            {**HOST, "deleted": {"column": "gone", "as": "boolean"}},
            {
                "class": "SoftwareInstance",
                "key": {"columns": ["name", "app"], "join": "/"},
                "only_if": {"column": "app", "map": {"none": False}, "others": True},
                "within": {"host": {"class": "Host", "values": {"name": "name"}}},
            },
        ]
    }

    items = read_text(
        IMPORTER, "name,gone,app\na,no,nginx\nb,yes,none\n", "t.csv", mapped(tmp_path, mapping)
    )

    assert [(r.class_name, r.deleted) for r in records(items)] == [
        ("Host", False),
        ("SoftwareInstance", False),
        ("Host", True),
    ]
    assert records(items)[1].within == {"host": Reference("Host", {"name": "a"})}
    assert skipped(items) == {"row left out by the mapping": 1}


def test_columns_that_are_split_together_must_agree(tmp_path: Path) -> None:
    other = {"class": "Host", "values": {"name": "n", "ip": "i"}}
    mapping = {
        "records": [{**HOST, "links": [{"type": "depends_on", "split": ";", "other": other}]}]
    }

    items = read_text(
        IMPORTER, "name,n,i\na,x;y,1;2\nb,x;y,1\n", "t.csv", mapped(tmp_path, mapping)
    )

    first, second = records(items)
    assert [link.other.values for link in first.links] == [
        {"name": "x", "ip": "1"},
        {"name": "y", "ip": "2"},
    ]
    assert second.links == ()
    assert [p.field for p in problems(items)] == ["i, n"]


def test_json_rows_are_reached_by_path_and_lines_one_by_one(tmp_path: Path) -> None:
    mapping = {"rows": "data.items", "records": [{"class": "Host", "name": "meta.name"}]}
    options = mapped(tmp_path, mapping)
    rows = [{"meta": {"name": "a"}}, 7, {"meta": 1}]

    whole = read_text(IMPORTER, json.dumps({"data": {"items": rows}}), "t.json", options)
    lines = read_text(IMPORTER, "\n".join(map(json.dumps, rows)) + "\n{x\n", "t.jsonl", options)

    assert only_record(whole).place == "t.json:data.items[0]"
    assert [p.reason for p in problems(whole)] == [
        "the row is not an object",
        "nothing says which thing it is",
    ]
    assert only_record(lines).place == "t.jsonl:1"
    assert [p.place for p in problems(lines)] == ["t.jsonl:2", "t.jsonl:3", "t.jsonl:4"]


def test_known_column_names_need_no_mapping() -> None:
    text = (
        "CI Class,Host name,Serial Number,MAC address,Lifecycle,Depends on,Colour\n"
        "virtualmachine,a,S1,00:11:22:33:44:55,active,BusinessService/Shop;Host/b,red\n"
    )

    items = read_text(IMPORTER, text, "t.csv")

    record = only_record(items)
    assert (record.class_name, record.name, record.lifecycle) == ("VirtualMachine", "a", "in_use")
    assert record.attributes == {"serial": "S1", "macs": ["00:11:22:33:44:55"]}
    assert [link.other for link in record.links] == [
        Reference("BusinessService", {"name": "Shop"}),
        Reference("Host", {"name": "b"}),
    ]
    assert [(p.field, p.reason) for p in problems(items)] == [
        ("Colour", "the column is not recognised")
    ]


def test_the_class_can_come_from_an_option() -> None:
    items = read_text(IMPORTER, "name\na\n", "t.csv", ImportOptions(extra={"class": "Host"}))

    assert only_record(items).class_name == "Host"


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

    where = f"{options.mapping}:{place}" if place else str(options.mapping)
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
