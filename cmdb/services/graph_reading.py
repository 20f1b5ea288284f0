"""What do programs read that want many things at once? Batches, each with what the caller may see.

How many statements a method runs depends on what is asked for, never on for how many CIs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cmdb.model.inventory import CI, Relationship
from cmdb.model.registry import Registry
from cmdb.model.reports import HistoryReport
from cmdb.model.selection import Direction, Selection, check_page
from cmdb.ports.graph_reading import Adjacent, AdjacentPage, CIPage
from cmdb.services.context import Context
from cmdb.services.get_histories import get_histories
from cmdb.services.permit import permit


class LocalGraphReading:
    """`GraphReading` over a context of this process."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def registry(self) -> Registry:
        """Return the registries."""
        permit(self._context.caller, "read")
        return self._context.store.registry()

    def select_cis(self, selection: Selection) -> CIPage:
        """Return a page of CIs; `fields` and `relations` of the selection are not looked at.

        Raises:
            UnknownClass: The class is not registered.
            BadValue: A field, value, cursor or page size that cannot be.
        """
        permit(self._context.caller, "read")
        visibility = self._context.caller.visibility
        wanted = Selection(
            class_name=selection.class_name,
            where=selection.where,
            sort=selection.sort,
            first=selection.first,
            after=selection.after,
            fields=("id",),
            include_retired=selection.include_retired,
        )
        page = self._context.store.select(wanted, visibility)
        ids = [row[0] for row in page.rows]
        known = self._context.store.get_cis(ids, visibility) if ids else {}
        # One that was merged away between the two reads is left out, with its cursor.
        kept = [
            (known[ci_id], cursor)
            for ci_id, cursor in zip(ids, page.cursors, strict=True)
            if ci_id in known
        ]
        cis, cursors = tuple(ci for ci, _ in kept), tuple(cursor for _, cursor in kept)
        return CIPage(cis, cursors, page.has_next)

    def get_cis(self, ids: Sequence[str]) -> Mapping[str, CI]:
        """Return the visible ones of these CIs by id."""
        permit(self._context.caller, "read")
        return self._context.store.get_cis(ids, self._context.caller.visibility) if ids else {}

    def adjacent(
        self,
        ids: Sequence[str],
        direction: Direction,
        types: Sequence[str] | None,
        first: int,
        after: str = "",
    ) -> Mapping[str, AdjacentPage]:
        """Return, for each of these CIs, relationships in one direction and their other ends.

        Raises:
            UnknownRelationshipType: No such type.
            BadValue: A cursor or page size that cannot be.
        """
        permit(self._context.caller, "read")
        check_page("first", first)
        found = self._context.store.find_adjacent(
            ids,
            self._context.caller.visibility,
            direction=direction,
            types=types,
            limit=first + 1,
            after=after,
        )
        return {ci_id: _page(found.get(ci_id, []), first) for ci_id in ids}

    def histories(self, ids: Sequence[str], limit: int) -> Mapping[str, HistoryReport]:
        """Return, for each of these CIs, the newest changes that touched it."""
        return get_histories(self._context, ids, limit)


def _page(rows: Sequence[tuple[Relationship, CI]], first: int) -> AdjacentPage:
    items = tuple(Adjacent(relationship, other) for relationship, other in rows[:first])
    return AdjacentPage(items, len(rows) > first)
