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

LONGEST_TITLE = 200
LONGEST_TEXT = 20_000


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


def check_aware(field: str, moment: datetime | None) -> datetime | None:
    """Return a time that carries its zone, or None.

    Raises:
        BadValue: It has none.
    """
    if moment is not None and moment.tzinfo is None:
        raise BadValue(field, "it has no time zone", "Write 2026-05-01T22:00Z.")
    return moment


def check_text(field: str, text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text that is not too long.

    Raises:
        BadValue: It is.
    """
    if len(text) > longest:
        raise BadValue(field, f"it has {len(text)} characters; at most {longest} are allowed")
    return text


def check_title(text: str) -> str:
    """Return a title without spaces around it.

    Raises:
        BadValue: Nothing remains, or too much.
    """
    if not text.strip():
        raise BadValue("title", "it is empty", "Say in a few words what it is about.")
    return check_text("title", text.strip(), LONGEST_TITLE)


def _bound(field: str, moment: datetime | None) -> int | None:
    check_aware(field, moment)
    return None if moment is None else to_epoch_ms(moment)
