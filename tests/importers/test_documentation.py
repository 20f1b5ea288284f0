"""Do the pages of the importers say what the importers do?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cmdb.model.records import Importer, ImportOptions, Item, Link
from cmdb.model.shipped import shipped_registry
from importers.kubernetes_manifests import IMPORTER as KUBERNETES
from importers.records import IMPORTER as RECORDS
from importers.table import IMPORTER as TABLE
from importers.table.cells import DATE_ORDERS, KINDS
from importers.table.mapping_file import load_mapping
from tests.importers.reading_items import problems, read_text, records

PAGES = Path(__file__).parents[2] / "docs" / "importers"
ALL = pytest.mark.parametrize("importer", [KUBERNETES, RECORDS, TABLE], ids=lambda i: str(i.name))


def page(importer: Importer) -> str:
    return (PAGES / f"{importer.name}.md").read_text(encoding="utf-8")


def blocks(importer: Importer, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page(importer), re.MULTILINE | re.DOTALL)


def outline(items: list[Item]) -> str:
    """Return records and links in the short form that the pages use."""
    lines = []
    for record in records(items):
        size = record.attributes.get("memory_mib")
        tail = f" memory_mib={size}" if size is not None else ""
        lines.append(f"{record.class_name} {record.name}{tail}")
        lines += [f"  {outline_link(link)}" for link in record.links]
    return "\n".join(lines) + "\n"


def outline_link(link: Link) -> str:
    kind = shipped_registry().types[link.type]
    values = link.other.values
    name = values.get("name") or values.get("reference") or values.get("fqdn")
    guess = f" ({link.confidence}, {link.inferred_by})" if link.inferred_by else ""
    return f"{kind.inverse if link.reverse else kind.name} {link.other.class_name} {name}{guess}"


@ALL
def test_the_mapping_table_of_a_page_is_that_of_the_importer(importer: Importer) -> None:
    rows = "\n".join(f"| {row.found} | {row.becomes} |" for row in importer.table)

    assert f"| found | becomes |\n|---|---|\n{rows}\n\n" in page(importer)


@ALL
def test_a_page_shows_the_command(importer: Importer) -> None:
    assert any(f"cmdb import {importer.name} " in block for block in blocks(importer, "sh"))


def test_the_manifest_of_the_page_becomes_what_the_page_says() -> None:
    (manifest,) = blocks(KUBERNETES, "yaml")

    items = read_text(KUBERNETES, manifest, options=ImportOptions(scope={"cluster": "prod-1"}))

    assert outline(items) == blocks(KUBERNETES, "text")[0]
    assert problems(items) == []


def test_the_lines_of_the_page_become_what_the_page_says() -> None:
    (lines,) = blocks(RECORDS, "json")

    items = read_text(RECORDS, lines)

    assert outline(items) == blocks(RECORDS, "text")[0]
    assert problems(items) == []


def test_the_table_of_the_page_becomes_what_the_page_says(tmp_path: Path) -> None:
    (table,) = blocks(TABLE, "csv")
    path = tmp_path / "mapping.yaml"
    path.write_text(blocks(TABLE, "yaml")[1])

    items = read_text(TABLE, table, "t.csv", ImportOptions(mapping=path))

    assert outline(items) == blocks(TABLE, "text")[0]
    assert problems(items) == []


def test_the_mapping_that_explains_the_language_is_right(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(blocks(TABLE, "yaml")[0])

    mapping = load_mapping(path)

    assert (mapping.delimiter, mapping.skip_lines, len(mapping.records)) == (";", 2, 1)
    text = page(TABLE)
    assert all(f"`{word}`" in text for word in (*KINDS, *DATE_ORDERS))
