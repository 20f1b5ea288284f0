"""Does the server tell whether it lives, is ready, and how it fares?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2

from cmdb.settings import ServerSettings
from tests.api.http.running_server import RunningServer, running_server


def test_whoever_watches_the_process_needs_no_token(nobody: httpx2.Client) -> None:
    assert nobody.get("/healthz").json() == {"status": "ok"}
    assert nobody.get("/readyz").json() == {"status": "ready"}


def test_a_server_whose_database_is_gone_lives_but_is_not_ready(tmp_path: Path) -> None:
    with running_server(tmp_path) as running, running.client() as client:
        ready = client.get("/readyz").status_code
        running.serving.service.close()
        alive, gone = client.get("/healthz"), client.get("/readyz")

    assert ready == 200
    assert alive.status_code == 200
    assert gone.status_code == 503
    assert gone.json()["code"].startswith("DATABASE")


def test_a_server_that_stops_is_not_ready_any_more(tmp_path: Path) -> None:
    with running_server(tmp_path) as running, running.client() as client:
        client.get("/readyz")  # A connection that is open already.
        running.serving.stopping.set()
        answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"status": "stopping"})


def test_figures_are_for_those_who_may_read(server: RunningServer, nobody: httpx2.Client) -> None:
    with server.client("viewer") as viewer, server.client("importer", source="cmdb-x") as importer:
        answers = [client.get("/metrics").status_code for client in (nobody, importer, viewer)]

    assert answers == [401, 403, 200]


def test_figures_tell_of_requests_statements_and_the_log(
    admin: httpx2.Client, server: RunningServer
) -> None:
    server.ask("{ whoami { actor } }")
    admin.get("/nowhere")

    page = admin.get("/metrics")

    lines = dict(line.rsplit(" ", 1) for line in page.text.splitlines() if not line.startswith("#"))
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert float(lines['cmdb_requests_total{code="OK",operation="query whoami"}']) >= 1
    assert float(lines['cmdb_requests_total{code="NOT_FOUND",operation="other"}']) >= 1
    assert float(lines["cmdb_log_revision"]) == server.serving.service.head().revision > 0
    assert "cmdb_log_bytes" in lines
    assert "cmdb_snapshot_revision" in lines
    assert 'cmdb_request_seconds_count{operation="query whoami"}' in lines


def test_a_server_works_on_as_many_requests_at_once_as_it_may(tmp_path: Path) -> None:
    with running_server(tmp_path, ServerSettings(threads=2)) as running:
        secret = running.token("viewer")

        async def ask_all() -> list[int]:
            headers = {"Authorization": f"Bearer {secret}"}
            async with httpx2.AsyncClient(base_url=running.address, headers=headers) as client:
                body = {"query": "{ cis(first: 5) { nodes { name } } }"}
                asked = [client.post("/graphql", json=body) for _ in range(20)]
                return [answer.status_code for answer in await asyncio.gather(*asked)]

        assert asyncio.run(ask_all()) == [200] * 20
