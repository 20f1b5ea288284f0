"""Do CIs, pages and relationships come back as the services return them?"""

from __future__ import annotations

from typing import Any

from cmdb.model.inventory import Relationship
from cmdb.model.reports import CIDetails, CIList, NamedCI, Neighbour, plain
from cmdb.ports import Listing
from tests.fakes.http_server import answered, server
from tests.unit.client.samples import AT, ITEM

NODE = {
    "localId": "1",
    "class": "Service",
    "name": "web",
    "lifecycle": "IN_USE",
    "version": 3,
    "attributes": {"port": 80, "tags": ["a"]},
    "createdAt": plain(AT),
    "updatedAt": plain(AT),
    "mergedInto": "",
}
DB, APP = NamedCI("2", "Database", "db", "retired"), NamedCI("3", "Host", "app")
FIRST = Relationship("r1", "runs_on", "1", "3", "", 4, "hard", 2.5)
SECOND = Relationship("r2", "depends_on", "1", "2", "d", 5, None, None, 0.5, "guess")


def named(ci: NamedCI) -> dict[str, Any]:
    return {
        "localId": ci.id,
        "class": ci.class_name,
        "name": ci.name,
        "lifecycle": ci.lifecycle.upper(),
    }


def test_a_ci_is_found() -> None:
    assert server(answered("ci", NODE)).client().find_ci("web") == ITEM


def test_a_ci_is_shown_with_its_relationships_and_how_many_are_withheld() -> None:
    details = CIDetails(ITEM, (Neighbour(SECOND, DB), Neighbour(FIRST, APP)), (), withheld=2)
    client = server(answered("ciDetails", {"report": details.to_json()})).client()

    assert client.show_ci("web") == details


def test_a_page_tells_the_cursor_of_the_next_and_the_last_one_none() -> None:
    info = {"hasNextPage": True, "endCursor": "next"}
    last = {"hasNextPage": False, "endCursor": "end"}
    client = server(
        answered("cis", {"nodes": [named(DB)], "pageInfo": info}),
        answered("cis", {"nodes": [], "pageInfo": last}),
    ).client()

    assert client.list_cis(Listing()) == CIList((DB,), "next")
    assert client.list_cis(Listing(after="next")) == CIList((), "")


def test_formats_are_a_mapping() -> None:
    found = answered("formats", [{"name": "table", "summary": "CSV"}])

    assert server(found).client().list_formats() == {"table": "CSV"}
