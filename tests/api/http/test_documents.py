"""Are GraphQL documents answered over HTTP as the specifications want it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from cmdb.errors import BadSettings, DatabaseUnavailable
from cmdb.server.api import trusted_documents
from cmdb.settings import ServerSettings
from tests.api.http.running_server import RunningServer, running_server

WHO = {"query": "{ whoami { actor } }"}
MODERN = {"Accept": "application/graphql-response+json"}


def test_a_document_is_answered(viewer: httpx2.Client) -> None:
    answer = viewer.post("/graphql", json=WHO)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"data": {"whoami": {"actor": "viewer"}}}


def test_one_of_several_operations_is_chosen_and_has_variables(viewer: httpx2.Client) -> None:
    body = {
        "query": "query A { whoami { actor } } "
        "query B($n: Int) { cis(first: $n) { nodes { name } } }",
        "operationName": "B",
        "variables": {"n": 1},
    }

    assert "cis" in viewer.post("/graphql", json=body).json()["data"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "BAD_VALUE"),
        (b"{", 400, "BAD_VALUE"),
        (b"7", 400, "BAD_VALUE"),
        (b'{"query": 7}', 400, "BAD_VALUE"),
        (b'{"query": "{ whoami { actor } }", "variables": []}', 400, "BAD_VALUE"),
        (b'{"query": "{ whoami { actor } }", "variables": ""}', 400, "BAD_VALUE"),
        (b'{"query": "{ whoami { actor } }", "variables": 0}', 400, "BAD_VALUE"),
        (b'{"query": "{ whoami { actor } }", "variables": false}', 400, "BAD_VALUE"),
        (b'{"query": "{ whoami { actor } }", "variables": {}}', 200, None),
        (b'{"query": "{ whoami { actor } }", "variables": null}', 200, None),
        (b'{"query": "{ whoami { actor } }"}', 200, None),
        (b'{"query": "{ whoami { actor } }", "variables": [1]}', 400, "BAD_VALUE"),
        (b'{"query": "{ whoami { actor } }", "operationName": 1}', 400, "BAD_VALUE"),
        (b"[]", 400, "LIMIT_EXCEEDED"),
        (b'[{"query": "{ whoami { actor } }"}]', 400, "LIMIT_EXCEEDED"),
        (b"\xff\xfe", 400, "BAD_VALUE"),
    ],
)
def test_what_is_no_request_is_refused(
    viewer: httpx2.Client, body: bytes, status: int, code: str | None
) -> None:
    answer = viewer.post("/graphql", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json().get("code")) == (status, code)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_a_foreign_form_could_send_is_refused(viewer: httpx2.Client, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = viewer.post("/graphql", content=b'{"query": "{ a }"}', headers=headers)

    assert answer.status_code == 415


def test_a_body_over_the_limit_is_refused_whether_announced_or_not(tmp_path: Path) -> None:
    settings = ServerSettings(body_limit_bytes=2_000)
    headers = {"Content-Type": "application/json"}
    with running_server(tmp_path, settings) as running, running.client("viewer") as client:
        small, large = (
            b'{"query": "{ whoami { actor } }", "variables": {"x": "%s"}}' % (b"x" * size)
            for size in (3, 3_000)
        )

        fits = client.post("/graphql", content=small, headers=headers)
        told = client.post("/graphql", content=large, headers=headers)
        streamed = client.post(
            "/graphql", content=iter([large[:1500], large[1500:]]), headers=headers
        )

    assert fits.status_code == 200, fits.text
    assert [told.status_code, streamed.status_code] == [413, 413]
    assert told.json()["facts"] == {
        "limit": "bytes of the body", "allowed": 2_000, "found": len(large)
    }  # fmt: skip


def test_what_is_wrong_with_a_document_has_a_status_for_clients_that_want_one(
    viewer: httpx2.Client,
) -> None:
    wrong = {"query": "{ nonsense }"}

    plain = viewer.post("/graphql", json=wrong)
    modern = viewer.post("/graphql", json=wrong, headers=MODERN)
    right = viewer.post("/graphql", json=WHO, headers=MODERN)

    assert (plain.status_code, modern.status_code, right.status_code) == (200, 400, 200)
    assert modern.headers["content-type"].startswith("application/graphql-response+json")
    assert plain.json()["errors"][0]["extensions"]["code"] == "BAD_DOCUMENT"


def test_a_database_that_is_away_is_a_503_and_answers_again_when_it_is_back(
    server: RunningServer, viewer: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = server.serving.service._context.store  # type: ignore[attr-defined]  # the part that fails
    body = {"query": "{ cis(first: 1) { nodes { name } } }"}
    before = viewer.post("/graphql", json=body).status_code

    def fail(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("there", "it is away")

    with monkeypatch.context() as patched:
        patched.setattr(type(store), "select", fail)
        away = viewer.post("/graphql", json=body)
    after = viewer.post("/graphql", json=body).status_code

    assert (before, away.status_code, after) == (200, 503, 200)
    assert away.json()["errors"][0]["extensions"]["code"] == "DATABASE_UNAVAILABLE"


def test_the_schema_and_its_page_are_shown_in_development_alone(tmp_path: Path) -> None:
    body = {"query": "{ __schema { queryType { name } } }"}
    page = {"Accept": "text/html"}
    answers = {}
    for is_development in (False, True):
        settings = ServerSettings(is_development=is_development)
        folder = tmp_path / str(is_development)
        with running_server(folder, settings) as running, running.client("viewer") as client:
            asked = client.post("/graphql", json=body).json()
            answers[is_development] = (
                asked["data"] is not None,
                client.get("/graphql", headers=page).status_code,
            )

    assert answers == {False: (False, 405), True: (True, 200)}


def test_nothing_is_asked_by_get_but_events(viewer: httpx2.Client) -> None:
    plain = viewer.get("/graphql", params={"query": "{ whoami { actor } }"})
    written = viewer.get(
        "/graphql",
        params={"query": 'mutation { revokeToken(input: {id: "x"}) { __typename } }'},
        headers={"Accept": "text/event-stream"},
    )

    assert [plain.status_code, written.status_code] == [405, 405]
    assert plain.headers["allow"] == "POST"


def test_a_subscription_is_not_answered_as_one_document(viewer: httpx2.Client) -> None:
    body = {"query": "subscription { changeFeed { report } }"}

    answer = viewer.post("/graphql", json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_VALUE")
    assert "text/event-stream" in answer.json()["message"]


def test_writes_stand_in_the_log_under_the_actor_and_the_request(server: RunningServer) -> None:
    with server.client("planner", actor="paula") as planner:
        body = {
            "query": "mutation($i: AddCIInput!) { addCi(input: $i) { __typename } }",
            "variables": {"i": {"class": "Rack", "name": "R-1", "reason": "new rack"}},
        }
        answer = planner.post("/graphql", json=body, headers={"X-Request-ID": "req-77"})
        log = planner.post(
            "/graphql", json={"query": "{ log(first: 1) { entries { requestId } report } }"}
        )

    assert "errors" not in answer.json(), answer.text
    newest = str(log.json())
    assert "paula" in newest
    assert "new rack" in newest
    told = log.json()["data"]["log"]
    assert [each["requestId"] for each in told["entries"]] == ["req-77"]
    assert [each["request_id"] for each in told["report"]["entries"]] == ["req-77"]
    assert answer.headers["x-request-id"] == "req-77"


def test_only_trusted_documents_are_run_where_that_is_wanted(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    trusted = "query Who {\n  whoami { actor }\n}\n"
    (folder / "who.graphql").write_text(trusted, encoding="utf-8")
    settings = ServerSettings(trusted_documents=folder)
    with running_server(tmp_path / "d", settings) as running, running.client("viewer") as client:
        run = client.post("/graphql", json={"query": trusted}).json()
        refused = client.post("/graphql", json=WHO).json()

    assert run == {"data": {"whoami": {"actor": "viewer"}}}
    assert refused["data"] is None
    assert "trusted" in refused["errors"][0]["message"]


def test_a_folder_of_trusted_documents_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        trusted_documents(tmp_path / "nowhere")


def test_a_folder_without_trusted_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="holds no"):
        trusted_documents(tmp_path)
    assert trusted_documents(None) is None
