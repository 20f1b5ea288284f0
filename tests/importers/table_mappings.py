"""Mappings of tables, for tests."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from cmdb.model.records import ImportOptions, Item
from importers.table import IMPORTER
from tests.importers.reading_items import (
    read_text,
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
