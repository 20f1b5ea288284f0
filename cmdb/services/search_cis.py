"""Which CIs match these words?"""

from __future__ import annotations

from cmdb.errors import LimitExceeded
from cmdb.model.reports import NamedCI, SearchHit, SearchReport
from cmdb.model.selection import check_page
from cmdb.services.context import Context
from cmdb.services.permit import permit

LONGEST_SEARCH = 1_000


def search_cis(context: Context, text: str, limit: int = 20) -> SearchReport:
    """Return CIs whose name or identifiers hold every word, best first.

    Raises:
        BadValue: No hit is asked for.
        LimitExceeded: More hits than a page has, or a text that is too long.
    """
    permit(context.caller, "read")
    check_page("limit", limit)
    if len(text) > LONGEST_SEARCH:
        raise LimitExceeded("characters of a search", LONGEST_SEARCH, len(text))
    hits = context.store.search(text, context.caller.visibility, limit)
    return SearchReport(
        text,
        tuple(
            SearchHit(NamedCI(hit.id, hit.class_name, hit.name, hit.lifecycle), hit.score)
            for hit in hits
        ),
    )
