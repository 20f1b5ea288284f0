"""What do the columns of a table mean, where no mapping file says it?

Recognised are `class`, `name`, `key`, `lifecycle`, `observed_at`, `deleted`, the attributes of the
shipped classes, a few usual other names of them, and relationship types, whose cells hold
`Class/name`, several separated by `;`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from cmdb.errors import BadFile
from cmdb.model.definitions import LIFECYCLE
from cmdb.model.records import Problem
from cmdb.model.shipped import shipped_registry
from importers.table.cells import CellRule
from importers.table.mapping import (
    LinkRule,
    RecordRule,
    ReferenceRule,
    TableMapping,
    ValueRule,
)

ALIASES: Final = {
    "type": "class", "ci_class": "class", "ci_type": "class", "class_name": "class",
    "hostname": "name", "host_name": "name", "ci_name": "name", "ci": "name", "id": "key",
    "serial_number": "serial", "serial_no": "serial", "manufacturer": "vendor",
    "ip_address": "ip", "mac": "macs", "mac_address": "macs", "operating_system": "os",
    "memory_mb": "memory_mib", "ram_mb": "memory_mib", "disk_gb": "disk_gib", "cpus": "cpu_count",
    "asset": "asset_tag", "lifecycle_stage": "lifecycle", "life_cycle": "lifecycle",
    "env": "environment",
    "comment": "notes", "comments": "notes", "last_seen": "observed_at", "seen_at": "observed_at",
}  # fmt: skip
"""Other names of columns, after lower case and `_` for everything else than letters and digits."""

_SINGLE: Final = ("class", "name", "key", "lifecycle", "observed_at", "deleted")
_STAGES: Final = {stage: stage for stage in LIFECYCLE} | {
    "in build": "in_build", "in use": "in_use", "in maintenance": "in_maintenance",
    "active": "in_use", "live": "in_use", "operational": "in_use", "installed": "in_use",
    "ordered": "planned", "maintenance": "in_maintenance", "decommissioned": "retired",
}  # fmt: skip


def recognise(
    file: str, header: Sequence[str], default_class: str
) -> tuple[TableMapping, list[Problem]]:
    """Return the mapping that the column names suggest, and a problem per unknown column.

    Raises:
        BadFile: No class, or nothing that says which thing a row is.
    """
    columns: dict[str, str] = {}
    problems: list[Problem] = []
    attributes = _attributes()
    links = shipped_registry().types
    for column in header:
        meaning = _meaning(column)
        is_known = meaning in _SINGLE or meaning in attributes or meaning in links
        if column and (not is_known or meaning in columns):
            first = columns.get(meaning)
            reason = f"means the same as {first!r}" if first else "the column is not recognised"
            hint = "It was left out; write a mapping file to say what it is."
            problems.append(Problem(f"{file}:1", column[:200], reason, hint, dropped=False))
        elif column:
            columns[meaning] = column
    if "class" not in columns and not default_class:
        raise BadFile(
            file,
            "no column says which class a row is",
            "Add a column `class`, give the option class, or write a mapping file.",
        )
    if not columns.keys() - {"class", "lifecycle", "observed_at", "deleted", *links}:
        raise BadFile(
            file, "no column says which thing a row is", "Add a column `name`, or a mapping file."
        )
    return _mapping(file, columns, default_class), problems


def _meaning(column: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", column[:200].casefold()).strip("_")
    return ALIASES.get(plain, plain)


def _attributes() -> dict[str, bool]:
    """Return whether each shipped attribute is a list."""
    registry = shipped_registry()
    return {
        attribute.name: attribute.many
        for name in registry.classes
        for attribute in registry.attributes(name).values()
    }


def _mapping(file: str, columns: dict[str, str], default_class: str) -> TableMapping:
    attributes = _attributes()

    def single(name: str, cell: CellRule | None = None) -> ValueRule | None:
        if name not in columns:
            return None
        return ValueRule(name, (columns[name],), cell=cell or CellRule())

    record = RecordRule(
        class_name=_class_rule(columns.get("class"), default_class),
        attributes={
            name: ValueRule(name, (column,), cell=CellRule("list" if attributes[name] else "text"))
            for name, column in columns.items()
            if name in attributes and name not in _SINGLE
        },
        links=tuple(_links(columns)),
        key=single("key"),
        name=single("name"),
        lifecycle=single("lifecycle", CellRule(mapped=_STAGES)),
        observed_at=single("observed_at"),
        deleted=single("deleted", CellRule("boolean")),
    )
    return TableMapping((record,), name=file)


def _class_rule(column: str | None, default_class: str) -> ValueRule:
    if column is None:
        return ValueRule("class", constant=default_class)
    by_folded = {name.casefold(): name for name in shipped_registry().classes}
    return ValueRule(
        "class", (column,), default=default_class or None, cell=CellRule(mapped=by_folded)
    )


def _links(columns: dict[str, str]) -> Iterator[LinkRule]:
    for name in shipped_registry().types:
        if name in columns:
            path = ValueRule(name, (columns[name],))
            yield LinkRule(name, ReferenceRule(ValueRule(name), path=path), split=";")
