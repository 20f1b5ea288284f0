"""What does an import cost beyond writing its rows, how fast is it again, and what memory?

The raw writes run in a process of their own, as the import does: both start with a cold engine.
"""

from __future__ import annotations

import gc
import json
import pickle
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from cmdb.model.import_reports import ImportReport, ImportRequest
from cmdb.model.records import ImportInput
from cmdb.model.rights import Caller
from cmdb.model.shipped import shipped_registry
from cmdb.services import import_batches
from cmdb.services.context import Context
from cmdb.services.import_inventory import import_inventory
from cmdb.snapshot import Snapshots
from cmdb.store.arcadedb import ArcadeDB, open_arcadedb
from cmdb.store.connection import Transaction
from cmdb.store.graph_store import GraphStore
from cmdb.store.schema import migrate
from tests.benchmark.estate import GeneratedEstate

SIZES = {"smoke": 2_000, "full": 100_000}
MEMORY = {"smoke": (2_000, 5_000), "full": (5_000, 25_000)}
LABELS = ("CI", "Identifier", "SourceRecord", "LogEntry", "Idempotency", "ImportRun", "ImportSeen")
BATCH = 2_000
AT = datetime(2025, 1, 1, tzinfo=UTC)


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def run(size: str) -> list[dict[str, Any]]:
    """Return the figures of one size, answers checked."""
    count = SIZES[size]
    with tempfile.TemporaryDirectory() as folder:
        with _context(Path(folder) / "ours") as (context, connection):
            first_seconds, first = _timed_import(context, count)
            again_seconds, again = _timed_import(context, count)
            assert first.decided == {"create": count}, first.decided
            assert again.decided == {"unchanged": count}, again.decided
            assert again.changed_nothing
            links = first.relationships["create"]
            rows = _everything(connection)
        peer, warm = _raw_in_own_process(Path(folder), rows)
    return [
        _row(
            f"import of {count:,} CIs, {links:,} relationships against raw writes of all it left",
            first_seconds / sum(peer.values()),
            2.0,
        ),
        _row(
            "the same against raw writes of CIs and relationships alone",
            first_seconds / (peer["CI"] + peer["relationships"]),
            None,
        ),
        _row("the same, the engine of the raw writes warm", first_seconds / warm, None),
        _row("identical import again, times faster", first_seconds / again_seconds, 5.0, up=True),
        _memory_row(size),
        {
            "what": "seconds of the import, the second import, the raw writes",
            "figure": f"{first_seconds:.1f}, {again_seconds:.1f}, {sum(peer.values()):.1f}",
        },
    ]


def _row(what: str, ratio: float, target: float | None, *, up: bool = False) -> dict[str, Any]:
    row: dict[str, Any] = {"what": what, "figure": f"{ratio:.2f}×"}
    if target is not None:
        row["target"] = f"{'≥' if up else '≤'} {target:g}×"
        row["ok"] = ratio >= target if up else ratio <= target
    return row


@contextmanager
def _context(folder: Path) -> Iterator[tuple[Context, ArcadeDB]]:
    connection = open_arcadedb(folder)
    store = GraphStore(connection, _Clock())
    store.setup()
    caller = Caller("benchmark", frozenset({"administrator"}))
    try:
        yield Context(store, Snapshots(store, store.registry), _Clock(), caller), connection
    finally:
        store.close()


def _timed_import(context: Context, count: int) -> tuple[float, ImportReport]:
    request = ImportRequest("benchmark", "generated", observed_at=AT)
    began = time.perf_counter()
    report = import_inventory(
        context, GeneratedEstate(count), ImportInput(name="generated"), request
    )
    return time.perf_counter() - began, report


def _everything(connection: ArcadeDB) -> dict[str, list[dict[str, Any]]]:
    rows = {
        label: [row[0] for row in connection.read(f"MATCH (n:{label}) RETURN properties(n) AS row")]
        for label in LABELS
    }
    rows["relationships"] = [
        {"dependent": row[0], "provider": row[1], "values": row[2]}
        for row in connection.read(
            "MATCH (a:CI)-[r:depends_on]->(b:CI) "
            "RETURN a.id AS dependent, b.id AS provider, properties(r) AS row"
        )
    ]
    return rows


def _raw_in_own_process(
    folder: Path, rows: dict[str, list[dict[str, Any]]]
) -> tuple[dict[str, float], float]:
    """Return the seconds by kind, and those of a second time in the same process."""
    file = folder / "rows"
    file.write_bytes(pickle.dumps(rows))
    first, again = _in_own_process("--raw", str(file))
    return first, sum(again.values())


def _in_own_process(*words: str) -> Any:
    command = (sys.executable, "-m", "tests.benchmark.bench_import", *words)
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def _raw(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """Write the same rows by batched Cypher alone, over the same schema; seconds by kind."""
    connection = open_arcadedb(folder)
    migrate(connection, shipped_registry())
    seconds: dict[str, float] = {}
    for kind, items in rows.items():
        text = (
            "UNWIND $rows AS r MATCH (a:CI {id: r.dependent}) MATCH (b:CI {id: r.provider}) "
            "CREATE (a)-[e:depends_on]->(b) SET e = r.values"
            if kind == "relationships"
            else f"UNWIND $rows AS r CREATE (n:{kind}) SET n = r"
        )
        began = time.perf_counter()
        for start in range(0, len(items), BATCH):
            batch = items[start : start + BATCH]
            connection.write(partial(_run, text=text, rows=batch))
        seconds[kind] = time.perf_counter() - began
    connection.close()
    return seconds


def _run(tx: Transaction, *, text: str, rows: list[dict[str, Any]]) -> None:
    tx.run(text, {"rows": rows})


def _memory_row(size: str) -> dict[str, Any]:
    """Compare two inputs: what the process holds more for each identifier more."""
    small, large = MEMORY[size]
    peaks = _in_own_process("--memory", str(small), str(large))
    each = (peaks[1] - peaks[0]) / (large - small)
    return {
        "what": f"memory for each identifier more ({small:,} against {large:,} in the input)",
        "figure": f"{each:.0f} bytes",
        "target": "≤ 300 bytes",
        "ok": each <= 300,
    }


def _peak(count: int) -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        _context(Path(folder) / "memory") as (context, _),
    ):
        context = Context(context.store, _NoSnapshots(), context.clock, context.caller)  # type: ignore[arg-type]  # the part that is used
        gc.collect()
        # Never stopped: another thread may allocate just then, which crashes the interpreter.
        tracemalloc.start()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        # One size of batch, so that the two peaks differ by what is kept for the whole run.
        import_batches.FIRST_BATCH = import_batches.SMALLEST = import_batches.LARGEST = 500
        _timed_import(context, count)
        return tracemalloc.get_traced_memory()[1] - before


class _NoSnapshots:
    def checkpoint_if_due(self) -> None:
        """The snapshot has a benchmark of its own."""


if __name__ == "__main__":
    if sys.argv[1:2] == ["--raw"]:
        file = Path(sys.argv[2])
        given = pickle.loads(file.read_bytes())  # noqa: S301 - written by this file, just now
        print(json.dumps([_raw(file.with_name(name), given) for name in ("raw", "again")]))
        sys.exit()
    if sys.argv[1:2] == ["--memory"]:
        sizes = [int(word) for word in sys.argv[2:]]
        _peak(sizes[0])  # what the first import of a process loads once
        print(json.dumps([_peak(size) for size in sizes]))
        sys.exit()
    for line in run(sys.argv[1] if len(sys.argv) > 1 else "smoke"):
        print(line)
