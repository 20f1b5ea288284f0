"""One server for the whole folder; tests that need other settings make their own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.api.http.running_server import RunningServer, running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def nobody(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


@pytest.fixture
def viewer(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client("viewer") as client:
        yield client


@pytest.fixture
def admin(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client("administrator") as client:
        yield client
