"""How is a whole database copied, backed up and restored, from one connection to another?"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from cmdb.errors import DatabaseTooNew
from cmdb.model.log import LogHead
from cmdb.model.moving_reports import MovedReport
from cmdb.model.shipped import shipped_registry
from cmdb.ports import Progress
from cmdb.store.archive import Archive, Header, read_archive, write_archive
from cmdb.store.connection import Connection
from cmdb.store.definitions import read_registry
from cmdb.store.log_rows import READ_HEAD
from cmdb.store.moving import Origin, fill, origin_in, while_nobody_writes
from cmdb.store.pages import Run, Shape, Tally
from cmdb.store.schema import MIGRATIONS, migrate


def copy(
    origin: Connection, target: Connection, *, is_anew: bool, progress: Progress | None = None
) -> tuple[LogHead, Tally]:
    """Copy a whole database into an empty one; writers of the origin wait meanwhile.

    Raises:
        BadValue: The target is not empty.
        DatabaseRefused: What was read back is not what was written.
    """
    types = _types(origin)

    def work(run: Run) -> tuple[LogHead, Tally]:
        head = _head(run)
        found = origin_in(run, head, types)
        return head, fill(target, found, is_anew=is_anew, progress=progress)

    return while_nobody_writes(origin, work)


def backup(
    connection: Connection, path: Path, *, progress: Progress | None = None
) -> tuple[LogHead, Tally, str]:
    """Write a whole database into a file, and read that back; writers wait meanwhile.

    Raises:
        BadFile: The file is there already, or cannot be written.
    """
    types = _types(connection)

    def work(run: Run) -> tuple[LogHead, Tally]:
        head = _head(run)
        found = origin_in(run, head, types)
        header = Header(
            program=version("cmdb"),
            schema=len(MIGRATIONS),
            revision=head.revision,
            hash=head.hash,
            sequence=head.sequence,
            made_at=int(time.time() * 1000),
            total=found.total,
            types=found.types,
        )
        return head, write_archive(path, header, found.pages(), progress)

    head, _ = while_nobody_writes(connection, work)
    archive = read_archive(path, progress)
    return head, archive.tally, archive.digest


def check_backup(path: Path, *, progress: Progress | None = None) -> Archive:
    """Return a backup that was read to its end, is whole, and can be restored by this program.

    Raises:
        BadFile: It is damaged, or no backup.
        DatabaseTooNew: A newer program made it.
    """
    archive = read_archive(path, progress)
    if archive.header.schema > len(MIGRATIONS):
        raise DatabaseTooNew(archive.header.schema, len(MIGRATIONS))
    return archive


def restore(
    archive: Archive, target: Connection, *, is_anew: bool, progress: Progress | None = None
) -> tuple[LogHead, Tally, str]:
    """Fill an empty database from a backup, and bring it up to date.

    Raises:
        BadValue: The target is not empty.
    """
    header = archive.header
    origin = Origin(archive.digest, header.total, header.types, archive.pages)
    tally = fill(target, origin, is_anew=is_anew, progress=progress)
    migrate(target, shipped_registry())
    return LogHead(header.revision, header.hash, 0, header.sequence), tally, archive.digest


def moved_report(
    places: tuple[str, str], head: LogHead, tally: Tally, digest: str = ""
) -> MovedReport:
    """Return what was moved from where to where."""
    return MovedReport(
        *places,
        revision=head.revision,
        hash=head.hash,
        nodes=_counts({shape: n for shape, n in tally.counts.items() if not shape.type}),
        relationships=_counts({shape: n for shape, n in tally.counts.items() if shape.type}),
        digest=digest,
    )


def _counts(counts: Mapping[Shape, int]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for shape, number in sorted(counts.items()):
        found[shape.type or shape.label] += number
    return dict(found)


def _types(connection: Connection) -> tuple[str, ...]:
    migrate(connection, shipped_registry())
    return tuple(sorted(read_registry(connection).types))


def _head(run: Run) -> LogHead:
    return LogHead(*run(READ_HEAD, None)[0])
