"""Which records does a listing ask for, and can it be asked for so?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cmdb.errors import BadValue
from cmdb.model.inventory import to_epoch_ms
from cmdb.model.nodes import NodeKind, NodeListing, NodePage
from cmdb.model.selection import MAX_PAGE
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
        BadValue: A page that is too large, a state that there is not, or a time without a zone.
        UnknownCI: With the nearest names.
    """
    if not 1 <= listing.first <= MAX_PAGE:
        raise BadValue("first", f"a page has 1 to {MAX_PAGE} rows", "Follow `next` for more.")
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
            listing.after,
        )
    )


def next_cursor(page: NodePage) -> str:
    """Return the cursor of the page that follows, or empty."""
    return page.nodes[-1].id if page.has_next else ""


def _bound(field: str, moment: datetime | None) -> int | None:
    check_aware(field, moment)
    return None if moment is None else to_epoch_ms(moment)
