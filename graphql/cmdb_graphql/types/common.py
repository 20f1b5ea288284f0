"""What do many types share? Whole reports, pages and the names of CIs."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.scalars import JSON

from cmdb.model.reports import NamedCI, Report
from cmdb_graphql.ids import global_id


def _whole(root: strawberry.Parent[Report]) -> JSON:
    whole: Any = root.to_json()
    return whole


def whole_report() -> Any:
    """Return the field `report`: everything that `to_json` says, for programs."""
    return strawberry.field(
        resolver=_whole, description="The whole report as one JSON value, times in UTC."
    )


@strawberry.interface
class Node:
    """A thing with a global id."""

    id: strawberry.ID


@strawberry.type
class PageInfo:
    """Where a page stands: `endCursor` is the `after` of the page that follows."""

    has_next_page: bool
    has_previous_page: bool = False
    start_cursor: str | None = None
    end_cursor: str | None = None


def page_info(cursors: list[str], after: str, *, has_next: bool) -> PageInfo:
    """Return where a page with these cursors stands."""
    ends = (cursors[0], cursors[-1]) if cursors else (None, None)
    return PageInfo(
        has_next_page=has_next,
        has_previous_page=bool(after),
        start_cursor=ends[0],
        end_cursor=ends[1],
    )


def list_info(next_cursor: str, after: str) -> PageInfo:
    """Return where a page stands of which only the end has a cursor."""
    return PageInfo(
        has_next_page=bool(next_cursor),
        has_previous_page=bool(after),
        end_cursor=next_cursor or None,
    )


@strawberry.type(name="NamedCI")
class NamedCIType:
    """A CI as answers name it."""

    class_name: str = strawberry.field(name="class")
    name: str
    lifecycle: str

    @strawberry.field(description="The global id of the CI.")
    def id(self: strawberry.Parent[NamedCI]) -> strawberry.ID:
        """Return the global id."""
        return global_id("CI", self.id)

    @strawberry.field(description="The id as reports, log and command line write it.")
    def local_id(self: strawberry.Parent[NamedCI]) -> str:
        """Return the plain id."""
        return self.id
