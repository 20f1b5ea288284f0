"""Which Neo4j can tests talk to: the one they were told of, one in Docker, or one from jars?"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.peers.neo4j_server import LONG_TERM, Neo4jServer


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and who may log in."""

    url: str
    user: str
    password: str


@contextlib.contextmanager
def neo4j_somewhere(version: str, home: Path) -> Iterator[Address]:
    """A server of that version, for as long as the block lasts.

    `CMDB_TEST_NEO4J_URL` stands in for the long-term version, with `CMDB_TEST_NEO4J_USER` and
    `CMDB_TEST_NEO4J_PASSWORD`. Tests delete everything in that database.

    Raises:
        PeerUnavailable: none of the ways leads to a server.
    """
    told = os.environ.get("CMDB_TEST_NEO4J_URL")
    if told and version == LONG_TERM:
        user = os.environ.get("CMDB_TEST_NEO4J_USER", "neo4j")
        yield Address(told, user, os.environ.get("CMDB_TEST_NEO4J_PASSWORD", ""))
    elif _docker_answers():
        with _container(version) as address:
            yield address
    else:
        with Neo4jServer(version, home) as server:
            yield Address(server.url, server.user, server.password)


def _docker_answers() -> bool:
    # By its program: the Python client leaves its socket open where nothing listens.
    program = shutil.which("docker")
    if program is None:
        return False
    try:
        done = subprocess.run([program, "info"], capture_output=True, check=False, timeout=15)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@contextlib.contextmanager
def _container(version: str) -> Iterator[Address]:
    from testcontainers.neo4j import Neo4jContainer

    container = Neo4jContainer(f"neo4j:{version}-community")
    container.with_env("NEO4J_server_memory_heap_max__size", "1g")
    with container as started:
        yield Address(started.get_connection_url(), started.username, started.password)
