"""Was any entry of the log altered, left out or put in?"""

from __future__ import annotations

import math
import time

from cmdb.errors import BadValue, LogBroken
from cmdb.model.log import GENESIS, LogHead, verify
from cmdb.model.log_reports import Anchor, VerifyReport
from cmdb.ports import Progress
from cmdb.services.context import Context
from cmdb.services.permit import permit

PORTION_SECONDS = 0.5
"""A portion ends at the first batch after this time: far below any limit of a request."""
LONGEST_PORTION = 10_000
_BATCH, _SMALL_BATCH = 200, 50


def anchor_log(context: Context) -> Anchor:
    """Return revision and hash of the newest entry, for keeping elsewhere."""
    permit(context.caller, "read_log", "the log")
    head = context.store.head()
    return Anchor(head.revision, head.hash)


def verify_log(
    context: Context,
    anchor: Anchor | None = None,
    progress: Progress | None = None,
    *,
    after: Anchor | None = None,
    first: int | None = None,
) -> VerifyReport:
    """Check every entry against the one before it, the head, and an anchor if there is one.

    The chain alone proves nothing against whoever owns the database and rewrites all of it; an
    anchor kept elsewhere does.

    Args:
        context: Store and caller.
        anchor: What was kept elsewhere.
        progress: Told how far it is.
        after: Where an earlier portion ended: what comes before is not checked again, and what
            comes after must follow from it.
        first: Most entries to check; a portion also ends by itself after half a second.

    Raises:
        LogBroken: With the revision and what does not fit.
    """
    permit(context.caller, "read_log", "the log")
    if first is not None and not 1 <= first <= LONGEST_PORTION:
        raise BadValue("first", f"a portion has 1 to {LONGEST_PORTION} entries")
    head = context.store.head()
    last = LogHead(0, GENESIS, 0) if after is None else LogHead(after.revision, after.hash, 0)
    checking = _Checking(context, anchor, last, head)
    end = head.revision if first is None else min(head.revision, last.revision + first)
    ends_at = math.inf if first is None else time.monotonic() + PORTION_SECONDS
    while checking.last.revision < end:
        checking.check(end, _BATCH if first is None else _SMALL_BATCH)
        if progress is not None:
            progress("verify", checking.last.revision, head.revision)
        # After a batch and not before one: every portion gets on.
        if time.monotonic() >= ends_at:
            break
    return checking.report(last.revision)


class _Checking:
    """How far a log was checked."""

    def __init__(
        self, context: Context, anchor: Anchor | None, last: LogHead, head: LogHead
    ) -> None:
        if last.revision > head.revision:
            raise LogBroken(last.revision, "it was checked before, the log ends before it")
        self.last = last
        self._erased = 0
        self._context = context
        self._anchor = anchor
        self._head = head
        self._check_anchor()

    def check(self, end: int, size: int) -> None:
        """Check the entries that follow, up to one of them and not many at once."""
        first = self.last.revision + 1
        stored = self._context.store.stored_entries(first, min(self.last.revision + size, end))
        if not stored:
            raise LogBroken(first, "the entry is missing")
        for entry in stored:
            self._erased += verify(entry, self.last)
            self.last = LogHead(entry.revision, entry.hash, entry.at)
            self._check_anchor()

    def report(self, after: int) -> VerifyReport:
        """Return what was checked since a revision."""
        last, head, anchor = self.last, self._head, self._anchor
        has_next = last.revision < head.revision
        if not has_next and last.hash != head.hash:
            raise LogBroken(head.revision, "its hash is not that of the head")
        if anchor is not None and anchor.revision > head.revision:
            raise LogBroken(anchor.revision, "the anchor knows this entry, the log ends before it")
        until = Anchor(last.revision, last.hash)
        newest = Anchor(head.revision, head.hash)
        return VerifyReport(
            last.revision - after, self._erased, newest, anchor, until, has_next=has_next
        )

    def _check_anchor(self) -> None:
        anchor, last = self._anchor, self.last
        if anchor is not None and anchor.revision == last.revision and anchor.hash != last.hash:
            raise LogBroken(last.revision, "its hash is not the one that the anchor knows")
