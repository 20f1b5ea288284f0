"""Which rows does a table hold, and where does each stand?"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from cmdb.errors import BadFile
from cmdb.model.records import Problem
from importers.credentials import is_credential
from importers.json_documents import NotJson, load_json, parse_json
from importers.lines import TextLines, numbered_lines
from importers.reading import LimitedReader
from importers.table.mapping import TableMapping

DELIMITERS: Final = (",", ";", "\t", "|")
_RAW_LIMIT: Final = 65_536
_FORMULA_SIGNS: Final = ("'=", "'+", "'-", "'@")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place and its cells by column."""

    place: str
    cells: Mapping[str, Any]

    def get(self, column: str) -> Any:
        """Return the cell of a column; a dotted name also reaches into objects."""
        if column in self.cells or "." not in column:
            return self.cells.get(column)
        value: Any = self.cells
        for step in column.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return value


class Header(tuple[str, ...]):
    """The columns of a table that has the same ones in every row."""

    __slots__ = ()


def format_of(name: str, head: bytes, mapping: TableMapping | None, chosen: str) -> str:
    """Return csv, tsv, json or jsonl: as chosen, by the file name, or by its first bytes."""
    stated = chosen or (mapping.format if mapping else "")
    if stated:
        return stated
    suffix = name.lower().rpartition(".")[2]
    known = {"csv": "csv", "tsv": "tsv", "tab": "tsv", "json": "json", "jsonl": "jsonl"}
    if suffix in known or suffix == "ndjson":
        return known.get(suffix, "jsonl")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"["):
        return "json"
    if not start.startswith(b"{"):
        return "csv"
    try:
        parse_json(start.partition(b"\n")[0].decode())
    except (NotJson, UnicodeDecodeError):
        return "json"
    return "jsonl"


def read_separated(
    reader: LimitedReader, mapping: TableMapping | None, *, is_tabbed: bool, encoding: str
) -> Iterator[Header | Row | Problem]:
    """Yield the header of a CSV or TSV file, then its rows.

    Raises:
        BadFile: No header, duplicate columns, or a quote that is never closed.
    """
    lines = TextLines(reader, encoding)
    table = _Separated(reader.name, lines, mapping, is_tabbed)
    yield table.header
    yield from table.rows()
    if lines.guessed_lines:
        yield Problem(
            f"{reader.name}:{lines.first_guessed_line}",
            "",
            f"{lines.guessed_lines} lines are not UTF-8 and were read as Windows-1252; "
            "this is the first",
            "Say the encoding with the option encoding.",
            dropped=False,
        )


class _Separated:
    """A CSV or TSV table: its header, then its rows."""

    def __init__(
        self, name: str, lines: TextLines, mapping: TableMapping | None, is_tabbed: bool
    ) -> None:
        self._name = name
        source = iter(lines)
        skipped = sum(1 for _ in islice(source, mapping.skip_lines if mapping else 0))
        self._first_line = skipped
        first = self._first_with_text(source)
        stated = mapping.delimiter if mapping else ""
        if first.lower().startswith("sep=") and len(first.strip()) == 5:
            stated = stated or first.strip()[4]
            first = self._first_with_text(source)
        self.delimiter = stated or ("\t" if is_tabbed else sniff_delimiter(first))
        self._line = self._first_line - 1
        self._reader = csv.reader(
            self._numbered(first, source), delimiter=self.delimiter, strict=True
        )
        columns = mapping.columns if mapping else ()
        self.header = Header(columns) if columns else self._read_header()
        self._check_header()

    def _first_with_text(self, source: Iterator[str]) -> str:
        for line in source:
            self._first_line += 1
            if line.strip():
                return line
        raise BadFile(self._name, "the table has no header row", "Was its export cut off?")

    def _numbered(self, first: str, source: Iterator[str]) -> Iterator[str]:
        self._line += 1
        yield first
        for line in source:
            self._line += 1
            yield line

    def _read_header(self) -> Header:
        try:
            return Header(cell.strip() for cell in next(self._reader))
        except (csv.Error, StopIteration) as error:
            reason = f"the header row cannot be read ({error})"
            raise BadFile(
                self._name, reason, "Check its quotes and delimiter.", place=str(self._first_line)
            ) from error

    def _check_header(self) -> None:
        twice = [name for name, count in Counter(self.header).items() if name and count > 1]
        if twice:
            shown = ", ".join(repr(name[:100]) for name in twice[:10])
            raise BadFile(
                self._name,
                f"columns stand twice in the header: {shown}",
                "Rename them, or name all columns with `columns` in a mapping.",
                place=str(self._first_line),
            )
        if not any(self.header):
            raise BadFile(
                self._name, "the header row is empty", "Its first row must name the columns."
            )

    def rows(self) -> Iterator[Row | Problem]:
        while True:
            start = self._line + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield self._refused_row(error, start)
                continue
            if any(cell.strip() for cell in cells):
                yield self._row(cells, f"{self._name}:{start}")

    def _refused_row(self, error: csv.Error, start: int) -> Problem:
        text = str(error)
        if "unexpected end" in text or "field limit" in text:
            raise BadFile(
                self._name,
                "a quote that opens in this row is never closed",
                "The file was cut off, or a quote inside a cell is not doubled.",
                place=str(start),
            ) from error
        hint = "Double the quotes inside a cell, and check the delimiter."
        return Problem(f"{self._name}:{start}", "", f"the row cannot be read ({text})", hint)

    def _row(self, cells: list[str], place: str) -> Row | Problem:
        width = len(self.header)
        if len(cells) != width and (len(cells) < width or any(cells[width:])):
            return Problem(
                place,
                "",
                f"the row has {len(cells)} cells, the header has {width}",
                "Check the quotes and delimiters of the row.",
                raw=self._raw(cells),
            )
        named = zip(self.header, cells, strict=False)
        return Row(place, {name: _unescaped(cell) for name, cell in named if name})

    def _raw(self, cells: list[str]) -> str:
        names = [*self.header, *[""] * len(cells)]
        shown = io.StringIO()
        csv.writer(shown, delimiter=self.delimiter, lineterminator="").writerow(
            "(left out)" if is_credential(name, cell) else cell
            for name, cell in zip(names, cells, strict=False)
        )
        return shown.getvalue()[:_RAW_LIMIT]


def _unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith(_FORMULA_SIGNS) else cell


def sniff_delimiter(line: str) -> str:
    """Return the delimiter that splits a header line into most columns.

    >>> sniff_delimiter('name;"a, b";serial')
    ';'
    """

    def width(delimiter: str) -> int:
        try:
            return len(next(csv.reader([line], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=width)


def read_json_rows(reader: LimitedReader, path: str) -> Iterator[Row | Problem]:
    """Yield the objects of a JSON file: those of its list, or of the list at a dotted path.

    Raises:
        BadFile: Not JSON, or there is no list of objects.
    """
    value, repeated = load_json(reader.name, reader.read())
    for key in repeated:
        yield Problem(reader.name, key, "the key stands twice in one object", dropped=False)
    for step in path.split(".") if path else ():
        value = value.get(step) if isinstance(value, dict) else None
    if not isinstance(value, list):
        where = f" at {path!r}" if path else ""
        hint = "Say where the list is with `rows` in the mapping, like `rows: data.items`."
        raise BadFile(reader.name, f"there is no list of rows{where}", hint)
    for number, member in enumerate(value):
        yield _object_row(member, f"{reader.name}:{path}[{number}]")


def read_json_lines(reader: LimitedReader) -> Iterator[Row | Problem]:
    """Yield the object of each line.

    Raises:
        BadFile: Not one line is JSON, or the last one is cut off.
    """
    has_any = False
    failed: list[Problem] = []
    for number, line in numbered_lines(reader):
        if not line.strip():
            continue
        place = f"{reader.name}:{number}"
        try:
            value, repeated = parse_json(line.decode("utf-8"))
        except (NotJson, UnicodeDecodeError) as error:
            if not has_any and failed:
                raise BadFile(
                    reader.name, f"this is not JSON Lines ({error})", "One object per line."
                ) from error
            if not line.endswith(b"\n"):
                raise BadFile(
                    reader.name, "the last line is cut off", "Export it again.", place=str(number)
                ) from error
            failed = [Problem(place, "", f"the line is not JSON ({error})", "One object per line.")]
            yield from failed
            continue
        has_any = True
        for key in repeated:
            yield Problem(place, key, "the key stands twice in one object", dropped=False)
        yield _object_row(value, place)
    if not has_any:
        raise BadFile(reader.name, "the file holds no JSON object", "One object per line.")


def _object_row(value: Any, place: str) -> Row | Problem:
    if isinstance(value, dict):
        return Row(place, value)
    return Problem(place, "", "the row is not an object", "Each row is an object of cells.")


def check_columns(mapping: TableMapping, header: Sequence[str]) -> None:
    """Refuse a mapping that names a column that the table does not have.

    Raises:
        BadFile: Naming the rule, the column and the columns there are.
    """
    for rule in mapping.value_rules():
        for column in rule.columns:
            if column not in header:
                shown = ", ".join(repr(name[:60]) for name in header[:30])
                raise BadFile(
                    mapping.name,
                    f"the table has no column {column[:100]!r}",
                    f"Its columns: {shown}.",
                    place=rule.path,
                )
