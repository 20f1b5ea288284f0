"""Was any entry of the log altered, left out or put in?"""

from __future__ import annotations

from cmdb.errors import LogBroken
from cmdb.model.log import GENESIS, LogHead, verify
from cmdb.model.log_reports import Anchor, VerifyReport
from cmdb.ports import Progress
from cmdb.services.context import Context
from cmdb.services.permit import permit

_BATCH = 200


def anchor_log(context: Context) -> Anchor:
    """Return revision and hash of the newest entry, for keeping elsewhere."""
    permit(context.caller, "read_log", "the log")
    head = context.store.head()
    return Anchor(head.revision, head.hash)


def verify_log(
    context: Context, anchor: Anchor | None = None, progress: Progress | None = None
) -> VerifyReport:
    """Check every entry against the one before it, the head, and an anchor if there is one.

    The chain alone proves nothing against whoever owns the database and rewrites all of it; an
    anchor kept elsewhere does.

    Raises:
        LogBroken: With the revision and what does not fit.
    """
    permit(context.caller, "read_log", "the log")
    head = context.store.head()
    last = LogHead(0, GENESIS, 0)
    erased = 0
    if anchor is not None:
        _check_anchor(anchor, last)
    while last.revision < head.revision:
        end = min(last.revision + _BATCH, head.revision)
        stored = context.store.stored_entries(last.revision + 1, end)
        if not stored:
            raise LogBroken(last.revision + 1, "the entry is missing")
        for entry in stored:
            erased += verify(entry, last)
            last = LogHead(entry.revision, entry.hash, entry.at)
            if anchor is not None:
                _check_anchor(anchor, last)
        if progress is not None:
            progress("verify", last.revision, head.revision)
    if last.hash != head.hash:
        raise LogBroken(head.revision, "its hash is not that of the head")
    if anchor is not None and anchor.revision > head.revision:
        raise LogBroken(anchor.revision, "the anchor knows this entry, the log ends before it")
    return VerifyReport(head.revision, erased, Anchor(head.revision, head.hash), anchor)


def _check_anchor(anchor: Anchor, last: LogHead) -> None:
    if anchor.revision == last.revision and anchor.hash != last.hash:
        raise LogBroken(last.revision, "its hash is not the one that the anchor knows")
