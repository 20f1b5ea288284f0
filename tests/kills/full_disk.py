"""A process whose disk fills up while it writes, and is emptied again; it is killed at the end.

    python -m tests.kills.full_disk FOLDER filler|limit RESERVE

`filler` fills the file system that FOLDER is on, which should be a small one, with a file; `limit`
forbids this process files beyond a size that they soon reach. It says what each try meets.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from cmdb.errors import CmdbError
from cmdb.store.arcadedb import open_arcadedb
from cmdb.store.graph_store import GraphStore
from tests.contract.stores import host, kept, poured, store_over
from tests.kills.child import say

MOST_WRITES = 500
COUNT = "MATCH (c:CI) RETURN count(c) AS n"
_LIMIT_BYTES = 1_500_000


def run(folder: Path, how: str, reserve: int) -> None:
    """Write, let the disk be full, read, make room, write, and die."""
    connection = open_arcadedb(folder / "graph", heap="256m", start="short", reserve_bytes=reserve)
    store = store_over(connection)
    acknowledged = sum(_is_written(store, f"early-{i}") for i in range(3))
    empty = _fill(folder / "filler") if how == "filler" else _limit()
    for number in range(MOST_WRITES):
        if not _is_written(store, f"full-{number}"):
            break
        acknowledged += 1
    again = [_is_written(store, f"again-{i}") for i in range(3)]
    acknowledged += sum(again)
    say("refused", again.count(False))
    say("read", acknowledged, connection.read(COUNT)[0][0])
    empty()
    for number in range(50):
        acknowledged += _is_written(store, f"late-{number}")
    say("acknowledged", acknowledged, connection.read(COUNT)[0][0])
    os.kill(os.getpid(), signal.SIGKILL)


def _is_written(store: GraphStore, name: str) -> bool:
    try:
        poured(store, kept(host(name, notes="x" * 10_000)))
    except CmdbError as error:
        say("met", error.code)
        return False
    return True


def _fill(path: Path) -> Callable[[], None]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, b"x" * 65_536)
    except OSError:
        os.close(descriptor)
    return path.unlink


def _limit() -> Callable[[], None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LIMIT_BYTES, hard))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
