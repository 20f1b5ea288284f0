"""Which records does one row become under a mapping?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from cmdb.model.definitions import LIFECYCLE
from cmdb.model.records import Item, Link, Problem, Record, Reference, Skipped
from importers.credentials import REASON as CREDENTIAL
from importers.credentials import is_credential
from importers.table.cells import BadCell, parse_moment, split_cell
from importers.table.mapping import (
    LinkRule,
    RecordRule,
    ReferenceRule,
    TableMapping,
    ValueRule,
)
from importers.table.rows import Row


def build_items(row: Row, mapping: TableMapping) -> Iterator[Item]:
    """Yield the records of a row, and what in it could not be taken."""
    for rule in mapping.records:
        yield from _Builder(row, rule, mapping.skip_values).items()


class _Builder:
    """Builds one record of one row."""

    def __init__(self, row: Row, rule: RecordRule, skip_values: frozenset[str]) -> None:
        self._row = row
        self._rule = rule
        self._skip_values = skip_values
        self._notes: list[Problem | Skipped] = []

    def items(self) -> Iterator[Item]:
        rule = self._rule
        if rule.only_if is not None and self._flag(rule.only_if) is not True:
            yield Skipped("row left out by the mapping", self._row.place)
            return
        try:
            record = self._record()
        except _NoRecord as error:
            yield error.problem
            return
        yield from self._notes
        yield record

    def _record(self) -> Record:
        rule = self._rule
        class_name = self._class(rule.class_name)
        key = self._text(rule.key) if rule.key else ""
        name = self._text(rule.name) if rule.name else ""
        attributes = self._attributes(rule.attributes)
        if not (key or name or attributes):
            raise self._refused(
                "", "nothing says which thing it is", "Key, name and all are empty."
            )
        return Record(
            class_name,
            key=key,
            name=name or None,
            attributes=attributes,
            within=self._within(rule.within),
            links=tuple(link for each in rule.links for link in self._links(each)),
            lifecycle=self._lifecycle(),
            observed_at=self._moment(rule.observed_at) if rule.observed_at else None,
            deleted=self._flag(rule.deleted) is True if rule.deleted else False,
            place=self._row.place,
        )

    def _refused(self, column: str, reason: str, hint: str = "") -> _NoRecord:
        return _NoRecord(Problem(self._row.place, column, reason, hint))

    def _note(self, column: str, reason: str, hint: str = "The value was left out.") -> None:
        self._notes.append(Problem(self._row.place, column, reason, hint, dropped=False))

    def _is_empty(self, cell: Any) -> bool:
        if cell is None or cell == [] or cell == {}:
            return True
        return isinstance(cell, str) and cell.strip().casefold() in self._skip_values

    def _cells(self, rule: ValueRule) -> list[tuple[str, Any]]:
        found = [(column, self._row.get(column)) for column in rule.columns]
        return [(column, cell) for column, cell in found if not self._is_empty(cell)]

    def _value(self, rule: ValueRule) -> Any:
        """Return the value of a rule; None where the cells are empty or wrong, which is noted."""
        if rule.constant is not None:
            return rule.constant
        cells = self._cells(rule)
        if not cells:
            return rule.default
        column = cells[0][0]
        try:
            if len(rule.columns) == 1:
                return rule.cell.read(cells[0][1])
            read = [str(rule.cell.read(cell)) for _, cell in cells]
        except BadCell as error:
            self._note(column, f"expected {error}")
            return None
        return rule.join.join(read)

    def _text(self, rule: ValueRule) -> str:
        value = self._value(rule)
        if value is None or isinstance(value, str):
            return (value or "").strip()
        if isinstance(value, list | dict):
            self._note(rule.path, "expected text, found a list or map")
            return ""
        return str(value)

    def _class(self, rule: ValueRule) -> str:
        count = len(self._notes)
        name = self._text(rule)
        if name:
            return name
        column = rule.columns[0] if rule.columns else ""
        noted = self._notes[count] if len(self._notes) > count else None
        reason = noted.reason if noted else "the row states no class"
        hint = "Add the value to `map`, or give `others` or `default`."
        raise self._refused(column, reason, hint)

    def _attributes(self, rules: Mapping[str, ValueRule]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, rule in rules.items():
            value = self._value(rule)
            if value is None or value == "" or value == []:
                continue
            members = value if isinstance(value, list) else [value]
            if any(is_credential(name, member) for member in members):
                self._notes.append(Skipped(CREDENTIAL, self._row.place))
            else:
                found[name] = value
        return found

    def _lifecycle(self) -> str | None:
        rule = self._rule.lifecycle
        stage = self._text(rule) if rule else ""
        if stage and stage not in LIFECYCLE:
            column = rule.columns[0] if rule and rule.columns else ""
            hint = f"Use `map` to name one of {', '.join(LIFECYCLE)}."
            self._note(column, f"{stage[:100]!r} is no life-cycle stage", hint)
            return None
        return stage or None

    def _moment(self, rule: ValueRule) -> datetime | None:
        text = rule.join.join(str(cell) for _, cell in self._cells(rule))
        if not text:
            return None
        try:
            return parse_moment(rule.cell, text)
        except BadCell as error:
            self._note(rule.columns[0], f"expected {error}")
            return None

    def _flag(self, rule: ValueRule) -> bool | None:
        value = self._value(rule)
        if value is None or isinstance(value, bool):
            return value
        known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        word = str(value).strip().casefold()
        if word not in known:
            self._note(rule.columns[0] if rule.columns else "", "expected yes or no")
        return known.get(word)

    def _within(self, rules: Mapping[str, ReferenceRule]) -> dict[str, Reference]:
        found = {role: self._reference(rule) for role, rule in rules.items()}
        return {role: other for role, other in found.items() if other is not None}

    def _reference(
        self, rule: ReferenceRule, given: Mapping[str, Any] | None = None
    ) -> Reference | None:
        if rule.path is not None:
            cell = self._text(rule.path)
            return self._at_path(rule, cell) if cell else None
        values: dict[str, Any] = dict(given or {})
        has_cell = bool(values)
        for name, value_rule in rule.values.items():
            if name in values:
                continue
            value = self._value(value_rule)
            if value is None or value == "" or value == []:
                continue
            values[name] = value
            has_cell = has_cell or value_rule.constant is None
        is_constant = all(each.constant is not None for each in rule.values.values())
        if not values or not (has_cell or is_constant):
            return None
        try:
            class_name = self._class(rule.class_name)
        except _NoRecord as error:
            self._note(error.problem.field, error.problem.reason, error.problem.hint)
            return None
        return Reference(class_name, values, self._within(rule.within))

    def _links(self, rule: LinkRule) -> Iterator[Link]:
        for other in self._others(rule):
            yield Link(
                rule.type,
                other,
                reverse=rule.reverse,
                strength=rule.strength,
                tolerates_seconds=rule.tolerates_seconds,
                confidence=rule.confidence,
                inferred_by=rule.inferred_by,
            )

    def _at_path(self, rule: ReferenceRule, cell: Any) -> Reference | None:
        """Return the thing that `Class/name` names; without a slash the class of the rule holds."""
        class_name, slash, name = str(cell).strip().partition("/")
        if not slash:
            class_name, name = str(rule.class_name.constant or ""), class_name
        if class_name.strip() and name.strip():
            return Reference(class_name.strip(), {"name": name.strip()})
        column = rule.path.columns[0] if rule.path and rule.path.columns else ""
        self._note(column, f"{str(cell)[:100]!r} names nothing", "Write it as Class/name.")
        return None

    def _others(self, rule: LinkRule) -> Iterator[Reference]:
        if rule.other.path is not None:
            for _, cell in self._cells(rule.other.path):
                for member in _members(cell, rule.split) if rule.split else [cell]:
                    if not self._is_empty(member) and (
                        (other := self._at_path(rule.other, member)) is not None
                    ):
                        yield other
            return
        if not rule.split:
            if (other := self._reference(rule.other)) is not None:
                yield other
            return
        lists: dict[str, list[str]] = {}
        for name, value_rule in rule.other.values.items():
            for _, cell in self._cells(value_rule):
                lists[name] = _members(cell, rule.split)
        if len({len(members) for members in lists.values()}) > 1:
            hint = "Columns that are split together need as many names each."
            columns = ", ".join(rule.other.values[name].columns[0] for name in lists)
            self._note(columns, "the cells name different numbers of things", hint)
            return
        for members in zip(*lists.values(), strict=True):
            named = zip(lists, members, strict=True)
            given = {name: text for name, text in named if not self._is_empty(text)}
            if given and (other := self._reference(rule.other, given)) is not None:
                yield other


def _members(cell: Any, separator: str) -> list[str]:
    if isinstance(cell, list):
        return [str(member) for member in cell if isinstance(member, str | int | float)]
    return split_cell(str(cell), separator)


class _NoRecord(Exception):
    """A row that becomes no record, with the problem to report."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem
