"""Is a client told what is wrong with what it sends over a WebSocket?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.api.http.running_server import RunningServer
from tests.api.http.test_pushes import FEED, receive, socket

WHO = "{ whoami { actor } }"


def subscribed(opened: ClientConnection, number: str, **payload: Any) -> dict[str, Any]:
    opened.send(json.dumps({"id": number, "type": "subscribe", "payload": payload}))
    return receive(opened)


@pytest.mark.parametrize(
    ("field", "payload"),
    [
        ("query", {"query": 7}),
        ("operationName", {"query": WHO, "operationName": 7}),
        ("variables", {"query": WHO, "variables": ["x"]}),
        ("variables", {"query": WHO, "variables": "x"}),
    ],
)
def test_what_is_asked_wrongly_is_told_and_the_socket_goes_on(
    server: RunningServer, field: str, payload: dict[str, Any]
) -> None:
    with socket(server, server.token("viewer")) as opened:
        receive(opened)
        refused = subscribed(opened, "wrong", **payload)
        end = receive(opened)
        answered = subscribed(opened, "right", query=WHO, variables=None, operationName=None)

    (error,) = refused["payload"]["errors"]
    assert error["extensions"]["code"] == "BAD_VALUE"
    assert error["extensions"]["facts"]["field"] == field
    assert end == {"id": "wrong", "type": "complete"}
    assert answered["payload"] == {"data": {"whoami": {"actor": "viewer"}}}


@pytest.mark.parametrize(
    "message",
    [
        [],
        None,
        7,
        {},
        {"type": 7},
        {"type": "nonsense"},
        {"type": "subscribe", "id": [1], "payload": {"query": WHO}},
        {"type": "subscribe", "id": "1", "payload": []},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "1", "payload": {}},
        {"type": "complete", "id": [1]},
    ],
    ids=str,
)
def test_a_message_that_is_none_of_the_protocol_closes_the_socket_with_a_code(
    server: RunningServer, message: Any
) -> None:
    with socket(server, server.token("viewer")) as opened:
        receive(opened)
        opened.send(json.dumps(message))
        with pytest.raises(ConnectionClosed) as closed:
            receive(opened)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4400
    assert closed.value.rcvd.reason


def test_a_socket_over_its_subscriptions_is_told_the_limit_and_goes_on(
    server: RunningServer,
) -> None:
    with socket(server, server.token("viewer")) as opened:
        receive(opened)
        for number in range(20):
            asked = {"id": str(number), "type": "subscribe", "payload": {"query": FEED}}
            opened.send(json.dumps(asked))
        refused = subscribed(opened, "one too many", query=FEED)
        opened.send(json.dumps({"id": "3", "type": "complete"}))
        answered = subscribed(opened, "again", query=WHO)

    (error,) = refused["payload"]
    assert (refused["type"], refused["id"]) == ("error", "one too many")
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert error["extensions"]["facts"] == {
        "limit": "subscriptions of a connection", "allowed": 20, "found": 21
    }  # fmt: skip
    assert answered["payload"] == {"data": {"whoami": {"actor": "viewer"}}}
