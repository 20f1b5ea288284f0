"""Which CIs match these words?"""

from __future__ import annotations

from cmdb.errors import BadValue
from cmdb.model.reports import NamedCI, SearchHit, SearchReport
from cmdb.model.selection import MAX_PAGE
from cmdb.services.context import Context
from cmdb.services.permit import permit


def search_cis(context: Context, text: str, limit: int = 20) -> SearchReport:
    """Return CIs whose name or identifiers hold every word, best first."""
    permit(context.caller, "read")
    if not 1 <= limit <= MAX_PAGE:
        raise BadValue("limit", f"a search gives 1 to {MAX_PAGE} hits")
    hits = context.store.search(text, context.caller.visibility, limit)
    return SearchReport(
        text,
        tuple(
            SearchHit(NamedCI(hit.id, hit.class_name, hit.name, hit.lifecycle), hit.score)
            for hit in hits
        ),
    )
