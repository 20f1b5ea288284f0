"""Which CIs are there, page by page?"""

from __future__ import annotations

from cmdb.model.reports import CIList, NamedCI
from cmdb.model.selection import Selection, check_page
from cmdb.ports import Listing
from cmdb.services.context import Context
from cmdb.services.permit import permit

_FIELDS = ("id", "class", "name", "lifecycle")


def list_cis(context: Context, listing: Listing) -> CIList:
    """Return a page of CIs in the order of the listing.

    Raises:
        UnknownClass: The class is not registered.
        BadValue: The page size is out of range.
    """
    permit(context.caller, "read")
    check_page("first", listing.first)
    if listing.class_name:
        context.store.registry().get_class(listing.class_name)
    selection = Selection(
        class_name=listing.class_name,
        where=listing.where,
        sort=listing.sort,
        first=listing.first,
        after=listing.after,
        fields=_FIELDS,
        include_retired=listing.include_retired,
    )
    page = context.store.select(selection, context.caller.visibility)
    following = page.cursors[-1] if page.has_next and page.cursors else ""
    return CIList(tuple(NamedCI(*row) for row in page.rows), following)
