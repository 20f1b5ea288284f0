"""Reads small inputs through an importer, for tests."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from cmdb.model.records import (
    Importer,
    ImportInput,
    ImportOptions,
    Item,
    Link,
    Problem,
    Record,
    Skipped,
)
from tests.peers.unavailable import skip_for_good

REAL_FILES = Path(__file__).resolve().parents[3] / "shared" / "data"


def real_file(name: str) -> Path:
    """Return a file that is not part of the repository, or skip the test."""
    path = REAL_FILES / name
    if not path.exists():
        skip_for_good(f"the real file {name} is not here")
    return path


def read_bytes(
    importer: Importer, data: bytes, name: str = "input", options: ImportOptions | None = None
) -> list[Item]:
    """Return the items of an input that comes as a stream."""
    source = ImportInput(stream=io.BytesIO(data), name=name)
    return list(importer.read(source, options or ImportOptions(source="test")))


def read_text(
    importer: Importer, text: str, name: str = "input", options: ImportOptions | None = None
) -> list[Item]:
    """Return the items of an input that is UTF-8 text."""
    return read_bytes(importer, text.encode(), name, options)


def read_path(importer: Importer, path: Path, options: ImportOptions | None = None) -> list[Item]:
    """Return the items of a file or folder."""
    source = ImportInput(path=path, name=path.name)
    return list(importer.read(source, options or ImportOptions(source="test")))


def records(items: Sequence[Item], class_name: str = "") -> list[Record]:
    """Return the records, of one class if it is given."""
    found = [item for item in items if isinstance(item, Record)]
    return [record for record in found if class_name in ("", record.class_name)]


def only_record(items: Sequence[Item], class_name: str = "") -> Record:
    """Return the one record of a class."""
    (record,) = records(items, class_name)
    return record


def problems(items: Sequence[Item]) -> list[Problem]:
    """Return the problems."""
    return [item for item in items if isinstance(item, Problem)]


def skipped(items: Sequence[Item]) -> Mapping[str, int]:
    """Return how often each reason was given for leaving something out."""
    return Counter(item.reason for item in items if isinstance(item, Skipped))


def links(items: Sequence[Item], type_name: str) -> list[tuple[str, Link]]:
    """Return the links of one type, with the key of their record."""
    return [
        (record.key, link)
        for record in records(items)
        for link in record.links
        if link.type == type_name
    ]


def pairs(items: Sequence[Item], type_name: str) -> list[tuple[str, str]]:
    """Return the links of one type as pairs of names, sorted."""
    return sorted(
        (str(record.name), str(link.other.values["name"]))
        for record in records(items)
        for link in record.links
        if link.type == type_name
    )
