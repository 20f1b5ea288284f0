"""Does the API tell of the inventory what is in it?"""

from __future__ import annotations

from typing import Any

import pytest

from cmdb_graphql.ids import global_id, split_id
from tests.api.serving import NOBODY, VIEWER, Client

PAGE = """
query ($first: Int!, $after: String, $filter: CIFilter, $class: String! = "") {
  cis(first: $first, after: $after, filter: $filter, class: $class) {
    edges { cursor node { id localId class name } }
    nodes { name }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


def names(api: Client, where: Any) -> list[str]:
    page = api(PAGE, {"first": 200, "filter": where}).data["cis"]
    return [node["name"] for node in page["nodes"]]


def test_a_page_leads_to_the_next_until_all_are_told_once(api: Client) -> None:
    told: list[str] = []
    after = None
    while True:
        page = api(PAGE, {"first": 17, "after": after}).data["cis"]
        told += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    everything = api(PAGE, {"first": 200}).data["cis"]
    assert not everything["pageInfo"]["hasNextPage"]
    assert told == [edge["node"]["id"] for edge in everything["edges"]]
    assert len(told) == len(set(told)) > 40


def test_a_ci_is_found_by_global_id_plain_id_name_and_class_with_name(api: Client) -> None:
    node = api(PAGE, {"first": 1}).data["cis"]["edges"][0]["node"]
    ways = [node["id"], node["localId"], f"{node['class']}/{node['name']}"]

    found = [api("query ($id: ID!) { ci(id: $id) { id } }", {"id": way}).data["ci"] for way in ways]

    assert split_id(node["id"]) == ("CI", node["localId"])
    assert found == [{"id": node["id"]}] * 3


def test_node_finds_a_ci_by_its_global_id_and_nothing_by_another(api: Client) -> None:
    node = api(PAGE, {"first": 1}).data["cis"]["edges"][0]["node"]
    ask = "query ($id: ID!) { node(id: $id) { id __typename ... on CI { name } } }"

    known = api(ask, {"id": node["id"]}).data["node"]
    absent = api(ask, {"id": global_id("CI", "no-such-id")}).data["node"]
    nonsense = api(ask, {"id": "checkout"}).data["node"]

    assert known == {"id": node["id"], "__typename": "CI", "name": node["name"]}
    assert absent is None
    assert nonsense is None


def test_filters_join_by_and_or_not(api: Client) -> None:
    everything = names(api, None)
    shop = {"name": {"startsWith": "c"}}
    short = {"name": {"contains": "o"}}

    both = names(api, {"and": [shop, short]})
    same = names(api, {"name": {"startsWith": "c", "contains": "o"}})
    either = names(api, {"or": [shop, short]})
    rest = names(api, {"not": {"or": [shop, short]}})

    assert both == same == [n for n in everything if n.lower().startswith("c") and "o" in n.lower()]
    assert both
    assert either == [n for n in everything if n.lower().startswith("c") or "o" in n.lower()]
    assert sorted(either + rest) == sorted(everything)


@pytest.mark.parametrize(
    "where",
    [
        {"or": []},
        {"and": []},
        {"name": {"in": []}},
        {"id": {"in": []}},
        {"lifecycle": {"in": []}},
        {"attributes": []},
    ],
)
def test_an_empty_list_means_none(api: Client, where: Any) -> None:
    assert names(api, where) == []


def test_an_empty_filter_object_means_no_condition(api: Client) -> None:
    assert names(api, {}) == names(api, None)


def test_ids_in_a_filter_are_global_or_plain(api: Client) -> None:
    one, other = api(PAGE, {"first": 2}).data["cis"]["edges"]

    found = names(api, {"id": {"in": [one["node"]["id"], other["node"]["localId"]]}})

    assert sorted(found) == sorted([one["node"]["name"], other["node"]["name"]])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("query ($id: ID!) { incident(id: $id) { report } }", "names a CI. Wanted is an Incident."),
        ("query ($id: ID!) { change(id: $id) { report } }", "names a CI. Wanted is a Change."),
    ],
)
def test_an_id_of_another_kind_is_told_by_its_kind(api: Client, document: str, said: str) -> None:
    ci = api(PAGE, {"first": 1}).data["cis"]["edges"][0]["node"]["id"]

    refused = api(document, {"id": ci})

    assert refused.code == "BAD_VALUE"
    assert said in refused.errors[0].message


def test_null_in_a_condition_is_refused(api: Client) -> None:
    answer = api(PAGE, {"first": 1, "filter": {"name": {"eq": None}}})

    assert answer.code == "BAD_VALUE"
    assert answer.extensions["facts"]["field"] == "filter.name.eq"


def test_providers_and_dependents_mirror_each_other(api: Client) -> None:
    page = api(
        """{ cis(first: 200) { nodes {
             id
             providers(first: 200) { edges { node { id } relationship { id type strength } } }
             dependents(first: 200) { edges { node { id } relationship { id type } } }
        } } }"""
    ).data["cis"]["nodes"]

    down = {
        (ci["id"], edge["node"]["id"], edge["relationship"]["id"])
        for ci in page
        for edge in ci["providers"]["edges"]
    }
    up = {
        (edge["node"]["id"], ci["id"], edge["relationship"]["id"])
        for ci in page
        for edge in ci["dependents"]["edges"]
    }
    assert down == up
    assert len(down) > 40


def test_providers_are_paged_by_cursor(api: Client) -> None:
    ask = """query ($id: ID!, $first: Int!, $after: String) { ci(id: $id) {
        providers(first: $first, after: $after) {
          edges { cursor relationship { id } } pageInfo { hasNextPage endCursor } } } }"""
    cis = api("{ cis(first: 200) { nodes { id providers(first: 200) { edges { cursor } } } } }")
    richest = max(cis.data["cis"]["nodes"], key=lambda ci: len(ci["providers"]["edges"]))
    wanted = api(ask, {"id": richest["id"], "first": 200}).data["ci"]["providers"]["edges"]

    told: list[Any] = []
    after = None
    while True:
        page = api(ask, {"id": richest["id"], "first": 1, "after": after}).data["ci"]["providers"]
        told += page["edges"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert told == wanted
    assert len(told) > 1


def test_types_choose_relationships_and_no_types_choose_none(api: Client) -> None:
    ask = """query ($types: [String!]) { cis(first: 200) { nodes {
        providers(first: 200, types: $types) { edges { relationship { type } } } } } }"""

    def types(wanted: list[str] | None) -> set[str]:
        nodes = api(ask, {"types": wanted}).data["cis"]["nodes"]
        return {e["relationship"]["type"] for ci in nodes for e in ci["providers"]["edges"]}

    assert types(["has_member"]) == {"has_member"}
    assert types([]) == set()
    assert len(types(None)) > 2


def test_groups_are_those_that_count_a_ci_as_a_member(api: Client) -> None:
    nodes = api(
        """{ cis(first: 40, class: "RedundancyGroup") { nodes { id
             providers(types: ["has_member"], first: 50) { nodes {
               groups { nodes { id class } } } } } } }"""
    ).data["cis"]["nodes"]

    members = [(group["id"], m) for group in nodes for m in group["providers"]["nodes"]]
    assert members
    assert all(group in [g["id"] for g in m["groups"]["nodes"]] for group, m in members)


def test_history_tells_what_the_operations_tell(api: Client, service: Any) -> None:
    nodes = api(
        """{ cis(first: 30) { nodes { localId history(first: 5) {
             isPartial names events { revision kind subject before after ends } report } } } }"""
    ).data["cis"]["nodes"]

    operations = service.operations(VIEWER)
    for ci in nodes:
        expected = operations.get_history(ci["localId"], 5).to_json()
        assert ci["history"]["isPartial"] == expected["is_partial"]
        assert ci["history"]["names"] == expected["names"]
        key = ("revision", "kind", "subject")
        told = [[event[k] for k in key] for event in ci["history"]["events"]]
        assert sorted(told) == sorted([event[k] for k in key] for event in expected["events"])


def test_search_finds_by_words_with_the_ci(api: Client) -> None:
    found = api('{ search(text: "checkout") { hits { score named { name } ci { name } } } }').data

    hits = found["search"]["hits"]
    assert hits
    assert all(hit["named"] == hit["ci"] for hit in hits)


def test_classes_and_formats_are_listed(api: Client) -> None:
    data = api("{ classes { classes { name layer count } report } formats { name summary } }").data

    counts = {each["name"]: each["count"] for each in data["classes"]["classes"]}
    assert sum(counts.values()) == len(names(api, None))
    assert data["classes"]["report"]["classes"][0]["name"] in counts
    assert {each["name"] for each in data["formats"]} >= {"kubernetes", "records", "table"}


def test_an_unknown_ci_is_an_error_with_the_nearest_names(api: Client) -> None:
    answer = api('{ ci(id: "chekout") { name } }')

    assert answer.code == "UNKNOWN_CI"
    assert any("checkout" in name for name in answer.extensions["facts"]["nearest"])
    assert answer.extensions["requestId"] == "r-1"


def test_who_has_no_role_is_refused_and_a_viewer_is_not(api: Client) -> None:
    ask = "{ cis(first: 1) { nodes { name } } }"

    assert api(ask, caller=NOBODY).code == "FORBIDDEN"
    assert len(api(ask, caller=VIEWER).data["cis"]["nodes"]) == 1
