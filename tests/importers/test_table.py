"""Do tables become what their mapping says, whatever their encoding, quoting and gaps?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cmdb.model.records import ImportOptions, Link, Reference
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
from tests.importers.table_mappings import HOST, OWN_FILES, mapped


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
