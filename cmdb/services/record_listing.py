"""Which records does a listing ask for, and can it be asked for so?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cmdb.errors import BadValue
from cmdb.model.cursors import open_cursor, seal_cursor
from cmdb.model.inventory import to_epoch_ms
from cmdb.model.nodes import NodeKind, NodeListing, NodePage
from cmdb.model.selection import check_page
from cmdb.ports import RecordListing
from cmdb.services.context import Context
from cmdb.services.find_ci import find_all
from cmdb.services.record_values import check_aware


def list_records(
    context: Context, kind: NodeKind, listing: RecordListing, known: Sequence[str]
) -> NodePage:
    """Return a page of records of one kind, newest first.

    Attached to a CI is also what was attached to one that was later merged into it.

    Raises:
        BadValue: A cursor of something else, a state that there is not, or a time without a zone.
        LimitExceeded: A page that is too large.
        UnknownCI: With the nearest names.
    """
    check_page("first", listing.first)
    for state in listing.states or ():
        if state not in known:
            raise BadValue("states", f"{state!r} is no state", f"One of {', '.join(known)}.")
    concerns = None
    if listing.cis is not None:
        ids = [ci.id for ci in find_all(context, list(listing.cis))]
        concerns = [*ids, *context.store.merged_into(ids)]
    return context.store.list_nodes(
        NodeListing(
            kind,
            listing.states,
            concerns,
            _bound("from", listing.from_at),
            _bound("to", listing.to_at),
            listing.first,
            _place(kind, listing.after),
        )
    )


def next_cursor(page: NodePage) -> str:
    """Return the cursor of the page that follows, or empty."""
    last = page.nodes[-1] if page.has_next else None
    return "" if last is None else seal_cursor([last.kind, last.id])


def _place(kind: NodeKind, cursor: str) -> str:
    """Return the id after which a page begins, or empty for the first one."""
    match open_cursor(cursor) if cursor else [kind, ""]:
        case [str(held), str(record_id)] if held == kind:
            return record_id
    raise BadValue("after", f"not a cursor of {kind}s", "Begin at the first page.")


def _bound(field: str, moment: datetime | None) -> int | None:
    check_aware(field, moment)
    return None if moment is None else to_epoch_ms(moment)
