"""The demo estate, served; one database for the whole folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cmdb.store.arcadedb import open_arcadedb
from cmdb_graphql.schema import build_schema
from tests.api.serving import Client, CountedService


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CountedService]:
    service = CountedService(open_arcadedb(tmp_path_factory.mktemp("api") / "graph"))
    service.fill()
    yield service
    service.close()


@pytest.fixture(scope="session")
def api(service: CountedService) -> Iterator[Client]:
    client = Client(service, build_schema())
    yield client
    client.workers.close()
