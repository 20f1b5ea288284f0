"""Is this mapping file right, and what does it say?"""

from __future__ import annotations

import codecs
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cmdb.errors import BadFile
from importers.reading import MIB, InputFile, open_bytes
from importers.table.cells import DATE_ORDERS, KINDS, SIZES, CellRule
from importers.table.mapping import (
    FORMATS,
    SKIP_VALUES,
    LinkRule,
    RecordRule,
    ReferenceRule,
    TableMapping,
    ValueRule,
)
from importers.table.section import Section
from importers.yaml_documents import load_documents

STRENGTHS: Final = ("hard", "soft", "gate", "weak")
_MAPPING_LIMIT: Final = 4 * MIB
_WITHIN_DEPTH_LIMIT: Final = 5


def load_mapping(path: Path) -> TableMapping:
    """Read and check a mapping file.

    Raises:
        BadFile: With the path of the field at fault and a way out.
    """
    # Where a server keeps what was sent to it is nobody's business: the name alone is told.
    name = path.name
    with open_bytes(InputFile(name, path), _MAPPING_LIMIT) as reader:
        documents = list(load_documents(reader))
    for document in documents:
        for problem in document.problems:
            raise BadFile(problem.place, f"{problem.field}: {problem.reason}", problem.hint)
    if len(documents) != 1:
        raise BadFile(name, f"it holds {len(documents)} documents", "A mapping is one document.")
    return parse_mapping(name, documents[0].value)


def parse_mapping(name: str, value: Any) -> TableMapping:
    """Check a mapping that was read."""
    top = Section(name, "", value)
    delimiter = top.text("delimiter").replace("\\t", "\t")
    if len(delimiter) > 1 or delimiter in ('"', "\n", "\r"):
        top.refuse("delimiter", f"{delimiter[:20]!r} is not one character", 'Like ";".')
    skip_lines = top.number("skip_lines", most=1_000_000) or 0
    values = top.texts("skip_values")
    mapping = TableMapping(
        name=name,
        records=tuple(_record(section) for section in top.sections("records")),
        format=top.choice("format", FORMATS),
        delimiter=delimiter,
        encoding=check_encoding(name, top.text("encoding"), top.at("encoding")),
        rows=top.text("rows"),
        columns=top.texts("columns"),
        skip_lines=int(skip_lines),
        skip_values=frozenset(text.casefold() for text in values or SKIP_VALUES) | {""},
    )
    top.finish()
    if not mapping.records:
        top.refuse("records", "there is no record in the mapping", "List at least one.")
    return mapping


def check_encoding(name: str, encoding: str, place: str) -> str:
    """Return the usual name of an encoding, empty for none.

    Raises:
        BadFile: There is no such text encoding.
    """
    if not encoding:
        return ""
    try:
        "a".encode(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        hint = "Like utf-8, utf-16, latin-1 or windows-1252."
        raise BadFile(name, f"{encoding[:50]!r} is no text encoding", hint, place=place) from error


def _record(section: Section) -> RecordRule:
    rule = RecordRule(
        class_name=_class(section),
        key=_optional(section, "key"),
        name=_optional(section, "name"),
        lifecycle=_optional(section, "lifecycle"),
        observed_at=_optional(section, "observed_at"),
        deleted=_optional(section, "deleted"),
        only_if=_optional(section, "only_if"),
        attributes=_values(section, "attributes"),
        within=_within(section, 1),
        links=tuple(_link(link) for link in section.sections("links")),
    )
    section.finish()
    if rule.key is None and rule.name is None and not rule.attributes:
        section.refuse("", "nothing says which thing it is", "Give key, name or attributes.")
    return rule


def _class(section: Section) -> ValueRule:
    path, value = section.at("class"), section.take("class")
    if isinstance(value, str) and value:
        return ValueRule(path, constant=value)
    if value is None:
        section.refuse("class", "the class is missing", "Like `class: Host`.")
    return _value(section.file, path, value)


def _optional(section: Section, key: str) -> ValueRule | None:
    path, value = section.at(key), section.take(key)
    return None if value is None else _value(section.file, path, value)


def _values(section: Section, key: str) -> dict[str, ValueRule]:
    found = section.map(key)
    return {
        name: _value(section.file, f"{section.at(key)}.{name}", value)
        for name, value in found.items()
    }


def _value(file: str, path: str, value: Any) -> ValueRule:
    if isinstance(value, str) and value:
        return ValueRule(path, columns=(value,))
    section = Section(file, path, value)
    column, columns = section.text("column"), section.texts("columns")
    constant, default = section.take("constant"), section.take("default")
    join = section.take("join")
    if sum((bool(column), bool(columns), constant is not None)) != 1:
        section.refuse("", "it needs one of column, columns or constant")
    if join is not None and not isinstance(join, str):
        section.refuse("join", "expected text")
    rule = ValueRule(
        path,
        columns=columns or ((column,) if column else ()),
        join=" " if join is None else join,
        constant=constant,
        default=default,
        cell=_cell(section),
    )
    section.finish()
    return rule


def _cell(section: Section) -> CellRule:
    mapped = {str(name).casefold(): value for name, value in section.map("map").items()}
    kind = section.choice("as", KINDS) or "text"
    order = section.choice("order", DATE_ORDERS)
    rule = CellRule(
        kind=kind,
        split=section.text("split"),
        decimal=section.choice("decimal", (".", ",")) or ".",
        date_order=order or "year-first",
        date_format=_date_format(section),
        zone=_zone(section),
        into=section.text("into"),
        times=section.number("times") or 1.0,
        rounded=section.flag("round"),
        mapped=mapped,
        others=section.take("others"),
    )
    if kind == "size" and rule.into.casefold() not in SIZES:
        section.refuse("into", "a size needs the unit that it is wanted in", "Like `into: MiB`.")
    if any(value is None for value in mapped.values()):
        section.refuse("map", "a value is mapped to nothing", "Use `skip_values` to skip it.")
    return rule


def _date_format(section: Section) -> str:
    pattern = section.text("format")
    if not pattern:
        return ""
    try:
        # Only the pattern is tried; the time it makes is dropped.
        datetime.strptime(datetime(2001, 2, 3).strftime(pattern), pattern)  # noqa: DTZ001, DTZ007
    except ValueError:
        section.refuse("format", f"{pattern[:50]!r} is no date format", "Like `%d/%m/%Y %H:%M`.")
    return pattern


def _zone(section: Section) -> str:
    zone = section.text("zone")
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            section.refuse(
                "zone", f"there is no zone {zone[:50]!r}", "Like `Europe/Berlin`, `UTC`."
            )
    return zone


def _within(section: Section, depth: int) -> dict[str, ReferenceRule]:
    found = section.map("within")
    if found and depth > _WITHIN_DEPTH_LIMIT:
        section.refuse("within", f"nested deeper than {_WITHIN_DEPTH_LIMIT} levels")
    return {
        role: _reference(Section(section.file, f"{section.at('within')}.{role}", value), depth + 1)
        for role, value in found.items()
    }


def _reference(section: Section, depth: int = 1) -> ReferenceRule:
    path = _optional(section, "path")
    if path is not None:
        chosen = section.text("class")
        section.finish()
        return ReferenceRule(ValueRule(section.at("class"), constant=chosen), path=path)
    rule = ReferenceRule(_class(section), _values(section, "values"), _within(section, depth))
    section.finish()
    if not rule.values:
        section.refuse("values", "nothing says which thing it is", "Like `values: {name: Host}`.")
    return rule


def _link(section: Section) -> LinkRule:
    other = Section(section.file, section.at("other"), section.take("other"))
    confidence = section.number("confidence", most=1)
    rule = LinkRule(
        type=section.text("type", required=True),
        other=_reference(other),
        split=section.text("split"),
        reverse=section.flag("reverse"),
        strength=section.choice("strength", STRENGTHS) or None,
        tolerates_seconds=section.number("tolerates_seconds"),
        confidence=1.0 if confidence is None else confidence,
        inferred_by=section.text("inferred_by"),
    )
    section.finish()
    return rule
