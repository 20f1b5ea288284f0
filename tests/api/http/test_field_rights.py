"""Who is refused what over HTTP? Asked of every root field, by documents made from the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.api.http.running_server import RunningServer
from tests.api.root_fields import FIELDS, ROOTS, document_of

MUTATIONS = [name for operation, name in FIELDS if operation == "mutation"]
EVENTS = {"Accept": "text/event-stream"}
UPSERT = """mutation($source: String!, $records: [JSON!]!) {
  upsertRecords(input: {source: $source, records: $records}) {
    __typename ... on Refusal { code } ... on RecordsUpserted { decided } } }"""


@pytest.fixture(scope="module")
def everything(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client("administrator", "importer", actor="all") as client:
        yield client


@pytest.fixture(scope="module")
def looking(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client("viewer", actor="looking") as client:
        yield client


@pytest.fixture(scope="module")
def unknown(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


def first_answer(client: httpx2.Client, operation: str, name: str) -> tuple[int, str]:
    """Return status and the beginning of an answer; a stream is left after its first piece."""
    body = {"query": document_of(operation, name)}
    headers = EVENTS if operation == "subscription" else {}
    with client.stream("POST", "/graphql", json=body, headers=headers) as answer:
        if operation == "subscription" and answer.status_code == 200:
            return 200, next(answer.iter_text())
        return answer.status_code, answer.read().decode()


def codes_in(body: str) -> list[str]:
    """Return the codes of errors and of a refusal in an answer."""
    found = json.loads(body)
    codes = [error["extensions"]["code"] for error in found.get("errors", [])]
    data: dict[str, Any] = found["data"] or {}
    results = [result for result in data.values() if isinstance(result, dict)]
    return codes + [result["code"] for result in results if "code" in result]


@pytest.mark.parametrize(("operation", "name"), FIELDS, ids=lambda part: str(part))
def test_a_field_is_refused_without_a_token_and_let_through_with_one(
    unknown: httpx2.Client, everything: httpx2.Client, operation: str, name: str
) -> None:
    refused, why = first_answer(unknown, operation, name)
    allowed, told = first_answer(everything, operation, name)

    assert (refused, json.loads(why)["code"]) == (401, "UNAUTHENTICATED")
    assert allowed == 200
    assert "UNAUTHENTICATED" not in told
    assert "FORBIDDEN" not in told


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_viewer_writes_nothing(
    server: RunningServer, looking: httpx2.Client, everything: httpx2.Client, name: str
) -> None:
    before = server.serving.service.head()

    status, body = first_answer(looking, "mutation", name)
    after = server.serving.service.head()
    _, allowed = first_answer(everything, "mutation", name)

    assert (status, codes_in(body)) == (200, ["FORBIDDEN"])
    assert after == before
    assert "FORBIDDEN" not in codes_in(allowed)


def test_every_root_of_the_schema_is_asked() -> None:
    assert set(MUTATIONS) == set(ROOTS["mutation"].fields) if ROOTS["mutation"] else False
    assert {operation for operation, _ in FIELDS} == {"query", "mutation", "subscription"}


def test_an_importer_upserts_records_of_its_own_source_alone(server: RunningServer) -> None:
    record = {"class": "Rack", "key": "u-1", "name": "UP-1"}
    with server.client("importer", source="scanner-a", actor="scanner-a") as importer:

        def upsert(source: str) -> Any:
            variables = {"source": source, "records": [record]}
            body = {"query": UPSERT, "variables": variables}
            return importer.post("/graphql", json=body).json()["data"]["upsertRecords"]

        before = server.serving.service.head()
        refused = upsert("scanner-b")
        between = server.serving.service.head()
        own = upsert("scanner-a")

    assert refused == {"__typename": "Forbidden", "code": "FORBIDDEN"}
    assert between == before
    assert own == {"__typename": "RecordsUpserted", "decided": {"create": 1}}


def test_an_importer_posts_files_of_its_own_source_alone(server: RunningServer) -> None:
    lines = [{"format": "cmdb-records", "version": 1}]
    lines += [{"class": "Rack", "key": "p-1", "name": "POST-1"}]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    with server.client("importer", source="scanner-a", actor="scanner-a") as importer:
        before = server.serving.service.head()
        refused = importer.post("/imports/records?wait=true&source=scanner-b", content=content)
        between = server.serving.service.head()
        own = importer.post("/imports/records?wait=true&source=scanner-a", content=content)
        unsaid = importer.post("/imports/records?wait=true", content=content)

    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    assert between == before
    assert (own.status_code, own.json()["state"]) == (200, "finished")
    assert own.json()["report"]["decided"] == {"create": 1}
    assert unsaid.json()["source"] == "scanner-a"
