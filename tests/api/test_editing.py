"""Do mutations of the inventory write once, in the log, and name their refusals?"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from cmdb import errors
from cmdb_graphql.errors import REFUSALS, refusal
from tests.api.serving import NOBODY, VIEWER, Client, CountedService

REFUSED = "... on Refusal { code message facts }"
ADD = f"""mutation ($input: AddCIInput!) {{ addCi(input: $input) {{ __typename
  ... on CIWritten {{ ci {{ id localId name class version attributes lifecycle }} report }}
  {REFUSED} }} }}"""
SET = f"""mutation ($input: SetAttributesInput!) {{ setAttributes(input: $input) {{ __typename
  ... on CIWritten {{ ci {{ version attributes }} }} {REFUSED} }} }}"""
LOG = "{ log(first: 1) { entries { revision actor reason changes } } }"


def added(api: Client, **more: Any) -> Any:
    given = {"class": "BusinessService", "name": f"service-{uuid4()}", **more}
    result = api(ADD, {"input": given}).data["addCi"]
    assert result["__typename"] == "CIWritten", result
    return result["ci"]


def test_a_ci_is_recorded_with_reason_and_actor_in_the_log(api: Client) -> None:
    made = added(api, attributes={"criticality": 3}, reason="it was missing")

    entry = api(LOG).data["log"]["entries"][0]
    assert entry["reason"] == "it was missing"
    assert entry["actor"] == "anna"
    assert entry["revision"] == made["version"]
    assert made["attributes"]["criticality"] == 3
    found = api("query ($id: ID!) { ci(id: $id) { name version } }", {"id": made["id"]}).data["ci"]
    assert found == {"name": made["name"], "version": made["version"]}


def test_a_retry_with_the_same_key_returns_the_first_answer_and_writes_nothing(
    api: Client,
) -> None:
    given = {
        "class": "BusinessService",
        "name": f"service-{uuid4()}",
        "idempotencyKey": str(uuid4()),
    }

    first = api(ADD, {"input": given}).data["addCi"]
    head = api(LOG).data["log"]["entries"][0]["revision"]
    second = api(ADD, {"input": given}).data["addCi"]

    assert first["__typename"] == "CIWritten"
    assert first == second
    assert api(LOG).data["log"]["entries"][0]["revision"] == head


def test_a_key_of_another_request_is_a_conflict(api: Client) -> None:
    given = {"class": "BusinessService", "name": f"s-{uuid4()}", "idempotencyKey": str(uuid4())}
    _ = api(ADD, {"input": given}).data

    other = api(ADD, {"input": given | {"name": f"s-{uuid4()}"}}).data["addCi"]

    assert (other["__typename"], other["code"]) == ("Conflict", "KEY_REUSED")


def test_a_stale_version_is_a_conflict_and_the_present_one_is_not(api: Client) -> None:
    made = added(api)
    change = {"ci": made["id"], "values": {"criticality": 2}}
    moved = api(SET, {"input": change | {"expectedVersion": made["version"]}}).data
    version = moved["setAttributes"]["ci"]["version"]

    stale = api(SET, {"input": change | {"expectedVersion": made["version"]}}).data
    retry = {"ci": made["id"], "values": {"criticality": 4}, "expectedVersion": version}
    fresh = api(SET, {"input": retry}).data

    assert stale["setAttributes"]["__typename"] == "Conflict"
    assert stale["setAttributes"]["code"] == "STALE_VERSION"
    assert stale["setAttributes"]["facts"]["actual"] == version
    assert fresh["setAttributes"]["ci"]["attributes"]["criticality"] == 4


def test_a_wrong_value_is_named_with_its_field(api: Client) -> None:
    made = added(api)

    wrong = api(SET, {"input": {"ci": made["id"], "values": {"criticality": "very"}}}).data

    assert wrong["setAttributes"]["__typename"] == "ValidationFailed"
    assert "criticality" in wrong["setAttributes"]["message"]


@pytest.mark.parametrize("values", [[], "text", 1])
def test_values_must_be_an_object(api: Client, values: Any) -> None:
    result = api(SET, {"input": {"ci": "anything", "values": values}}).data["setAttributes"]

    assert (result["__typename"], result["code"]) == ("ValidationFailed", "BAD_VALUE")


@pytest.mark.parametrize("name", [1.0, True, [], ["a"], {"a": 1}])
def test_a_name_must_be_a_text(api: Client, name: Any) -> None:
    made = added(api)

    refused = api(SET, {"input": {"ci": made["id"], "values": {"name": name}}}).data[
        "setAttributes"
    ]

    assert refused["code"] == "BAD_VALUE"
    assert "name" in refused["message"]
    renamed = {"ci": made["id"], "values": {"name": "text"}, "expectedVersion": made["version"]}
    assert api(SET, {"input": renamed}).data["setAttributes"]["__typename"] == "CIWritten"


def test_what_is_not_there_is_not_found(api: Client) -> None:
    result = api(SET, {"input": {"ci": "no such ci", "values": {}}}).data["setAttributes"]

    assert (result["__typename"], result["code"]) == ("NotFound", "UNKNOWN_CI")


def test_a_viewer_may_not_write(api: Client) -> None:
    made = added(api)
    given = {"input": {"ci": made["id"], "values": {"criticality": 1}}}

    result = api(SET, given, caller=VIEWER).data["setAttributes"]

    assert (result["__typename"], result["code"]) == ("Forbidden", "FORBIDDEN")
    assert api(SET, given, caller=NOBODY).code == "FORBIDDEN"
    assert api(SET, given).data["setAttributes"]["__typename"] == "CIWritten"


def test_a_ci_is_retired_and_restored(api: Client) -> None:
    made = added(api)
    document = f"""mutation ($input: CIInput!) {{
      retireCi(input: $input) {{ ... on CIWritten {{ ci {{ lifecycle }} }} {REFUSED} }}
      restoreCi(input: $input) {{ ... on CIWritten {{ ci {{ lifecycle }} }} {REFUSED} }} }}"""

    data = api(document, {"input": {"ci": made["localId"]}}).data

    assert data["retireCi"] == {"ci": {"lifecycle": "RETIRED"}}
    assert data["restoreCi"] == {"ci": {"lifecycle": "IN_USE"}}


def test_a_relationship_is_recorded_and_ended(api: Client) -> None:
    one, other = added(api), added(api)
    add = f"""mutation ($input: AddRelationshipInput!) {{ addRelationship(input: $input) {{
      __typename ... on RelationshipWritten {{ relationship {{ id type dependent provider }} }}
      {REFUSED} }} }}"""
    given = {"type": "depends_on", "dependent": one["id"], "provider": other["localId"]}
    remove = f"""mutation ($input: RemoveRelationshipInput!) {{ removeRelationship(input: $input)
      {{ __typename ... on RelationshipWritten {{ relationship {{ id isLive }} }} {REFUSED} }} }}"""

    made = api(add, {"input": given}).data["addRelationship"]["relationship"]
    ended = api(remove, {"input": {"id": made["id"]}}).data["removeRelationship"]
    again = api(remove, {"input": {"id": made["id"]}}).data["removeRelationship"]

    assert (made["dependent"], made["provider"]) == (one["localId"], other["localId"])
    assert ended["relationship"] == {"id": made["id"], "isLive": False}
    assert (again["__typename"], again["code"]) == ("NotFound", "UNKNOWN_RELATIONSHIP")


def test_a_group_counts_its_members(api: Client) -> None:
    members = [added(api)["id"], added(api)["id"]]
    document = f"""mutation ($input: AddGroupInput!) {{ addGroup(input: $input) {{ __typename
      ... on CIWritten {{ ci {{ attributes providers {{ nodes {{ id }} }} }} }} {REFUSED} }} }}"""
    given = {"name": f"pair-{uuid4()}", "members": members, "kMin": 1, "kFull": 2}

    made = api(document, {"input": given}).data["addGroup"]
    wrong = api(document, {"input": given | {"name": "other", "kMin": 3}}).data["addGroup"]

    assert made["ci"]["attributes"]["k_min"] == 1
    assert sorted(node["id"] for node in made["ci"]["providers"]["nodes"]) == sorted(members)
    assert wrong["__typename"] == "ValidationFailed"


def test_a_source_is_ranked(api: Client) -> None:
    document = f"""mutation ($input: RankSourceInput!) {{ rankSource(input: $input) {{ __typename
      ... on SourceRanked {{ source before precedence isKnown }} {REFUSED} }} }}"""

    made = api(document, {"input": {"source": "estate", "precedence": 7}}).data["rankSource"]

    sources = api("{ dataSources { sources { name precedence } } }").data["dataSources"]
    assert made["precedence"] == 7
    assert {"name": "estate", "precedence": 7} in sources["sources"]


def test_the_global_id_of_another_kind_is_refused(api: Client) -> None:
    from cmdb_graphql.ids import global_id

    wrong = {"ci": global_id("Incident", "0190"), "values": {}}
    result = api(SET, {"input": wrong}).data["setAttributes"]

    assert result["__typename"] == "ValidationFailed"


@pytest.mark.parametrize("kind", errors.CmdbError.kinds(), ids=lambda kind: kind.__name__)
def test_every_error_is_a_refusal_or_an_entry_of_errors(kind: type[errors.CmdbError]) -> None:
    made = kind.__new__(kind)
    errors.CmdbError.__init__(made, "a sentence", fact=1)
    parents = [parent for parent in kind.__mro__ if parent in REFUSALS]

    if not parents:
        with pytest.raises(kind):
            refusal(made)
        return
    shown = refusal(made)
    assert type(shown) is REFUSALS[parents[0]]
    facts: Any = shown.facts
    assert (shown.code, shown.message, facts) == (kind.code, "a sentence", {"fact": 1})


def test_writes_are_one_entry_each(api: Client, service: CountedService) -> None:
    before = service.head().revision

    _ = added(api)

    assert service.head().revision == before + 1
