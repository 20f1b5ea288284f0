"""Serve a folder with one operation that takes a minute: `stuck_server.py FOLDER SECONDS`."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from cmdb.bootstrap import open_service
from cmdb.model.access import NewToken
from cmdb.model.rights import ROLES, Caller
from cmdb.ports import EditReason
from cmdb.server.meters import Meters
from cmdb.server.running import serve
from cmdb.server.tracing import Tracing
from cmdb.services.local_operations import LocalOperations
from cmdb.settings import ServerSettings, Settings


def list_formats(self: LocalOperations) -> Mapping[str, str]:  # noqa: ARG001 - a method
    """Take a minute, and look at no checkpoint."""
    print("asked", flush=True)
    time.sleep(60)
    return {}


if __name__ == "__main__":
    folder, seconds = Path(sys.argv[1]), int(sys.argv[2])
    LocalOperations.list_formats = list_formats  # type: ignore[method-assign]  # it has to hang
    service = open_service(Settings(data_dir=folder))
    keeper = service.operations(Caller("keeper", frozenset(ROLES)))
    made = keeper.create_token(NewToken("viewer", ("viewer",), ""), EditReason())
    print(made.secret, flush=True)
    settings = ServerSettings(port=0, shutdown_seconds=seconds)
    serve(service, settings, Meters(), Tracing(), lambda at, _: print(at, flush=True))
