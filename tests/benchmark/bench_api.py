"""How fast does the API answer over HTTP, on the embedded engine and on Neo4j?

A real `cmdb serve` in a process of its own, tokens and limits on, asked by one client and by
eight. P: 200 CIs by name with their providers and again theirs; PX: the same with a filter that
lets every name pass; Q: the same of one CI by id; R: 200 flat CIs; RX: with that filter; W: one CI
made that relies on two others, in one transaction.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil

from tests.benchmark.clients import Client, Measured, Question, ask_for
from tests.benchmark.served_estate import CLASS, ServedEstate, ci_id, identity, make_estate
from tests.e2e.serving_process import ServingProcess, serving
from tests.peers.neo4j_server import LONG_TERM
from tests.peers.neo4j_somewhere import neo4j_somewhere
from tests.peers.unavailable import PeerUnavailable


@dataclass(frozen=True, slots=True)
class _Size:
    cis: int
    relationships: int
    page: int
    seconds: float
    warm_seconds: float


SIZES = {"smoke": _Size(500, 1_500, 30, 0.2, 0.0), "full": _Size(100_000, 300_000, 200, 8.0, 2.0)}
CLIENTS = (1, 8)
ROLES = ("viewer", "importer")

_BELOW = """providers(first: 20) { edges { relationship { strength } node {
  id class name lifecycle providers(first: 20) { edges { node { id class name } } } } } }"""
_NESTED = f"id class name lifecycle version updatedAt {_BELOW}"
_FLAT = "id localId class name lifecycle version createdAt updatedAt"
_ANY_NAME = 'filter: {name: {startsWith: ""}}'
P = f"query P($first: Int!) {{ cis(first: $first) {{ edges {{ node {{ {_NESTED} }} }} }} }}"
PX = f"""query PX($first: Int!) {{
  cis(first: $first, {_ANY_NAME}) {{ edges {{ node {{ {_NESTED} }} }} }} }}"""
Q = f"query Q($id: ID!) {{ ci(id: $id) {{ {_NESTED} }} }}"
R = f"query R($first: Int!) {{ cis(first: $first) {{ nodes {{ {_FLAT} }} }} }}"
RX = f"query RX($first: Int!) {{ cis(first: $first, {_ANY_NAME}) {{ nodes {{ {_FLAT} }} }} }}"
W = """mutation W($records: [JSON!]!) { upsertRecords(input: {source: "bench", records: $records}) {
  __typename ... on RecordsUpserted { decided } } }"""
COUNT = "{ classes { classes { name count } } }"

Rows = list[dict[str, Any]]


def run(size: str) -> Rows:
    """Return the figures of both engines, answers checked; without Neo4j those of one."""
    chosen = SIZES[size]
    estate = make_estate(chosen.cis, chosen.relationships)
    with tempfile.TemporaryDirectory() as folder:
        rows, embedded = _measure_on("embedded", Path(folder) / "embedded", {}, estate, chosen)
        try:
            with neo4j_somewhere(LONG_TERM, Path(folder) / "neo4j") as address:
                environment = {
                    "CMDB_DATABASE_URL": address.url,
                    "CMDB_DATABASE_USER": address.user,
                    "CMDB_DATABASE_PASSWORD": address.password,
                }
                more, neo4j = _measure_on(
                    f"Neo4j {LONG_TERM}", Path(folder) / "unused", environment, estate, chosen
                )
        except PeerUnavailable as reason:
            return [*rows, {"what": "Neo4j", "figure": f"not measured: {reason}"}]
    assert embedded == neo4j, "the engines answer differently"
    return [*rows, *more]


def _measure_on(
    engine: str,
    data_dir: Path,
    environment: Mapping[str, str],
    estate: ServedEstate,
    size: _Size,
) -> tuple[Rows, dict[str, Any]]:
    """Return the figures of one engine, and its answers for comparison."""
    settings = {**environment, "CMDB_DATA_DIR": str(data_dir)}
    given = {**os.environ, **settings}
    began = time.perf_counter()
    _python(given, "tests.benchmark.served_estate", str(size.cis), str(size.relationships))
    filled = time.perf_counter() - began
    secret = _token(given)
    with serving(data_dir.with_suffix(".log"), (), **settings) as server:
        with _client(server, secret) as client:
            questions = _questions(client, estate, size.page)
            answers = _checked(client, questions, estate, size.page)
        memory = _Memory(server)
        rows = [
            _row(engine, question, clients, _asked(server, secret, question, clients, size), memory)
            for question in questions
            for clients in CLIENTS
        ]
        with _client(server, secret) as client:
            written = sum(row.pop("answers") for row in rows if row.pop("question") == "W")
            # What warmed up wrote as well; nothing that was acknowledged is missing.
            assert _count(client) >= len(estate.providers) + written
        server.stop()
    return [
        *rows,
        {
            "what": f"{engine}: memory of the server, at first and at most",
            "figure": f"{memory.first:.0f} MB, {memory.most:.0f} MB",
        },
        {"what": f"{engine}: seconds to fill the database", "figure": f"{filled:.0f}"},
    ], answers


def _python(environment: Mapping[str, str], module: str, *words: str) -> str:
    command = (sys.executable, "-m", module, *words)
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=dict(environment)
    ).stdout


def _token(environment: Mapping[str, str]) -> str:
    roles = [word for role in ROLES for word in ("--role", role)]
    source = ("--source", "bench")
    told = _python(environment, "cmdb", "token", "create", "bench", *roles, *source, "--json")
    return str(json.loads(told)["secret"])


def _asked(
    server: ServingProcess, secret: str, question: Question, clients: int, size: _Size
) -> Measured:
    numbers = range(1_000_000)
    if size.warm_seconds:
        ask_for(
            question, server.address, secret,
            clients=clients, seconds=size.warm_seconds, numbers=numbers,
        )  # fmt: skip
    return ask_for(
        question, server.address, secret, clients=clients, seconds=size.seconds, numbers=numbers
    )


class _Memory:
    """Memory of the server's process, engine included, in MB."""

    def __init__(self, server: ServingProcess) -> None:
        self._process = psutil.Process(server.process.pid)
        self.first = self.most = self.now()

    def now(self) -> float:
        """Return what it holds now, and remember the most."""
        held = self._process.memory_info().rss / 1e6
        self.most = max(held, getattr(self, "most", 0.0))
        return held


def _row(
    engine: str, question: Question, clients: int, seen: Measured, memory: _Memory
) -> dict[str, Any]:
    assert seen.latencies, f"{engine}, {question.name}: no right answer: {seen.wrong}"
    times = ", ".join(_shortly(seen.percentile_ms(share)) for share in (0.5, 0.95, 0.99))
    return {
        "what": f"{engine}, {question.name}, {clients} client{'s' * (clients > 1)}: "
        "requests/s; p50, p95, p99 ms; errors; server MB",
        "figure": f"{_shortly(seen.per_second)}; {times}; {seen.errors}; {memory.now():.0f}",
        "target": "no error",
        "ok": not seen.errors,
        "question": question.name,
        "answers": len(seen.latencies),
    }


def _shortly(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


@contextmanager
def _client(server: ServingProcess, secret: str) -> Iterator[Client]:
    client = Client(server.address, secret)
    try:
        yield client
    finally:
        client.close()


def _questions(client: Client, estate: ServedEstate, page: int) -> list[Question]:
    """Return the questions; what reads of pages must answer is what is asked here once."""
    count = len(estate.providers)

    def of_ci(number: int) -> int:
        return number * 7_919 % count

    def is_page(document: str) -> Question:
        right = _ask(client, document, {"first": page})
        name = document.split()[1].partition("(")[0]
        return Question(name, document, lambda _: {"first": page}, lambda _, body: body == right)

    def is_ci(number: int, body: bytes) -> bool:
        return body.count(b'"strength"') == len(estate.providers[of_ci(number)])

    one = Question("Q", Q, lambda number: {"id": ci_id(of_ci(number))}, is_ci)
    write = Question(
        "W", W, lambda number: {"records": [_record(number, count)]},
        lambda _, body: b'"create":1' in body.replace(b" ", b""),
    )  # fmt: skip
    return [is_page(P), is_page(PX), one, is_page(R), is_page(RX), write]


def _record(number: int, count: int) -> dict[str, Any]:
    """Return a new machine at each call, which relies on two that are there."""
    serial = f"{time.monotonic_ns()}-{number}"
    others = [number * 31 % count, (number * 31 + 1) % count]
    return {
        "class": CLASS,
        "key": serial,
        "name": f"new-{serial}",
        "attributes": {"serial": serial, "vendor": "bench", "os": "linux"},
        "links": [
            {"type": "depends_on", "other": {"class": CLASS, "values": identity(other)}}
            for other in others
        ],
    }


def _ask(client: Client, document: str, variables: Mapping[str, Any] | None = None) -> bytes:
    status, body = client.ask(orjson.dumps({"query": document, "variables": variables or {}}))
    assert status == 200, body[:1_000]
    assert not body.startswith(b'{"errors"'), body[:1_000]
    return body


def _count(client: Client) -> int:
    classes = orjson.loads(_ask(client, COUNT))["data"]["classes"]["classes"]
    return next(int(each["count"]) for each in classes if each["name"] == CLASS)


def _checked(
    client: Client, questions: list[Question], estate: ServedEstate, size: int
) -> dict[str, Any]:
    """Return the answers of the reads, without what differs between engines; all are right."""
    assert _count(client) == len(estate.providers)
    page = list(range(size))
    found: dict[str, Any] = {}
    for question in questions:
        if question.name == "W":
            continue
        body = _ask(client, question.document, question.variables(3))
        data = orjson.loads(body)["data"]
        if question.name == "Q":
            nodes, numbers = [data["ci"]], [3 * 7_919 % len(estate.providers)]
        elif question.name in ("P", "PX"):
            nodes, numbers = [edge["node"] for edge in data["cis"]["edges"]], page
        else:
            nodes, numbers = data["cis"]["nodes"], page
        assert [node["name"] for node in nodes] == [f"host-{number:07d}" for number in numbers]
        if question.name in ("P", "PX", "Q"):
            below = [edge["node"] for node in nodes for edge in node["providers"]["edges"]]
            deep = sum(len(node["providers"]["edges"]) for node in below)
            assert (len(below), deep) == estate.below(numbers), question.name
        found[question.name] = _without_times(data)
    assert found["P"] == found["PX"]
    assert found["R"] == found["RX"]
    return found


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        times = ("createdAt", "updatedAt")
        return {name: _without_times(each) for name, each in value.items() if name not in times}
    return [_without_times(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    for line in run(sys.argv[1] if len(sys.argv) > 1 else "smoke"):
        print(line)
