"""How long does a short command take, beside what it stands on?

To open the database is to open its folder and to be answered a first, trivial statement: until
then the engine loads its parser and planner. All else of a command is our own.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROUNDS = {"smoke": 3, "full": 15}
BARE = "import typer, rich"
OPEN = """
import sys
from pathlib import Path
from cmdb.store.arcadedb import open_arcadedb
open_arcadedb(Path(sys.argv[1]), fast_start=True).close()
"""
FIRST_READ = """
import sys
from pathlib import Path
from cmdb.store.arcadedb import open_arcadedb
database = open_arcadedb(Path(sys.argv[1]), fast_start=True)
assert database.read("MATCH (c:CI) RETURN count(c) AS number")[0][0] > 0
database.close()
"""


def run(size: str) -> list[dict[str, Any]]:
    """Return the figures of one size, answers checked."""
    rounds = ROUNDS[size]
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        _timed("-m", "cmdb", "demo", "--folder", str(demo))
        data = demo / "data"
        ask = ("-m", "cmdb", "--data-dir", str(data), "blast-radius", "hv-sq-2", "--json")
        _check(ask)
        # In turns, so that a busy moment of the machine falls on all of them.
        bare, shown, folder_opened, opened, asked = zip(
            *(
                (
                    _timed("-c", BARE),
                    _timed("-m", "cmdb", "--help"),
                    _timed("-c", OPEN, str(data / "graph")),
                    _timed("-c", FIRST_READ, str(data / "graph")),
                    _timed(*ask),
                )
                for _ in range(rounds)
            ),
            strict=True,
        )
    ratio = _median(shown) / _median(bare)
    own = _median(asked) - _median(opened)
    return [
        {
            "what": "`cmdb --help` against `python -c 'import typer, rich'`",
            "figure": f"{ratio:.2f}× ({_median(shown):.2f} s)",
            "target": "≤ 2×",
            "ok": ratio <= 2,
        },
        {
            "what": "blast radius on the demo estate, cold, beyond opening the database",
            "figure": f"{own:.2f} s ({_median(asked):.2f} s in all)",
            "target": "≤ 0.5 s",
            "ok": own <= 0.5,
        },
        {
            "what": "the same beyond opening the folder alone, without a first statement",
            "figure": f"{_median(asked) - _median(folder_opened):.2f} s",
        },
        {
            "what": "the same beyond opening the database, in processor time",
            "figure": f"{_processor(asked) - _processor(opened):.2f} s",
        },
    ]


def _check(ask: tuple[str, ...]) -> None:
    ended = subprocess.run([sys.executable, *ask], capture_output=True, check=True)
    hits = json.loads(ended.stdout)["hits"]
    down = {hit["ci"]["name"] for hit in hits if hit["is_service"] and hit["state"] == "DOWN"}
    assert down == {"Online shop", "Shop for customers", "Shop for partners", "Take an order"}, down


def _timed(*words: str) -> tuple[float, float]:
    """Return the seconds that a process took, by the clock and of processors."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    began, used = time.perf_counter(), _used()
    subprocess.run([sys.executable, *words], capture_output=True, check=True, env=environment)
    return time.perf_counter() - began, _used() - used


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _median(timings: Sequence[tuple[float, float]]) -> float:
    return statistics.median(seconds for seconds, _ in timings)


def _processor(timings: Sequence[tuple[float, float]]) -> float:
    return statistics.median(seconds for _, seconds in timings)
