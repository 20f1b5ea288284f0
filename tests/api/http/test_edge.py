"""What holds for every request, whatever it asks?"""

from __future__ import annotations

import io
import json
import logging
import socket
import time
from pathlib import Path

import httpx2
import pytest
from starlette.datastructures import Headers
from starlette.routing import Route, WebSocketRoute

from cmdb import errors
from cmdb.ports import EditReason
from cmdb.server.app import ROOMS, SOCKETS
from cmdb.server.hosts import why_refused
from cmdb.server.http_errors import status_of
from cmdb.server.request_log import configure_log
from cmdb.server.running import listen
from cmdb.settings import ServerSettings
from tests.api.http.running_server import KEEPER, RunningServer, running_server

OPEN = {"/", "/start", "/healthz", "/readyz"}
LOCAL = ServerSettings()
BEYOND = ServerSettings(host="10.0.0.5")
NAMED = ServerSettings(host="10.0.0.5", public_hosts=("cmdb.example.org",))


def test_a_request_keeps_the_id_that_the_client_gave(nobody: httpx2.Client) -> None:
    given = nobody.get("/healthz", headers={"X-Request-ID": "trace-1"})
    odd = nobody.get("/healthz", headers={"X-Request-ID": 'x" onload="'})
    none = nobody.get("/healthz")

    assert given.headers["x-request-id"] == "trace-1"
    assert len({odd.headers["x-request-id"], none.headers["x-request-id"]}) == 2
    assert "onload" not in odd.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/healthz", "/", "/nowhere", "/graphql"])
def test_every_answer_tells_browsers_to_be_careful(nobody: httpx2.Client, path: str) -> None:
    headers = nobody.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


@pytest.mark.parametrize(
    ("settings", "headers", "is_refused"),
    [
        (LOCAL, {"host": "127.0.0.1:8080"}, False),
        (LOCAL, {"host": "localhost:8080"}, False),
        (LOCAL, {"host": "[::1]:8080"}, False),
        (LOCAL, {"host": "evil.example:8080"}, True),
        (LOCAL, {"host": "localhost.evil.example"}, True),
        (LOCAL, {}, True),
        (BEYOND, {"host": "anything.example"}, False),
        (NAMED, {"host": "cmdb.example.org"}, False),
        (NAMED, {"host": "127.0.0.1:8080"}, False),
        (NAMED, {"host": "other.example.org"}, True),
        (LOCAL, {"host": "localhost:8080", "origin": "http://localhost:8080"}, False),
        (LOCAL, {"host": "localhost:8080", "origin": "https://evil.example"}, True),
        (LOCAL, {"host": "localhost:8080", "origin": "null"}, True),
        (BEYOND, {"host": "cmdb.example", "origin": "https://evil.example"}, True),
        (NAMED, {"host": "127.0.0.1", "origin": "https://cmdb.example.org"}, False),
    ],
)
def test_only_own_names_and_own_pages_are_answered(
    settings: ServerSettings, headers: dict[str, str], is_refused: bool
) -> None:
    assert bool(why_refused(Headers(headers), settings)) == is_refused


def test_a_page_of_another_origin_is_refused(nobody: httpx2.Client) -> None:
    answer = nobody.get("/healthz", headers={"Origin": "https://evil.example"})
    broken = nobody.get("/healthz", headers={"Origin": "http://["})
    renamed = nobody.get("/healthz", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert (broken.status_code, broken.json()["code"]) == (403, "FORBIDDEN")
    assert broken.json()["request_id"] == broken.headers["x-request-id"]
    assert (renamed.status_code, renamed.json()["code"]) == (403, "FORBIDDEN")


def test_every_route_but_the_open_ones_refuses_who_has_no_token(
    nobody: httpx2.Client,
) -> None:
    routes = [route for room in ROOMS for route in room.router.routes]
    answers = {}
    for route in routes:
        if isinstance(route, Route) and route.path not in OPEN:
            path = route.path.replace("{file_format}", "records").replace("{run_id}", "x")
            for method in sorted((route.methods or set()) - {"HEAD"}):
                address = path.replace("{kind}", "rejects")
                answer = nobody.request(method, address, headers={"Accept": "text/event-stream"})
                answers[f"{method} {path}"] = answer.status_code

    assert len(answers) >= 7
    assert set(answers.values()) == {401}, answers
    assert not any(isinstance(route, WebSocketRoute) for route in routes)
    assert list(SOCKETS) == ["/graphql"]


@pytest.mark.parametrize(
    "given", ["", "Basic eDp5", "Bearer", "Bearer cmdb_wrong", f"Bearer {'x' * 600}"]
)
def test_a_token_that_does_not_hold_is_refused(nobody: httpx2.Client, given: str) -> None:
    answer = nobody.get("/metrics", headers={"Authorization": given} if given else {})

    assert answer.status_code == 401
    assert answer.json()["code"] == "UNAUTHENTICATED"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_unknown_address_is_told_as_json(admin: httpx2.Client) -> None:
    missing, wrong = admin.get("/nowhere"), admin.put("/healthz")

    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_a_defect_is_told_by_its_request_id_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    with running_server(tmp_path) as running, running.client() as client:

        def fail() -> None:
            raise RuntimeError("hunter2 stood here")

        monkeypatch.setattr(running.serving.service, "head", fail)
        configure_log(log)
        answer = client.get("/readyz", headers={"X-Request-ID": "seek-me"})

    assert answer.status_code == 500
    assert answer.json() == {
        "code": "INTERNAL",
        "message": "A defect of the server; its log tells of it under this request id.",
        "facts": {},
        "request_id": "seek-me",
    }
    defect = next(json.loads(row) for row in log.getvalue().splitlines() if '"defect"' in row)
    assert defect["request_id"] == "seek-me"
    assert "RuntimeError" in defect["exception"]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_refused_mutation_is_logged_and_counted_with_its_code(
    server: RunningServer, admin: httpx2.Client, accept: str
) -> None:
    document = "mutation ($ci: String!) { retireCi(input: {ci: $ci}) { __typename } }"
    name = f"edge of {accept}"
    server.serving.service.operations(KEEPER).add_ci("Rack", name, {}, {}, EditReason())

    def counted(code: str) -> float:
        requests = server.serving.meters.requests
        return float(requests.labels("mutation retireCi", code)._value.get())

    before = counted("UNKNOWN_CI"), counted("OK")
    for ci in ("nothing like it", name):
        body = {"query": document, "variables": {"ci": ci}}
        assert admin.post("/graphql", json=body, headers={"Accept": accept}).status_code == 200
    until = time.monotonic() + 10
    while counted("OK") == before[1] and time.monotonic() < until:
        time.sleep(0.01)

    assert (counted("UNKNOWN_CI"), counted("OK")) == (before[0] + 1, before[1] + 1)


def test_a_log_line_tells_who_asked_what_and_how_it_ended_and_no_secret(tmp_path: Path) -> None:
    log = io.StringIO()
    with running_server(tmp_path) as running:
        secret = running.token("viewer", actor="vera")
        configure_log(log)
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # The client of this test.
        headers = {"Authorization": f"Bearer {secret}", "X-Request-ID": "r-1"}
        with running.client() as client:
            body = {"query": '{ search(text: "hunter2") { report } }'}
            client.post("/graphql?note=hunter2", json=body, headers=headers)

    (line,) = [json.loads(row) for row in log.getvalue().splitlines() if '"r-1"' in row]
    assert (line["actor"], line["method"], line["path"]) == ("vera", "POST", "/graphql")
    assert (line["operation"], line["status"], line["code"]) == ("query search", 200, "OK")
    assert line["duration_ms"] > 0
    assert secret not in log.getvalue()
    assert "hunter2" not in log.getvalue()


@pytest.mark.parametrize("kind", errors.CmdbError.kinds(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_of_its_branch(kind: type[errors.CmdbError]) -> None:
    expected: dict[type[errors.CmdbError], int] = {
        errors.BadInput: 4,
        errors.NotFound: 4,
        errors.Conflict: 4,
        errors.DatabaseError: 5,
        errors.ServerError: 5,
    }

    for parent, hundred in expected.items():
        if issubclass(kind, parent):
            assert status_of(kind) // 100 == hundred
    assert 400 <= status_of(kind) < 600


def test_a_connection_sends_small_pieces_at_once() -> None:
    with (
        listen(ServerSettings(port=0)) as listening,
        socket.create_connection(listening.getsockname()),
    ):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
