"""How is a whole database copied, written into a file and filled from one?"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from cmdb.bootstrap.database import connect
from cmdb.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from cmdb.model.moving_reports import MovedReport
    from cmdb.ports import Progress
    from cmdb.settings import Settings


def copy_database(
    origin: Settings, target: Settings, *, is_anew: bool, progress: Progress | None = None
) -> MovedReport:
    """Copy a whole database, log and hashes included, into an empty one; see `store.moves`.

    Raises:
        BadInput: Both are the same database.
    """
    from cmdb.store.moves import copy, moved_report

    if origin.place == target.place:
        raise BadInput(
            f"{origin.place} is what is read and what is filled. Name another, empty one to fill.",
            place=origin.place,
        )

    with (
        closing(connect(origin, create=False)) as source,
        closing(connect(target, create=True)) as sink,
    ):
        moved = copy(source, sink, is_anew=is_anew, progress=progress)
    return moved_report((origin.place, target.place), *moved)


def backup_database(
    settings: Settings, path: Path, *, progress: Progress | None = None
) -> MovedReport:
    """Write a whole database into a file; see `store.moves`."""
    from cmdb.store.moves import backup, moved_report

    with closing(connect(settings, create=False)) as connection:
        moved = backup(connection, path, progress=progress)
    return moved_report((settings.place, str(path)), *moved)


def restore_database(
    settings: Settings, path: Path, *, is_anew: bool, progress: Progress | None = None
) -> MovedReport:
    """Fill an empty database from a file; see `store.moves`."""
    from cmdb.store.moves import check_backup, moved_report, restore

    # Before anything is opened: a file that is no backup leaves no empty database behind.
    archive = check_backup(path, progress=progress)
    with closing(connect(settings, create=True)) as connection:
        moved = restore(archive, connection, is_anew=is_anew, progress=progress)
    return moved_report((str(path), settings.place), *moved)
