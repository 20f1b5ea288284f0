"""What do the rows of a table become?

| found | becomes |
|---|---|
| row | one record per entry of `records` in the mapping |
| column named under `attributes` | attribute, read as number, date, list, ... |
| columns named under `within`, `links` | references and relationships |
| without a mapping: column of a known name | class, name, key, attribute or relationship |
| `?`, `NA`, empty cell | nothing |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cmdb.errors import BadFile
from cmdb.model.records import (
    ImportInput,
    ImportOptions,
    Item,
    MappingRow,
    Problem,
)
from importers.reading import (
    STREAMED_LIMIT,
    WHOLE_LIMIT,
    LimitedReader,
    byte_limit,
    open_bytes,
    single_file,
)
from importers.table.building import build_items
from importers.table.mapping import FORMATS, TableMapping
from importers.table.mapping_file import check_encoding, load_mapping
from importers.table.recognised import recognise
from importers.table.rows import (
    Header,
    Row,
    check_columns,
    format_of,
    read_json_lines,
    read_json_rows,
    read_separated,
)

TABLE: Final = (
    MappingRow("row", "one record per entry of `records`"),
    MappingRow("`class`: fixed, or a column with a `map`", "class of the record"),
    MappingRow("`key`, `name`", "the source's own key, and the name"),
    MappingRow("column under `attributes`", "attribute, read as the mapping says"),
    MappingRow("columns under `within`", "what the thing is identified within, by role"),
    MappingRow("columns under `links`", "relationships, several where `split` separates names"),
    MappingRow("`lifecycle`, `observed_at`, `deleted`", "the same of the record"),
    MappingRow("without a mapping: column of a known name", "what the name says"),
    MappingRow("without a mapping: column of an unknown name", "nothing, reported"),
    MappingRow("`?`, `NA`, `N/A`, `-` or empty cell", "nothing"),
    MappingRow("value that looks like a credential", "nothing, counted"),
)


class TableImporter:
    """Reads CSV, TSV, JSON and JSON Lines, with a mapping file or recognised column names."""

    name = "table"
    summary = "CSV, TSV, JSON or JSON Lines with a mapping file, or with recognised column names"
    table: Sequence[MappingRow] = TABLE
    options = frozenset({"class", "encoding", "format", "max_bytes"})
    takes_mapping = True

    def read(self, source: ImportInput, options: ImportOptions) -> Iterator[Item]:
        """Yield the records of each row as it is read."""
        mapping = load_mapping(options.mapping) if options.mapping is not None else None
        file = single_file(source)
        chosen = options.extra.get("format", "")
        if chosen not in ("", *FORMATS):
            known = f"One of {', '.join(FORMATS)}."
            raise BadFile("option format", f"{chosen[:50]!r} is not known", known)
        if file.name.lower().endswith((".xlsx", ".xls", ".ods")):
            raise BadFile(file.name, "spreadsheets are not read", "Save it as CSV in UTF-8.")
        with open_bytes(file, byte_limit(options, STREAMED_LIMIT)) as reader:
            rows = _rows(reader, mapping, options)
            yield from _items(reader.name, rows, mapping, options.extra.get("class", ""))


def _rows(
    reader: LimitedReader, mapping: TableMapping | None, options: ImportOptions
) -> Iterator[Header | Row | Problem]:
    kind = format_of(reader.name, reader.head, mapping, options.extra.get("format", ""))
    if kind == "jsonl":
        return read_json_lines(reader)
    if kind == "json":
        reader.lower_limit(byte_limit(options, WHOLE_LIMIT))
        return read_json_rows(reader, mapping.rows if mapping else "")
    stated = check_encoding("option encoding", options.extra.get("encoding", ""), "")
    encoding = stated or (mapping.encoding if mapping else "")
    return read_separated(reader, mapping, is_tabbed=kind == "tsv", encoding=encoding)


def _items(
    name: str,
    rows: Iterator[Header | Row | Problem],
    mapping: TableMapping | None,
    default_class: str,
) -> Iterator[Item]:
    for row in rows:
        if isinstance(row, Problem):
            yield row
        elif isinstance(row, Row):
            if mapping is None:
                mapping, problems = recognise(name, tuple(row.cells), default_class)
                yield from problems
            yield from build_items(row, mapping)
        elif mapping is not None:
            check_columns(mapping, row)
        else:
            mapping, problems = recognise(name, row, default_class)
            yield from problems


IMPORTER: Final = TableImporter()
