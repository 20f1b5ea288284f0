"""Do two processes on one Neo4j see each other's writes at once, and lose none of their own?"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median

import pytest

from cmdb.bootstrap import SystemClock
from cmdb.model.rights import SEES_ALL
from cmdb.ports import EditReason, NewRelationship
from cmdb.services.context import Context
from cmdb.services.edit_inventory import add_relationship
from cmdb.services.verify_log import verify_log
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from cmdb.store.neo4j import open_neo4j
from tests.kills.estate import estate
from tests.kills.graph import check_whole, read_graph
from tests.kills.process import ROOT
from tests.kills.replica import COUNTER, OWN, THREADS, a_host, import_records, open_replica
from tests.peers.neo4j_server import LONG_TERM
from tests.peers.neo4j_somewhere import Address, neo4j_somewhere
from tests.peers.unavailable import skipped_where_unavailable

pytestmark = pytest.mark.server

ESTATE = 1_000
WRITES = 10
ROUNDS = 4
SHARED = 3
LONGEST_SECONDS = 1.0
NOTHING_SAID = EditReason()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with contextlib.ExitStack() as stack:
        home = tmp_path_factory.mktemp("replicas")
        with skipped_where_unavailable():
            lent = stack.enter_context(neo4j_somewhere(LONG_TERM, home))
        yield lent


@pytest.fixture
def connection(address: Address) -> Iterator[Connection]:
    opened = open_neo4j(address.url, address.user, address.password)
    wipe_all(opened)
    yield opened
    opened.close()


@pytest.fixture
def mine(address: Address, connection: Connection) -> Iterator[Context]:  # noqa: ARG001 - empty first
    context = open_replica(address, "here")
    yield context
    context.store.close()


@contextlib.contextmanager
def replica(address: Address, *words: object) -> Iterator[subprocess.Popen[str]]:
    """Another process, once it has said that it is ready; it must end well."""
    command = [sys.executable, "-m", "tests.kills.replica", *(str(word) for word in words)]
    rights = {"CMDB_DATABASE_USER": address.user, "CMDB_DATABASE_PASSWORD": address.password}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **rights},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert said(process) == ["ready"]
        yield process
        assert process.wait(120) == 0
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def ids_of(context: Context, *names: str) -> list[str]:
    return [context.store.find_by_name(name, "Host", SEES_ALL)[0].id for name in names]


def test_a_write_is_in_the_blast_radius_of_another_process_within_a_second(
    address: Address, mine: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    import_records(mine, "survey", list(estate(seed=1, size=ESTATE)))
    names = [f"h{i}" for i in range(WRITES + 1)]
    import_records(mine, "hosts", [a_host(name) for name in names])
    provider, *dependents = ids_of(mine, *names)

    waits, answers = [], []
    with replica(address, "watch", address.url, provider, WRITES) as other:
        for number, dependent in enumerate(dependents, start=1):
            new = NewRelationship("depends_on", dependent, provider)
            add_relationship(mine, new, NOTHING_SAID)
            returned_at = time.monotonic()
            word, size, seen_at, answered_at = said(other)
            assert (word, int(size)) == ("seen", number)
            waits.append(float(seen_at) - returned_at)
            answers.append(float(answered_at) - returned_at)

    # A server that has just started plans each statement slowly, and again as the estate grows: the
    # names around the answer may once take longer, the answer itself never.
    worst, usual, slowest = (1000 * each for each in (max(waits), median(answers), max(answers)))
    with capsys.disabled():
        print(
            f"\n  in the other process after at most {worst:.0f} ms; told with names after "
            f"{usual:.0f} ms (median), at most {slowest:.0f} ms ",
            end="",
        )
    assert max(waits) <= LONGEST_SECONDS
    assert median(answers) <= LONGEST_SECONDS


def test_writers_in_two_processes_leave_no_gap_and_lose_no_update(
    address: Address, mine: Context, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"shared-{i}" for i in range(SHARED)]
    import_records(mine, "survey", [a_host(name) for name in names])
    ids = ids_of(mine, *names)
    before = mine.store.head().revision

    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        others = [
            stack.enter_context(replica(address, "write", address.url, name, ROUNDS, *ids))
            for name in OWN
        ]
        for other in others:
            assert other.stdin is not None
            other.stdin.write("go\n")
            other.stdin.flush()
        answers = [said(other) for other in others]
    seconds = time.monotonic() - began

    writes = len(OWN) * THREADS * ROUNDS * (SHARED + 2)
    assert [word for word, _ in answers] == ["acknowledged"] * len(OWN)
    assert sum(int(number) for _, number in answers) == writes
    assert mine.store.head().revision == before + writes
    assert verify_log(mine).entries == before + writes
    assert_nothing_lost(mine, ids)
    check_whole(read_graph(connection, GraphStore(connection, SystemClock())))
    with capsys.disabled():
        print(f"\n  {writes} writes by {len(OWN) * THREADS} writers in {seconds:.1f} s ", end="")


def assert_nothing_lost(context: Context, shared: list[str]) -> None:
    """Assert that every attribute has the last value its own writer set, and the sum is right."""
    cis = context.store.get_cis(shared, SEES_ALL)
    for ci in cis.values():
        for process, attributes in OWN.items():
            for number, attribute in enumerate(attributes):
                assert ci.attributes[attribute] == f"{process}{number} {ROUNDS}"
    assert cis[shared[0]].attributes[COUNTER] == len(OWN) * THREADS * ROUNDS
    own = context.store.find_relationships([shared[0]], SEES_ALL)
    assert len(own) == len(OWN) * THREADS * ROUNDS * 3


def wipe_all(connection: Connection) -> None:
    text = "MATCH (n) WITH n LIMIT 10000 DETACH DELETE n RETURN count(n) AS gone"
    while connection.write(lambda tx: tx.run(text))[0][0]:
        pass
