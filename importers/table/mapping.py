"""What does a mapping file say: which column of a table becomes what?

The language is described in `docs/importers/table.md`; `mapping_file` reads and checks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from importers.table.cells import CellRule

FORMATS: Final = ("csv", "tsv", "json", "jsonl")
SKIP_VALUES: Final = ("", "?", "NA", "N/A", "#N/A", "null", "None", "-")


@dataclass(frozen=True, slots=True)
class ValueRule:
    """Where a value comes from: columns, or a constant; and how it is read."""

    path: str
    columns: tuple[str, ...] = ()
    join: str = " "
    constant: Any = None
    default: Any = None
    cell: CellRule = field(default_factory=CellRule)


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """How another thing is named.

    Attributes:
        class_name: Its class.
        values: Its identifying attributes.
        within: What it is identified within.
        path: A column whose cells hold `Class/name`, instead of class and values.
    """

    class_name: ValueRule
    values: Mapping[str, ValueRule] = field(default_factory=dict)
    within: Mapping[str, ReferenceRule] = field(default_factory=dict)
    path: ValueRule | None = None


@dataclass(frozen=True, slots=True)
class LinkRule:
    """One relationship per row, or several where `split` separates the names in a cell."""

    type: str
    other: ReferenceRule
    split: str = ""
    reverse: bool = False
    strength: str | None = None
    tolerates_seconds: float | None = None
    confidence: float = 1.0
    inferred_by: str = ""


@dataclass(frozen=True, slots=True)
class RecordRule:
    """One record per row."""

    class_name: ValueRule
    key: ValueRule | None = None
    name: ValueRule | None = None
    lifecycle: ValueRule | None = None
    observed_at: ValueRule | None = None
    deleted: ValueRule | None = None
    only_if: ValueRule | None = None
    attributes: Mapping[str, ValueRule] = field(default_factory=dict)
    within: Mapping[str, ReferenceRule] = field(default_factory=dict)
    links: tuple[LinkRule, ...] = ()


@dataclass(frozen=True, slots=True)
class TableMapping:
    """A whole mapping file."""

    records: tuple[RecordRule, ...]
    name: str = ""
    format: str = ""
    delimiter: str = ""
    encoding: str = ""
    rows: str = ""
    columns: tuple[str, ...] = ()
    skip_lines: int = 0
    skip_values: frozenset[str] = frozenset(value.casefold() for value in SKIP_VALUES)

    def value_rules(self) -> Iterator[ValueRule]:
        """Yield every rule that reads columns."""
        for record in self.records:
            single = (
                record.class_name, record.key, record.name, record.lifecycle, record.observed_at,
                record.deleted, record.only_if,
            )  # fmt: skip
            yield from (rule for rule in single if rule is not None)
            yield from record.attributes.values()
            others = [*record.within.values(), *(link.other for link in record.links)]
            for other in others:
                yield from _reference_rules(other)


def _reference_rules(other: ReferenceRule) -> Iterator[ValueRule]:
    yield other.class_name
    if other.path is not None:
        yield other.path
    yield from other.values.values()
    for held in other.within.values():
        yield from _reference_rules(held)
