"""How do CIs come back from typed fields? As the same values that the services return."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from cmdb.client import documents
from cmdb.client.call import Call
from cmdb.client.exchange import Server, Steps
from cmdb.model.decoding import decode
from cmdb.model.inventory import CI, Relationship
from cmdb.model.reports import CIDetails, CIList, NamedCI, Neighbour
from cmdb.model.selection import MAX_PAGE

_RENAMED = {
    "localId": "id",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "mergedInto": "merged_into",
    "toleratesSeconds": "tolerates_seconds",
    "inferredBy": "inferred_by",
    "isLive": "is_live",
}


def read_ci(found: Mapping[str, Any]) -> CI:
    """Return a CI."""
    return decode(CI, _as_report(found))


def read_page(found: Mapping[str, Any]) -> CIList:
    """Return a page of CIs with the cursor of the next one."""
    info = found["pageInfo"]
    cis = tuple(decode(NamedCI, _as_report(node)) for node in found["nodes"])
    return CIList(cis, info["endCursor"] if info["hasNextPage"] else "")


def details_steps(server: Server, name: str) -> Steps[CIDetails]:
    """Return a CI with all its relationships, however many pages they are."""
    call = Call(documents.CI_DETAILS, {"id": name, "first": MAX_PAGE}, _read_details)
    ci, pages = yield from server.call(call)
    ends = {}
    for direction, (neighbours, after) in pages.items():
        found, cursor = list(neighbours), after
        while cursor:
            variables = {"id": ci.id, "first": MAX_PAGE, "after": cursor}
            document = documents.MORE_NEIGHBOURS[direction]
            more, cursor = yield from server.call(
                Call(document, variables, partial(_read_neighbours, direction))
            )
            found += more
        ends[direction] = tuple(sorted(found, key=_place))
    return CIDetails(ci, ends["providers"], ends["dependents"])


_Neighbours = tuple[list[Neighbour], str]


def _read_details(found: Mapping[str, Any]) -> tuple[CI, dict[str, _Neighbours]]:
    pages = {each: _read_neighbours(each, found) for each in documents.MORE_NEIGHBOURS}
    return read_ci(found), pages


def _read_neighbours(direction: str, found: Mapping[str, Any]) -> _Neighbours:
    page = found[direction]
    neighbours = [
        Neighbour(
            decode(Relationship, _as_report(edge["relationship"])),
            decode(NamedCI, _as_report(edge["node"])),
        )
        for edge in page["edges"]
    ]
    info = page["pageInfo"]
    return neighbours, info["endCursor"] if info["hasNextPage"] else ""


def _place(neighbour: Neighbour) -> tuple[str, str, str]:
    # The order in which a CI is shown, wherever it is asked.
    return neighbour.relationship.type, neighbour.other.name, neighbour.other.id


def _as_report(found: Mapping[str, Any]) -> dict[str, Any]:
    values = {_RENAMED.get(name, name): value for name, value in found.items()}
    if "lifecycle" in values:
        values["lifecycle"] = str(values["lifecycle"]).lower()
    return values
