"""A process to be killed: imports a file and says on stdout how far it is, line by line.

    python -m tests.kills.child FILE (FOLDER | bolt://ADDRESS)

`opening`, `opened`, `ready` (the schema is there), `ack REVISION PHASE DONE` after each batch that
the store has acknowledged, at last `done REPORT` or `error CODE MESSAGE`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from cmdb.bootstrap import SystemClock
from cmdb.errors import CmdbError
from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.import_reports import ImportRequest
from cmdb.model.inventory import ImportRun
from cmdb.model.records import ImportInput
from cmdb.model.rights import ROLES, Caller
from cmdb.services import import_batches
from cmdb.services.context import Context
from cmdb.services.import_inventory import import_inventory
from cmdb.snapshot import Snapshots
from cmdb.store.arcadedb import open_arcadedb
from cmdb.store.connection import Connection
from cmdb.store.graph_store import GraphStore
from cmdb.store.jvm import ensure_jvm
from cmdb.store.neo4j import open_neo4j
from importers.records import RecordsImporter
from tests.kills.estate import SEEN_AT

BATCH = 60
HEAP = "512m"


class Telling(GraphStore):
    """Says what it has acknowledged."""

    def apply(
        self,
        changes: ChangeSet,
        stamp: Stamp,
        *,
        answer: Mapping[str, Any] | None = None,
        run: ImportRun | None = None,
    ) -> Applied:
        applied = super().apply(changes, stamp, answer=answer, run=run)
        assert run is not None
        say("ack", applied.revision, run.phase, run.done)
        return applied


def say(*words: object) -> None:
    """Print one line at once."""
    print(*words, flush=True)


def open_connection(place: str) -> Connection:
    """Return the database in a folder or at an address."""
    if is_address(place):
        return open_neo4j(place, "", "")
    return open_arcadedb(Path(place), heap=HEAP, start="short")


def is_address(place: str) -> bool:
    """Return whether a place is a server, not a folder."""
    return "://" in place


def context_over(store: GraphStore, actor: str) -> Context:
    """Return a context that may do everything."""
    caller = Caller(actor, frozenset(ROLES))
    return Context(store, Snapshots(store, store.registry), SystemClock(), caller)


def run(file: Path, place: str) -> None:
    """Import the file and say what happens."""
    for name in ("FIRST_BATCH", "SMALLEST", "LARGEST"):
        setattr(import_batches, name, BATCH)
    if not is_address(place):
        ensure_jvm(heap=HEAP, start="short")  # nothing to hurt yet: not worth a kill
    say("opening")
    connection = open_connection(place)
    say("opened")
    store = Telling(connection, SystemClock())
    store.setup()
    say("ready")
    request = ImportRequest(
        "survey", "records", observed_at=SEEN_AT + timedelta(days=1), confirm_deletions=True
    )
    report = import_inventory(
        context_over(store, "child"), RecordsImporter(), ImportInput(file, name=file.name), request
    )
    store.close()
    say("done", json.dumps(report.to_json()))


def main() -> int:
    """Run, and say which error ended it."""
    try:
        run(Path(sys.argv[1]), sys.argv[2])
    except CmdbError as error:
        say("error", error.code, error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
