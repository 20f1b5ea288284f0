"""Is a text that is longer than it may be the fault of whoever sends it, and told so?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.serving import Client

SEARCH = "query ($text: String!) { search(text: $text) { text } }"
CI = "query ($text: ID!) { ci(id: $text) { name } }"
RADIUS = "query ($text: String!) { blastRadius(cis: [$text]) { report } }"
REFUSED = " { __typename ... on Refusal { code message facts } } }"
ADD = "mutation ($input: AddCIInput!) { addCi(input: $input)" + REFUSED
OPEN = "mutation ($input: OpenIncidentInput!) { openIncident(input: $input)" + REFUSED
RANK = "mutation ($input: RankSourceInput!) { rankSource(input: $input)" + REFUSED
GROUP = "mutation ($input: AddGroupInput!) { addGroup(input: $input)" + REFUSED
SET = "mutation ($input: SetAttributesInput!) { setAttributes(input: $input)" + REFUSED


@pytest.mark.parametrize(
    ("document", "longest"), [(SEARCH, 1_000), (CI, 600), (RADIUS, 600)], ids=["s", "ci", "radius"]
)
def test_what_is_looked_for_is_bounded(api: Client, document: str, longest: int) -> None:
    refused = api(document, {"text": "x" * 900_000})
    found = api(document, {"text": "x" * longest})

    assert refused.code == "LIMIT_EXCEEDED"
    assert refused.extensions["facts"]["allowed"] == longest
    assert refused.extensions["facts"]["found"] == 900_000
    assert not found.errors or found.code == "UNKNOWN_CI"


def written(api: Client, document: str, **given: Any) -> dict[str, Any]:
    (answer,) = api(document, {"input": given}).data.values()
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    ("field", "longest"), [("reason", 1_000), ("idempotencyKey", 200), ("name", 500)]
)
def test_what_an_edit_says_is_bounded(api: Client, field: str, longest: int) -> None:
    def add(length: int) -> dict[str, Any]:
        given = {"class": "Rack", "name": f"rack of {field}", field: "x" * length}
        return written(api, ADD, **given)

    refused, made = add(longest + 1), add(longest)

    assert (refused["__typename"], refused["code"]) == ("ValidationFailed", "BAD_VALUE")
    assert f"it has {longest + 1} characters; at most {longest} are allowed" in refused["message"]
    assert made["__typename"] == "CIWritten"


def test_the_reason_of_every_other_kind_of_write_is_bounded(api: Client) -> None:
    long, fits = "x" * 1_001, "x" * 1_000
    affected = [{"ci": "array-south"}]

    for document, given in (
        (OPEN, {"title": "t", "affected": affected}),
        (RANK, {"source": "estate", "precedence": 0}),
    ):
        assert written(api, document, **given, reason=long)["code"] == "BAD_VALUE"
        assert "code" not in written(api, document, **given, reason=fits)


def test_a_group_and_a_new_name_are_bounded_as_names_are(api: Client) -> None:
    group = {"members": ["array-south"], "kMin": 1}

    nameless = written(api, GROUP, name=" ", **group)
    long = written(api, GROUP, name="x" * 501, **group)
    made = written(api, GROUP, name="a group with a name", **group)
    renamed = written(api, SET, ci="a group with a name", values={"name": "x" * 501})

    assert [answer["code"] for answer in (nameless, long, renamed)] == ["BAD_VALUE"] * 3
    assert nameless["facts"]["field"] == "name"
    assert made["__typename"] == "CIWritten"
