"""Which revision was the newest one at a moment?"""

from __future__ import annotations

from datetime import datetime

from cmdb.errors import BadValue, UnknownRevision
from cmdb.ports import Moment
from cmdb.services.context import Context
from cmdb.snapshot import Snapshot


def find_revision(context: Context, moment: Moment) -> int:
    """Return the newest revision at a moment, 0 before the first; a revision is itself.

    Raises:
        UnknownRevision: The log has no revision of that number.
        BadValue: A time without a zone.
    """
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise BadValue("time", "it has no time zone", "Write 2026-05-01T12:00Z.")
        return context.store.revision_at(moment)
    if not 0 <= moment <= context.store.head().revision:
        raise UnknownRevision(str(moment))
    return moment


def snapshot_at(context: Context, moment: Moment | None) -> Snapshot:
    """Return the compiled topology of a moment; None for the present."""
    if moment is None:
        return context.snapshots.latest()
    return context.snapshots.at_revision(find_revision(context, moment))
