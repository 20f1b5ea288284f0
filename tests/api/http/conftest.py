"""One server for the whole folder; tests that need other settings make their own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from cmdb.settings import ServerSettings
from tests.api.http.guarded import BODY_LIMIT, IMPORT_LIMIT
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


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with limits that tests reach in little time; those of documents are the usual."""
    settings = ServerSettings(body_limit_bytes=BODY_LIMIT, import_limit_bytes=IMPORT_LIMIT)
    with running_server(tmp_path_factory.mktemp("guarded"), settings) as running:
        yield running


@pytest.fixture(scope="module")
def asking(guarded: RunningServer) -> Iterator[httpx2.Client]:
    with guarded.client("administrator", "importer") as client:
        yield client


@pytest.fixture
def importer(server: RunningServer) -> Iterator[httpx2.Client]:
    with server.client("importer", source="tool") as client:
        yield client


@pytest.fixture
def left_behind(server: RunningServer) -> Callable[[], list[Path]]:
    """Tells what lies among the uploads of the server that did not before."""
    folder = server.serving.imports.uploads.path
    before = set(folder.rglob("*"))
    return lambda: sorted(set(folder.rglob("*")) - before)


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which everything temporary is made from now on."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
