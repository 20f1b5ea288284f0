"""How is a log of any length verified through a server? Portion by portion, joined here."""

from __future__ import annotations

from dataclasses import replace

from cmdb.client.exchange import Server, Steps
from cmdb.client.inventory_calls import verify_log
from cmdb.model.log_reports import Anchor, VerifyReport
from cmdb.ports.store import Progress


def verify_steps(
    server: Server,
    anchor: Anchor | None,
    progress: Progress | None,
    after: Anchor | None,
    first: int | None,
) -> Steps[VerifyReport]:
    """Check the chain after a revision to its end, or one portion where `first` is given.

    Each portion follows from the hash that the one before ended with, which this side kept: a log
    that is rewritten meanwhile does not pass.
    """
    if first is not None:
        portion = yield from server.call(verify_log(anchor, after, first))
        return portion
    entries = erased = 0
    while True:
        part = yield from server.call(verify_log(anchor, after))
        entries, erased, after = entries + part.entries, erased + part.erased, part.until
        if progress is not None:
            progress("verify", part.until.revision, part.head.revision)
        if not part.has_next:
            return replace(part, entries=entries, erased=erased)
