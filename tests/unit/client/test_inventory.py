"""Do CIs, pages and all their relationships come back as the services return them?"""

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


def page(*found: tuple[Relationship, NamedCI], after: str = "") -> dict[str, Any]:
    edges = [
        {
            "node": named(other),
            "relationship": {
                "id": each.id,
                "type": each.type,
                "dependent": each.dependent,
                "provider": each.provider,
                "discriminator": each.discriminator,
                "version": each.version,
                "strength": each.strength,
                "toleratesSeconds": each.tolerates_seconds,
                "confidence": each.confidence,
                "inferredBy": each.inferred_by,
                "isLive": each.is_live,
            },
        }
        for each, other in found
    ]
    return {"edges": edges, "pageInfo": {"hasNextPage": bool(after), "endCursor": after or "x"}}


def test_a_ci_is_found() -> None:
    assert server(answered("ci", NODE)).client().find_ci("web") == ITEM


def test_a_ci_is_shown_with_every_page_of_its_relationships_in_the_usual_order() -> None:
    stand_in = server(
        answered("ci", {**NODE, "providers": page((FIRST, APP), after="p"), "dependents": page()}),
        answered("ci", {"providers": page((SECOND, DB))}),
    )

    details = stand_in.client().show_ci("web")

    assert details == CIDetails(ITEM, (Neighbour(SECOND, DB), Neighbour(FIRST, APP)), ())
    assert stand_in.bodies[1]["variables"] == {"id": "1", "first": 200, "after": "p"}


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
