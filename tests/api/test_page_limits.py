"""How many rows has a page, and how many conditions a filter, each of which says something?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.serving import Client
from tests.api.test_inventory_queries import PAGE, names


@pytest.mark.parametrize("first", [0, -1])
def test_a_page_has_a_row_at_least(api: Client, first: int) -> None:
    assert api(PAGE, {"first": first}).code == "BAD_VALUE"


@pytest.mark.parametrize(
    "document",
    [
        "{ cis(first: %d) { nodes { name } } }",
        "{ cis(first: 1) { nodes { providers(first: %d) { nodes { name } } } } }",
        '{ search(text: "web", first: %d) { text } }',
        "{ incidents(first: %d) { nodes { id } } }",
        "{ importRuns(first: %d) { runs { id } } }",
    ],
)
def test_a_page_has_200_rows_at_most(api: Client, document: str) -> None:
    refused = api(document % 201)

    assert refused.code == "LIMIT_EXCEEDED"
    assert refused.extensions["facts"] == {
        "limit": "rows of a page", "allowed": 200, "found": 201
    }  # fmt: skip
    assert api(document % 200).data


@pytest.mark.parametrize(
    ("where", "field"),
    [
        ({"name": {}}, "name"),
        ({"lifecycle": {}}, "lifecycle"),
        ({"attributes": [{"name": "uuid"}]}, "uuid"),
        ({"or": [{}]}, "or"),
        ({"or": [{"name": {"eq": "x"}}, {}]}, "or"),
        ({"and": [{}]}, "and"),
        ({"not": {}}, "not"),
    ],
)
def test_a_condition_that_says_nothing_is_refused(api: Client, where: Any, field: str) -> None:
    refused = api(PAGE, {"first": 1, "filter": where})

    assert refused.code == "BAD_VALUE"
    assert refused.extensions["facts"]["field"] == f"filter.{field}"


def test_a_filter_has_500_conditions_and_all_of_them_hold(api: Client) -> None:
    everything = names(api, None)
    parts: list[dict[str, Any]] = [{"name": {"eq": f"no-{n}"}} for n in range(498)]
    parts.append({"name": {"eq": everything[0]}})

    refused = api(PAGE, {"first": 1, "filter": {"or": [*parts, *parts[:1]]}})

    assert names(api, {"or": parts}) == everything[:1]
    assert names(api, {"not": {"and": [{"not": part} for part in parts[-249:]]}}) == everything[:1]
    assert refused.code == "LIMIT_EXCEEDED"
    assert refused.extensions["facts"] == {
        "limit": "conditions of a filter", "allowed": 500, "found": 501
    }  # fmt: skip
