"""How soon does a server on the demo estate answer, and what do a thousand subscribers cost?

A start counts from the start of the process to the first answer, with status 200, to an
authenticated GraphQL query. Subscribers are idle: what the process holds more, over real sockets.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil

from cmdb.store.fast_start import find_cache
from tests.benchmark.clients import Client
from tests.benchmark.subscribers import by_events, by_websocket, write
from tests.e2e.serving_process import ServingProcess, serving_process

STARTS = {"smoke": 1, "full": 7}
SUBSCRIBERS = {"smoke": 50, "full": 1_000}
MOST_SECONDS = 3.0
MOST_MB = 50.0
WITHIN_SECONDS = 10.0
_FIRST = json.dumps({"query": "{ cis(first: 3) { nodes { name } } }"}).encode()
_ROLES = ("viewer", "planner", "administrator")
_SUBSCRIBE = {"server-sent events": by_events, "WebSockets": by_websocket}

Rows = list[dict[str, Any]]


def run(size: str) -> Rows:
    """Return the figures of one size, answers checked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cache, nowhere = folder / "cache", folder / "nowhere"
        data, secret = _demo(folder / "demo", cache)
        _start(data, secret, cache)  # which compiles what is not compiled yet
        # In turns, so that a busy moment of the machine falls on both.
        with_cache, without = zip(
            *(
                (_start(data, secret, cache), _start(data, secret, nowhere))
                for _ in range(STARTS[size])
            ),
            strict=True,
        )
        told = [
            row
            for how in _SUBSCRIBE
            for row in _subscribers(how, SUBSCRIBERS[size], data, secret, folder)
        ]
    rows = [
        _start_row("with the cache of classes that `make demo` makes", with_cache),
        _start_row("without it", without),
        *told,
    ]
    return rows if size == "full" else [_unjudged(row) for row in rows]


def _demo(folder: Path, cache: Path) -> tuple[Path, str]:
    """Return the data folder of the demo, and the secret of a token for it."""
    _command("demo", "--folder", str(folder), cache=cache)
    assert find_cache(cache) is not None
    data = folder / "data"
    roles = [word for role in _ROLES for word in ("--role", role)]
    words = ("--data-dir", str(data), "token", "create", "bench", *roles, "--json")
    return data, str(json.loads(_command(*words, cache=cache))["secret"])


def _command(*words: str, cache: Path) -> str:
    environment = {**os.environ, "CMDB_CACHE_DIR": str(cache)}
    return subprocess.run(
        (sys.executable, "-m", "cmdb", *words),
        stdout=subprocess.PIPE, check=True, text=True, env=environment,
    ).stdout  # fmt: skip


def _start(data: Path, secret: str, cache: Path) -> float:
    """Return the seconds from the start of the process to its first answer."""
    began = time.perf_counter()
    # As installed: with modules compiled once and kept.
    kept = {"PYTHONDONTWRITEBYTECODE": "", "CMDB_CACHE_DIR": str(cache)}
    with serving_process(data, **kept) as server:
        client = Client(server.address, secret)
        status, body = client.ask(_FIRST)
        taken = time.perf_counter() - began
        client.close()
        server.stop()
    assert status == 200
    assert len(json.loads(body)["data"]["cis"]["nodes"]) == 3
    return taken


def _start_row(what: str, seconds: tuple[float, ...]) -> dict[str, Any]:
    median = statistics.median(seconds)
    return {
        "what": f"`cmdb serve` on the demo estate to its first answer, {what}",
        "figure": f"{median:.2f} s ({min(seconds):.2f} to {max(seconds):.2f})",
        "target": f"≤ {MOST_SECONDS:g} s",
        "ok": median <= MOST_SECONDS,
    }


def _subscribers(how: str, count: int, data: Path, secret: str, folder: Path) -> Rows:
    own = folder / how.replace(" ", "-")
    shutil.copytree(data, own)
    with serving_process(own) as server:
        grown, seconds = asyncio.run(_subscribed(how, count, server, secret))
        server.stop()
    return [
        {
            "what": f"{count:,} idle subscribers by {how}",
            "figure": f"{grown:.1f} MB",
            "target": f"≤ {MOST_MB:g} MB",
            "ok": grown <= MOST_MB,
        },
        {
            "what": "until all of them are told of a write",
            "figure": f"{seconds:.2f} s",
            "target": f"≤ {WITHIN_SECONDS:g} s",
            "ok": seconds <= WITHIN_SECONDS,
        },
    ]


async def _subscribed(
    how: str, count: int, server: ServingProcess, secret: str
) -> tuple[float, float]:
    """Return the memory that subscribers cost, in MB, and how long one write took to all."""
    process = psutil.Process(server.process.pid)
    subscribe = _SUBSCRIBE[how]
    async with AsyncExitStack() as opened:
        # What the first ones cost is paid once: code, caches, threads.
        for _ in range(20):
            await subscribe(opened, server, secret)
        before = process.memory_info().rss
        waiting = [await subscribe(opened, server, secret) for _ in range(count)]
        await asyncio.sleep(2)
        grown = (process.memory_info().rss - before) / 1e6
        began = time.perf_counter()
        await asyncio.to_thread(write, server, secret)
        told = await asyncio.wait_for(asyncio.gather(*(first() for first in waiting)), 120)
        taken = time.perf_counter() - began
    assert sum(told) == count
    return grown, taken


def _unjudged(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the small size, where only the answers are judged."""
    return {"what": row["what"], "figure": row["figure"], "target": "none at this size"}


if __name__ == "__main__":
    for line in run(sys.argv[1] if len(sys.argv) > 1 else "smoke"):
        print(line)
