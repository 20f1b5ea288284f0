"""What do many types share? Whole reports, pages and the names of CIs."""

from __future__ import annotations

from typing import Any, Protocol

import strawberry
from strawberry.scalars import JSON

from cmdb.model.reports import Report
from cmdb_graphql.ids import Kind, global_id


def _whole(root: strawberry.Parent[Report]) -> JSON:
    return as_json(root.to_json())


def as_json(value: Any) -> JSON:
    """Return plain values as the type that fields of JSON have."""
    whole: JSON = value
    return whole


def whole_report() -> Any:
    """Return the field `report`: everything that `to_json` says, for programs."""
    return strawberry.field(
        resolver=_whole, description="The whole report as one JSON value, times in UTC."
    )


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


def node_id(kind: Kind) -> Any:
    """Return the field `id` of a kind of thing."""

    def resolve(root: strawberry.Parent[_Identified]) -> strawberry.ID:
        return global_id(kind, root.id)

    return strawberry.field(resolver=resolve, description="The global id.")


def _plain_id(root: strawberry.Parent[_Identified]) -> str:
    return root.id


def plain_id() -> Any:
    """Return the field `localId`."""
    return strawberry.field(
        resolver=_plain_id, description="The id as reports, log and command line write it."
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

    id: strawberry.ID = node_id("CI")
    local_id: str = plain_id()
    class_name: str = strawberry.field(name="class")
    name: str
    lifecycle: str
