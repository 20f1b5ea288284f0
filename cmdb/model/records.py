"""What does an importer yield? Records, and what it could not read, as values that know no store.

A record says what one data source knows of one thing: its class, attributes (the identifying ones
among them), the things it lives within, and its relationships to other things, which it names by
their identifying attributes, never by ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Reference:
    """Names another thing by its identifying attributes.

    Attributes:
        class_name: Its class, or a parent class where the source does not know better.
        values: Identifying attributes, `name` among them; `source_key` holds a key of last resort.
        within: The things it is identified within, by role (`cluster`, `host`, `owner`).
    """

    class_name: str
    values: Mapping[str, Any]
    within: Mapping[str, Reference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """One relationship of a record to another thing.

    Attributes:
        type: A registered relationship type (`depends_on`, `runs_on`, ...).
        other: The thing at the other end.
        reverse: False when the record is the dependent and `other` the provider; True the other
            way round. (For types without a dependent: subject and object of the verb.)
        strength: `hard`, `soft`, `gate` or `weak`; None takes the default of the type.
        tolerates_seconds: How long the dependent survives without the provider.
        confidence: In [0, 1]; below 1 only where the link is guessed.
        inferred_by: What guessed it; empty where the source states it.
        discriminator: Tells parallel relationships of one type between the same two things apart.
        denied: The source says that there is no such relationship, whoever else says there is.
    """

    type: str
    other: Reference
    reverse: bool = False
    strength: str | None = None
    tolerates_seconds: float | None = None
    confidence: float = 1.0
    inferred_by: str = ""
    discriminator: str = ""
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """What one source says of one thing.

    Attributes:
        class_name: A registered class.
        key: The source's own key of the thing, stable from run to run; empty where it has none.
        name: What people call it.
        attributes: By the names of the class registry; values not in the registry are reported.
        within: The things it is identified within, by role.
        links: Its relationships.
        lifecycle: A life-cycle stage, where the source knows one.
        observed_at: When the source saw this, aware UTC; None takes the time declared by the run.
        deleted: An explicit tombstone: the source says the thing is gone.
        place: Where it stands in the input, for messages (`shop.yaml:120`).
        about: The thing the record speaks of, where its own values do not name it (manual edits).
        source: The data source, where it is another than that of the run (an export).
        scope: The scope as text, where it is another than that of the run (an export).
    """

    class_name: str
    key: str = ""
    name: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    within: Mapping[str, Reference] = field(default_factory=dict)
    links: Sequence[Link] = ()
    lifecycle: str | None = None
    observed_at: datetime | None = None
    deleted: bool = False
    place: str = ""
    about: Reference | None = None
    source: str = ""
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in the input that could not be taken as it stands; the run goes on.

    Attributes:
        place: File and line, or path inside the document.
        field: The field at fault, or empty.
        reason: What is wrong.
        hint: What to do about it.
        raw: The offending item as text, for the rejects file; empty where it cannot be quoted.
        dropped: True when the whole item was left out, False when only a part of it was.
    """

    place: str
    field: str
    reason: str
    hint: str = ""
    raw: str = ""
    dropped: bool = True


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something the importer leaves out on purpose, counted by reason (`Secret never read`)."""

    reason: str
    place: str = ""


Item = Record | Problem | Skipped


@dataclass(frozen=True, slots=True)
class ImportInput:
    """What a run reads: a path (file or folder), or standard input as a stream.

    Attributes:
        path: The file or folder; None for a stream.
        stream: Bytes, where there is no path.
        name: How messages call it.
    """

    path: Path | None = None
    stream: BinaryIO | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the caller says of a run.

    Attributes:
        source: Name of the data source.
        scope: Declared scope by key (`{"cluster": "prod-1"}`).
        mapping: Path of a mapping file, where the format takes one.
        extra: Options of one format.
    """

    source: str = ""
    scope: Mapping[str, str] = field(default_factory=dict)
    mapping: Path | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One line of an importer's published table: this becomes that."""

    found: str
    becomes: str


class Importer(Protocol):
    """Reads one format. Registered under the entry point group `cmdb.importers`.

    One that also has `options`, a set of the names of its options, or `takes_mapping`, a bool, is
    never given others: who names one that it would not look at is told so.
    """

    name: str
    summary: str
    table: Sequence[MappingRow]

    def read(self, source: ImportInput, options: ImportOptions) -> Iterator[Item]:
        """Yield items as they are read.

        Raises:
            cmdb.errors.BadFile: The file as a whole cannot be taken. Callers write nothing before
                the iterator is exhausted, so a refusal may come late.
        """
        ...
