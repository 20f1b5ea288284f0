"""When replicas start at once on a fresh Neo4j, does one make the schema while others wait?"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cmdb.store.connection import Connection, Transaction
from cmdb.store.neo4j import open_neo4j
from cmdb.store.schema import MIGRATIONS
from cmdb.store.schema_lock import LEASE_SECONDS, LOOK
from tests.peers.neo4j_server import LONG_TERM
from tests.peers.neo4j_somewhere import Address, neo4j_somewhere
from tests.peers.unavailable import skipped_where_unavailable

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
REPLICAS = 4
NOTED = "MATCH (m:Migration) RETURN m.number AS number ORDER BY number"
WIPE = "MATCH (n) WITH n LIMIT 10000 DETACH DELETE n RETURN count(n) AS gone"
HOLDER = """
import os, time
from cmdb.store.neo4j import open_neo4j
from cmdb.store.schema_lock import schema_lock
names = ("CMDB_DATABASE_URL", "CMDB_DATABASE_USER", "CMDB_DATABASE_PASSWORD")
with schema_lock(open_neo4j(*(os.environ[name] for name in names))):
    print("held", flush=True)
    time.sleep(300)
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with contextlib.ExitStack() as stack:
        with skipped_where_unavailable():
            lent = stack.enter_context(neo4j_somewhere(LONG_TERM, tmp_path_factory.mktemp("start")))
        yield lent


@pytest.fixture
def connection(address: Address) -> Iterator[Connection]:
    """A database as a new server has it: no node, no constraint, no index."""
    with contextlib.closing(open_neo4j(address.url, address.user, address.password)) as opened:
        opened.write(lambda tx: tx.run(WIPE))
        for kind, several in (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES")):
            for name, sort in opened.read(f"SHOW {several} YIELD name, type RETURN name, type"):
                if sort != "LOOKUP":
                    opened.write(partial(drop, f"{kind} {name}"))
        yield opened


def drop(what: str, tx: Transaction) -> None:
    tx.run(f"DROP {what}")


def environment(address: Address) -> dict[str, str]:
    return {
        **os.environ,
        "CMDB_DATABASE_URL": address.url,
        "CMDB_DATABASE_USER": address.user,
        "CMDB_DATABASE_PASSWORD": address.password,
    }


def start(address: Address, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment(address),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def all_initialised(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err or out
        assert json.loads(out)["revision"] == 0


def test_all_start_and_the_schema_is_made_once(address: Address, connection: Connection) -> None:
    all_initialised([start(address, "-m", "cmdb", "init", "--json") for _ in range(REPLICAS)])

    assert connection.read(NOTED) == [(n,) for n in range(1, len(MIGRATIONS) + 1)]
    assert connection.read("MATCH (h:LogHead) RETURN count(h) AS n") == [(1,)]
    assert connection.read(LOOK) == []


def test_one_that_was_killed_while_it_held_the_lock_stops_the_others_for_its_lease_only(
    address: Address, connection: Connection
) -> None:
    holder = start(address, "-c", HOLDER)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    assert len(connection.read(LOOK)) == 1
    began = time.monotonic()

    all_initialised([start(address, "-m", "cmdb", "init", "--json") for _ in range(2)])

    assert time.monotonic() - began >= LEASE_SECONDS
    assert connection.read(NOTED) == [(n,) for n in range(1, len(MIGRATIONS) + 1)]
    assert connection.read(LOOK) == []
