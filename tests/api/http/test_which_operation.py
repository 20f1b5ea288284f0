"""Is the operation that was meant executed, and no other, by every way to ask?"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest

from cmdb.server.api import Asked, code_of
from tests.api.http.running_server import KEEPER, RunningServer
from tests.api.http.test_pushes import EVENTS, FEED, head, parsed, receive, socket, write

WRITES = 'mutation B { addCi(input: {class: "Rack", name: "by GET"}) { __typename } }'
TWO = WRITES + " query A { whoami { actor } }"
QUERIES = "query A { whoami { actor } } query B { __typename }"
FRAGMENTS = "fragment f on Identity { actor }"
MIXED = "subscription S { changeFeed { entry { revision } } } query A { whoami { actor } }"
ADDED = '{ cis(filter: {name: {eq: "by GET"}}) { nodes { name } } }'


def streamed(client: httpx2.Client, method: str, document: str, name: str | None = None) -> Any:
    """Return the only result of a stream."""
    given = {"query": document} | ({"operationName": name} if name else {})
    sent: dict[str, Any] = {"params": given} if method == "GET" else {"json": given}
    with client.stream(method, "/graphql", headers=EVENTS, **sent) as answer:
        assert answer.status_code == 200, answer.read()
        told, end = list(parsed(answer.iter_lines()))
    assert end["event"] == "complete"
    return json.loads(told["data"])


def code(answer: Any) -> str:
    (error,) = answer["errors"]
    assert error["extensions"]["requestId"]
    found: str = error["extensions"]["code"]
    return found


def test_nothing_is_written_by_get_whatever_else_the_document_holds(admin: httpx2.Client) -> None:
    unnamed = streamed(admin, "GET", TWO)
    named = admin.get("/graphql", params={"query": TWO, "operationName": "B"}, headers=EVENTS)
    alone = admin.get("/graphql", params={"query": WRITES}, headers=EVENTS)
    read = streamed(admin, "GET", TWO, "A")

    assert code(unnamed) == "BAD_DOCUMENT"
    assert (named.status_code, alone.status_code) == (405, 405)
    assert read == {"data": {"whoami": {"actor": "administrator"}}}
    assert admin.post("/graphql", json={"query": ADDED}).json()["data"]["cis"]["nodes"] == []


def test_a_mutation_is_refused_where_it_would_be_executed_too(server: RunningServer) -> None:
    """No route is asked here: the schema itself refuses what may only read."""

    async def known() -> None:
        """Return, as for a token that still holds."""

    async def results(asked: Asked) -> list[str]:
        api = server.serving.api
        context = api.context(KEEPER, "r-1")
        return [code_of(each) async for each in api.stream(asked, context, known)]

    document = WRITES.replace("by GET", "by stream")
    refused = asyncio.run(results(Asked(document, reads_only=True)))
    answered = asyncio.run(results(Asked(document)))

    assert (refused, answered) == (["BAD_DOCUMENT"], ["OK"])


@pytest.mark.parametrize(
    ("document", "name"),
    [(QUERIES, None), (QUERIES, "C"), ("{ __typename }", "C"), (FRAGMENTS, None), (MIXED, None)],
    ids=["several", "another name", "a name of nothing", "fragments alone", "mixed"],
)
def test_a_document_that_does_not_say_what_is_meant_is_a_mistake_of_the_client(
    viewer: httpx2.Client, server: RunningServer, document: str, name: str | None
) -> None:
    body = {"query": document, "operationName": name}

    posted = viewer.post("/graphql", json=body)
    with socket(server, server.token("viewer")) as opened:
        receive(opened)
        opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": body}))
        by_socket = receive(opened)

    assert posted.status_code == 200
    assert code(posted.json()) == "BAD_DOCUMENT"
    assert code(streamed(viewer, "POST", document, name)) == "BAD_DOCUMENT"
    assert code(streamed(viewer, "GET", document, name)) == "BAD_DOCUMENT"
    assert (by_socket["id"], code(by_socket["payload"])) == ("1", "BAD_DOCUMENT")


@pytest.mark.parametrize("document", [QUERIES, MIXED], ids=["several", "mixed"])
def test_the_operation_named_is_answered_by_every_way(
    viewer: httpx2.Client, server: RunningServer, document: str
) -> None:
    wanted = {"data": {"whoami": {"actor": "viewer"}}}
    body = {"query": document, "operationName": "A"}

    with socket(server, server.token("viewer")) as opened:
        receive(opened)
        opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": body}))
        by_socket = receive(opened)

    assert viewer.post("/graphql", json=body).json() == wanted
    assert streamed(viewer, "POST", document, "A") == wanted
    assert streamed(viewer, "GET", document, "A") == wanted
    assert by_socket["payload"] == wanted


@pytest.mark.parametrize("last", ["9" * 5_000, "nonsense", "-1", "1.5"])
def test_a_last_event_that_is_no_revision_is_refused(viewer: httpx2.Client, last: str) -> None:
    headers = {**EVENTS, "Last-Event-ID": last}

    answer = viewer.post("/graphql", json={"query": FEED}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_VALUE")
    assert answer.json()["facts"]["field"] == "Last-Event-ID"


def test_a_last_event_is_refused_where_the_document_cannot_go_on_from_it(
    viewer: httpx2.Client, server: RunningServer
) -> None:
    begin = head(server)
    write(server, "O-1")
    headers = {**EVENTS, "Last-Event-ID": str(begin)}
    without = "subscription { changeFeed { entry { revision } } }"

    refused = viewer.post("/graphql", json={"query": without}, headers=headers)
    with viewer.stream("POST", "/graphql", json={"query": FEED}, headers=headers) as answer:
        first = next(parsed(answer.iter_lines()))

    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_VALUE")
    assert first["id"] == str(begin + 1)


def test_variables_of_an_address_that_are_no_json_are_named(viewer: httpx2.Client) -> None:
    params = {"query": "{ whoami { actor } }", "variables": "x"}

    refused = viewer.get("/graphql", params=params, headers=EVENTS)

    assert (refused.status_code, refused.json()["facts"]["field"]) == (400, "variables")
    assert streamed(viewer, "GET", params["query"])["data"]["whoami"] == {"actor": "viewer"}
