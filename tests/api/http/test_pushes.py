"""Are results pushed, by events and by WebSocket, in order, to whoever may see them?"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from cmdb.bootstrap.installation import SystemClock
from cmdb.errors import DatabaseUnavailable
from cmdb.ports import EditReason
from cmdb.server.request_log import configure_log
from tests.api.http.running_server import KEEPER, RunningServer, running_server

FEED = "subscription($after: Int) { changeFeed(after: $after) { entry { revision reason } } }"
EVENTS = {"Accept": "text/event-stream"}
PROTOCOL = Subprotocol("graphql-transport-ws")


def write(server: RunningServer, *names: str) -> None:
    operations = server.serving.service.operations(KEEPER)
    for name in names:
        operations.add_ci("Rack", name, {}, {}, EditReason(reason=f"add {name}"))


def head(server: RunningServer) -> int:
    return server.serving.service.head().revision


@contextmanager
def events(
    client: httpx2.Client, after: int | None, **headers: str
) -> Iterator[Iterator[dict[str, str]]]:
    body = {"query": FEED, "variables": {"after": after}}
    asked = client.stream("POST", "/graphql", json=body, headers={**EVENTS, **headers})
    with asked as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield parsed(answer.iter_lines())


def parsed(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if line == "" and event:
            yield event
            event = {}
        elif name:
            event[name] = value.strip()


def reason_of(event: dict[str, str]) -> str:
    found: str = json.loads(event["data"])["data"]["changeFeed"]["entry"]["reason"]
    return found


def test_events_tell_every_write_and_resume_where_they_ended(
    server: RunningServer, viewer: httpx2.Client
) -> None:
    begin = head(server)
    with events(viewer, begin) as told:
        write(server, "E-1", "E-2")
        first = next(told)
    write(server, "E-3")
    with events(viewer, None, **{"Last-Event-ID": first["id"]}) as told:
        rest = [next(told), next(told)]

    assert [reason_of(event) for event in (first, *rest)] == ["add E-1", "add E-2", "add E-3"]
    assert [int(event["id"]) for event in (first, *rest)] == [begin + 1, begin + 2, begin + 3]


def test_a_stream_of_one_answer_ends_by_saying_so(viewer: httpx2.Client) -> None:
    body = {"query": "{ whoami { actor } }"}
    with viewer.stream("POST", "/graphql", json=body, headers=EVENTS) as answer:
        told = list(parsed(answer.iter_lines()))

    assert [event["event"] for event in told] == ["next", "complete"]
    assert json.loads(told[0]["data"]) == {"data": {"whoami": {"actor": "viewer"}}}


def test_what_is_wrong_with_a_document_is_an_event_too(viewer: httpx2.Client) -> None:
    body = {"query": "subscription { nonsense }"}
    with viewer.stream("POST", "/graphql", json=body, headers=EVENTS) as answer:
        told = list(parsed(answer.iter_lines()))

    assert [event["event"] for event in told] == ["next", "complete"]
    assert json.loads(told[0]["data"])["errors"][0]["extensions"]["code"] == "BAD_DOCUMENT"


@pytest.mark.parametrize(
    ("query", "code"),
    [('{ ci(id: "nowhere") { name } }', "UNKNOWN_CI"), ("{ whoami { actor } }", "OK")],
)
def test_the_log_tells_how_a_stream_ended(viewer: httpx2.Client, query: str, code: str) -> None:
    log = io.StringIO()
    configure_log(log)
    headers = {**EVENTS, "X-Request-ID": f"stream-{code}"}
    with viewer.stream("POST", "/graphql", json={"query": query}, headers=headers) as answer:
        answer.read()
    until = time.monotonic() + 30
    while f"stream-{code}" not in log.getvalue() and time.monotonic() < until:
        time.sleep(0.01)

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (line,) = [each for each in lines if each.get("request_id") == f"stream-{code}"]
    assert (line["status"], line["code"]) == (200, code)


def test_events_can_be_had_by_get(server: RunningServer, viewer: httpx2.Client) -> None:
    begin = head(server)
    write(server, "G-1")
    params = {"query": FEED, "variables": json.dumps({"after": begin})}
    with viewer.stream("GET", "/graphql", params=params, headers=EVENTS) as answer:
        told = next(parsed(answer.iter_lines()))

    assert reason_of(told) == "add G-1"


def test_a_subscriber_that_went_is_noticed(server: RunningServer, viewer: httpx2.Client) -> None:
    until = time.monotonic() + 30
    with events(viewer, head(server)):
        # The head of the answer is sent before it counts as a subscriber.
        while not (during := subscribers(server, "sse")) and time.monotonic() < until:
            time.sleep(0.01)
    while subscribers(server, "sse") and time.monotonic() < until:
        time.sleep(0.05)

    assert during >= 1
    assert subscribers(server, "sse") == 0


def subscribers(server: RunningServer, transport: str) -> float:
    found: float = server.serving.meters.subscribers.labels(transport)._value.get()
    return found


def test_a_revoked_token_is_told_nothing_more(server: RunningServer) -> None:
    operations = server.serving.service.operations(KEEPER)
    with server.client("viewer") as client:
        (token, *_) = operations.list_tokens().tokens
        with events(client, head(server)) as told:
            write(server, "V-1")
            first = next(told)
            operations.revoke_token(token.id, EditReason())
            write(server, "V-2")
            rest = list(told)

    assert reason_of(first) == "add V-1"
    assert "V-2" not in str(rest)
    assert json.loads(rest[0]["data"])["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_while_nobody_can_be_known_a_stream_tells_nothing_but_that(
    server: RunningServer, viewer: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: str) -> NoReturn:
        raise DatabaseUnavailable("bolt://db", "it is lost")

    with events(viewer, head(server)) as told:
        write(server, "L-1")
        first = next(told)
        monkeypatch.setattr(server.serving.service, "authenticate", lost)
        write(server, "L-2")
        rest = list(told)
    monkeypatch.undo()
    with events(viewer, None, **{"Last-Event-ID": first["id"]}) as told:
        again = next(told)

    assert "L-2" not in str(rest)
    error = json.loads(rest[0]["data"])["errors"][0]["extensions"]
    assert (error["code"], rest[1]["event"]) == ("DATABASE_UNAVAILABLE", "complete")
    assert reason_of(again) == "add L-2"


def test_a_server_that_stops_ends_streams_without_completing_them(tmp_path: Path) -> None:
    with (
        running_server(tmp_path) as running,
        running.client("viewer") as client,
        events(client, head(running)) as told,
    ):
        running.stop()
        rest = list(told)

    assert all(event.get("event") != "complete" for event in rest)


# WebSocket


@contextmanager
def socket(server: RunningServer, secret: str = "", **init: Any) -> Iterator[ClientConnection]:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    address = server.address.replace("http", "ws") + "/graphql"
    with connect(address, subprotocols=[PROTOCOL], additional_headers=headers) as opened:
        opened.send(json.dumps({"type": "connection_init", "payload": init}))
        yield opened


def receive(opened: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(opened.recv(timeout=30))
    return message


@pytest.mark.parametrize("place", ["header", "payload"])
def test_a_socket_tells_every_write(server: RunningServer, place: str) -> None:
    secret = server.token("viewer")
    given = {"Authorization": f"Bearer {secret}"} if place == "payload" else {}
    begin = head(server)
    with socket(server, secret if place == "header" else "", **given) as opened:
        assert receive(opened)["type"] == "connection_ack"
        asked = {"query": FEED, "variables": {"after": begin}}
        opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": asked}))
        write(server, f"S-{place}-1", f"S-{place}-2")
        told = [receive(opened), receive(opened)]
        opened.send(json.dumps({"type": "ping"}))
        pong = receive(opened)

    entries = [message["payload"]["data"]["changeFeed"]["entry"] for message in told]
    assert [entry["revision"] for entry in entries] == [begin + 1, begin + 2]
    assert pong == {"type": "pong"}


def test_a_socket_answers_queries_and_completes_them(server: RunningServer) -> None:
    with socket(server, server.token("viewer")) as opened:
        receive(opened)
        payload = {"query": "{ whoami { actor } }"}
        opened.send(json.dumps({"id": "q", "type": "subscribe", "payload": payload}))
        told = [receive(opened), receive(opened)]

    assert told[0]["payload"] == {"data": {"whoami": {"actor": "viewer"}}}
    assert told[1] == {"id": "q", "type": "complete"}


@pytest.mark.parametrize("wrong", [[], [1], "", 0])
def test_variables_that_are_no_map_are_refused_on_a_socket_and_in_an_address(
    server: RunningServer, wrong: Any
) -> None:
    secret = server.token("viewer")
    query = "{ whoami { actor } }"
    told: list[dict[str, Any]] = []
    with socket(server, secret) as opened:
        receive(opened)
        for name, variables in (("wrong", wrong), ("map", {}), ("null", None)):
            payload: dict[str, Any] = {"query": query, "variables": variables}
            opened.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))
            told += [receive(opened), receive(opened)]
    with server.client("viewer") as client:
        params = {"query": query, "variables": json.dumps(wrong)}
        answer = client.get("/graphql", params=params, headers={"Accept": "text/event-stream"})

    first = told[0]["payload"]["errors"][0]["extensions"]
    assert (first["code"], first["facts"]["field"]) == ("BAD_VALUE", "variables")
    assert [each["payload"]["data"] for each in told[2::2]] == [{"whoami": {"actor": "viewer"}}] * 2
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_VALUE")


@pytest.mark.parametrize("payload", [{}, {"Authorization": "Bearer cmdb_nobody"}])
def test_a_socket_without_a_token_that_holds_is_closed(
    server: RunningServer, payload: dict[str, str]
) -> None:
    with socket(server, **payload) as opened, pytest.raises(ConnectionClosed) as closed:
        receive(opened)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


def test_a_socket_of_another_protocol_or_page_is_not_opened(server: RunningServer) -> None:
    address = server.address.replace("http", "ws") + "/graphql"
    with pytest.raises(InvalidStatus):
        connect(address, subprotocols=[Subprotocol("graphql-ws")])
    for page in ("https://evil.example", "http://["):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, subprotocols=[PROTOCOL], origin=Origin(page))
        assert refused.value.response.status_code == 403


def test_a_socket_ends_with_its_token(server: RunningServer) -> None:
    operations = server.serving.service.operations(KEEPER)
    secret = server.token("viewer")
    (token, *_) = operations.list_tokens().tokens
    with socket(server, secret) as opened:
        receive(opened)
        asked = {"query": FEED, "variables": {"after": head(server)}}
        opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": asked}))
        operations.revoke_token(token.id, EditReason())
        write(server, "T-1")
        told: list[dict[str, Any]] = []
        with pytest.raises(ConnectionClosed) as closed:
            told.extend(iter(lambda: receive(opened), None))

    assert "T-1" not in str(told)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


MUTATION = """mutation($name: String!) {
  addCi(input: {class: "Rack", name: $name}) { __typename }
}"""


def write_by(opened: ClientConnection, name: str) -> None:
    payload = {"query": MUTATION, "variables": {"name": name}}
    opened.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_nothing_is_written_over_a_socket_once_its_token_ended(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    operations = server.serving.service.operations(KEEPER)
    secret = server.token("planner")
    (token, *_) = operations.list_tokens().tokens
    with socket(server, secret) as opened:
        receive(opened)
        write_by(opened, f"{end}-before")
        before = [receive(opened), receive(opened)]
        begin = head(server) + (end == "revoked")
        if end == "revoked":
            operations.revoke_token(token.id, EditReason())
        else:
            later = token.expires_at + timedelta(seconds=1)
            monkeypatch.setattr(SystemClock, "now", lambda _: later)
        write_by(opened, f"{end}-after")
        with pytest.raises(ConnectionClosed) as closed:
            receive(opened)

    assert before[0]["payload"]["data"]["addCi"]["__typename"] != "Forbidden"
    assert before[1]["type"] == "complete"
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
    assert head(server) == begin


def test_a_socket_outlives_a_moment_in_which_nobody_can_be_known(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: str) -> NoReturn:
        raise DatabaseUnavailable("bolt://db", "it is lost")

    with socket(server, server.token("planner")) as opened:
        receive(opened)
        begin = head(server)
        with monkeypatch.context() as patched:
            patched.setattr(server.serving.service, "authenticate", lost)
            write_by(opened, "moment-1")
            during = [receive(opened), receive(opened)]
        unwritten = head(server)
        write_by(opened, "moment-2")
        after = [receive(opened), receive(opened)]

    code = during[0]["payload"]["errors"][0]["extensions"]["code"]
    assert (code, unwritten) == ("DATABASE_UNAVAILABLE", begin)
    assert "errors" not in after[0]["payload"]
    assert head(server) == begin + 1
