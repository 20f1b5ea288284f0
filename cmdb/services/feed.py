"""What was written since a revision, in order, as this caller may see it?"""

from __future__ import annotations

from cmdb.errors import BadValue, LimitExceeded, UnknownRevision
from cmdb.model.changes import LogChange
from cmdb.model.log import LogEntry
from cmdb.model.system_reports import FeedChange, FeedEntry, FeedPage
from cmdb.services.context import Context
from cmdb.services.permit import permit
from cmdb.services.read_log import revision_of
from cmdb.services.withholding import Sight

MOST_ENTRIES = 1_000
MOST_CHANGES = 5_000
"""After so many changes a page ends early, so that entries of a large import come one by one."""
_ENTRIES_A_READ = 50


def read_feed(context: Context, after: int, limit: int = 100) -> FeedPage:
    """Return entries of the log after a revision, in order.

    A page may hold fewer than `limit` entries although more follow; `has_next` says so, and
    `revision` is where to go on.

    Raises:
        LimitExceeded: More entries are asked for than a page has.
        UnknownRevision: The log does not reach that revision: it is another log.
    """
    permit(context.caller, "read_log", "the feed")
    _check(after, limit)
    head = context.store.head().revision
    if after > head:
        raise UnknownRevision(str(after), reason=f"the log ends at {head}")
    last = min(after + limit, head)
    sight = Sight(context)
    told: list[FeedEntry] = []
    changes, revision = 0, after
    while revision < last and changes < MOST_CHANGES:
        entries = context.store.entries(revision + 1, min(revision + _ENTRIES_A_READ, last))
        if not entries:
            break
        sight.look(entries)
        for entry in entries:
            told.append(_told(entry, sight))
            revision = entry.revision
            changes += len(entry.changes)
            if changes >= MOST_CHANGES:
                break
    return FeedPage(tuple(told), revision, revision < head)


def _check(after: int, limit: int) -> None:
    if after < 0:
        raise BadValue("after", "a revision is a number of at least 0")
    if limit < 1:
        raise BadValue("limit", "at least one entry must be asked for")
    if limit > MOST_ENTRIES:
        raise LimitExceeded("entries of a page", MOST_ENTRIES, limit, "Go on from `revision`.")


def _told(entry: LogEntry, sight: Sight) -> FeedEntry:
    return FeedEntry(
        revision_of(entry, sight),
        tuple(_change(change, sight) for change in entry.changes),
    )


def _change(change: LogChange | None, sight: Sight) -> FeedChange:
    if change is None:
        return FeedChange("", "", {}, {}, is_erased=True)
    if sight.hides(change):
        return FeedChange(change.kind, "", {}, {}, is_withheld=True)
    return FeedChange(
        change.kind, change.id, dict(change.before), dict(change.after), dict(change.ends)
    )
