"""How long does a short command take, beside what it stands on?

To open the database is to open its folder and to be answered a first, trivial statement: until
then the engine loads its parser and planner. All else of a command is our own. Everything
starts with the same cache of classes, which the demo makes, unless its row says otherwise.
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

from cmdb.store.fast_start import find_cache

ROUNDS = {"smoke": 3, "full": 15}
BARE = "import typer, rich"
OPEN = """
import sys
from pathlib import Path
from cmdb.store.arcadedb import open_arcadedb
open_arcadedb(Path(sys.argv[1]), start='short', cache_dir=Path(sys.argv[2])).close()
"""
FIRST_READ = """
import sys
from pathlib import Path
from cmdb.store.arcadedb import open_arcadedb
database = open_arcadedb(Path(sys.argv[1]), start='short', cache_dir=Path(sys.argv[2]))
assert database.read("MATCH (c:CI) RETURN count(c) AS number")[0][0] > 0
database.close()
"""
# The same command, which also notes how long it waited for the engine: to open, and to answer.
WAITING = """
import sys, time
from pathlib import Path
from cmdb import bootstrap
from cmdb.store import arcadedb

waited = 0.0

def clocked(function):
    def called(*args, **kwargs):
        global waited
        began = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            waited += time.perf_counter() - began
    return called

arcadedb.open_arcadedb = clocked(arcadedb.open_arcadedb)
for name in ("read", "close"):
    setattr(arcadedb.ArcadeDB, name, clocked(getattr(arcadedb.ArcadeDB, name)))
note = Path(sys.argv.pop(1))
from cmdb.__main__ import main
try:
    main()
finally:
    note.write_text(str(waited))
"""


def run(size: str) -> list[dict[str, Any]]:
    """Return the figures of one size, answers checked."""
    rounds = ROUNDS[size]
    with tempfile.TemporaryDirectory() as folder:
        demo = Path(folder) / "demo"
        cache, nowhere = Path(folder) / "cache", Path(folder) / "nowhere"
        _timed("-m", "cmdb", "demo", "--folder", str(demo), cache=cache)
        assert find_cache(cache) is not None
        data = demo / "data"
        ask = ("-m", "cmdb", "--data-dir", str(data), "blast-radius", "hv-sq-2", "--json")
        _check(ask)
        # In turns, so that a busy moment of the machine falls on all of them.
        note = Path(folder) / "waited"
        bare, shown, folder_opened, opened, asked, uncached, own = zip(
            *(
                (
                    _timed("-c", BARE),
                    _timed("-m", "cmdb", "--help"),
                    _timed("-c", OPEN, str(data / "graph"), str(cache)),
                    _timed("-c", FIRST_READ, str(data / "graph"), str(cache)),
                    _timed(*ask, cache=cache),
                    _timed(*ask, cache=nowhere),
                    _own(note, *ask[2:], cache=cache),
                )
                for _ in range(rounds)
            ),
            strict=True,
        )
    ratio = _median(shown) / _median(bare)
    beyond, own_code = _median(asked) - _median(opened), statistics.median(own)
    return [
        {
            "what": "`cmdb --help` against `python -c 'import typer, rich'`",
            "figure": f"{ratio:.2f}× ({_median(shown):.2f} s)",
            "target": "≤ 2×",
            "ok": ratio <= 2,
        },
        {
            "what": "blast radius on the demo estate, cold: our own code, all waiting for the "
            "engine taken off",
            "figure": f"{own_code:.2f} s ({_median(asked):.2f} s in all)",
            "target": "≤ 0.5 s",
            "ok": own_code <= 0.5,
        },
        {
            "what": "the whole command beyond opening the database and a first statement",
            "figure": f"{beyond:.2f} s",
            "target": "≤ 0.5 s",
            "ok": beyond <= 0.5,
        },
        {
            "what": "the same beyond opening the folder alone, without a first statement",
            "figure": f"{_median(asked) - _median(folder_opened):.2f} s",
        },
        {
            "what": "the same beyond opening the database, in processor time",
            "figure": f"{_processor(asked) - _processor(opened):.2f} s",
        },
        {
            "what": "the whole command with and without the cache of classes; processor time",
            "figure": f"{_median(asked):.2f} s, {_median(uncached):.2f} s; "
            f"{_processor(asked):.2f} s, {_processor(uncached):.2f} s",
        },
    ]


def _check(ask: tuple[str, ...]) -> None:
    ended = subprocess.run([sys.executable, *ask], capture_output=True, check=True)
    hits = json.loads(ended.stdout)["hits"]
    down = {hit["ci"]["name"] for hit in hits if hit["is_service"] and hit["state"] == "DOWN"}
    assert down == {"Online shop", "Shop for customers", "Shop for partners", "Take an order"}, down


def _timed(*words: str, cache: Path | None = None) -> tuple[float, float]:
    """Return the seconds that a process took, by the clock and of processors."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    if cache is not None:
        environment["CMDB_CACHE_DIR"] = str(cache)
    began, used = time.perf_counter(), _used()
    subprocess.run([sys.executable, *words], capture_output=True, check=True, env=environment)
    return time.perf_counter() - began, _used() - used


def _own(note: Path, *words: str, cache: Path) -> float:
    """Return the seconds of a command that were not spent waiting for the engine."""
    seconds, _ = _timed("-c", WAITING, str(note), *words, cache=cache)
    return seconds - float(note.read_text())


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _median(timings: Sequence[tuple[float, float]]) -> float:
    return statistics.median(seconds for seconds, _ in timings)


def _processor(timings: Sequence[tuple[float, float]]) -> float:
    return statistics.median(seconds for _, seconds in timings)
