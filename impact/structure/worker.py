"""Who watches over the building of diagrams? A worker process that may be killed at any time."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, TextIO, cast

from impact.errors import Cancelled, NoWorker
from impact.structure.wire import Message

START_SECONDS = 60.0
TICK_SECONDS = 0.1

ShouldStop = Callable[[], bool]


class WorkerLost(Exception):
    """The worker died (out of memory, killed) or was ended because it took too long.

    Attributes:
        is_overdue: It was ended because it took too long.
    """

    def __init__(self, *, is_overdue: bool = False) -> None:
        super().__init__()
        self.is_overdue = is_overdue


class Worker:
    """One process that answers one request after another; it is started again when lost.

    Args:
        memory_mb: What the process may take, in MiB.

    A diagram can grow without bound within one step of its library, where nothing can stop it but
    the end of the process: an explosion costs a budget, never the service.
    """

    def __init__(self, memory_mb: int) -> None:
        self.memory_mb = memory_mb
        self.starts = 0
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def start(self) -> TextIO:
        """Start the process unless it runs, and return where its requests go.

        Raises:
            NoWorker: It cannot be started.
        """
        if self._process is not None and self._process.poll() is None:
            return _stream(self._process.stdin)
        self.close()
        self._lines = queue.SimpleQueue()
        try:
            self._process = _spawn(self.memory_mb)
        except OSError as error:
            raise NoWorker(str(error)) from error
        threading.Thread(
            target=_read_lines, args=(self._process, self._lines), name="diagrams", daemon=True
        ).start()
        self.starts += 1
        try:
            self._next_line(START_SECONDS, None)
        except WorkerLost:
            raise NoWorker("the worker process ended while it started") from None
        return _stream(self._process.stdin)

    def ask(self, request: Message, seconds: float, should_stop: ShouldStop | None) -> Message:
        """Return the answer to a request.

        Raises:
            WorkerLost: It died or did not answer in time; the next request meets a new process.
            Cancelled: `should_stop` said so.
        """
        requests = self.start()
        try:
            requests.write(json.dumps(request) + "\n")
            requests.flush()
        except OSError:
            self.close()
            raise WorkerLost from None
        answer: Message = json.loads(self._next_line(seconds, should_stop))
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        self._process = None

    @property
    def pid(self) -> int | None:
        """Return the number of the process, None if there is none."""
        return self._process.pid if self._process else None

    def _next_line(self, seconds: float, should_stop: ShouldStop | None) -> str:
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if should_stop is not None and should_stop():
                self.close()
                raise Cancelled
            try:
                line = self._lines.get(timeout=max(0.0, min(left, TICK_SECONDS)))
            except queue.Empty:
                if left > 0:
                    continue
                self.close()
                raise WorkerLost(is_overdue=True) from None
            if line is None:
                self.close()
                raise WorkerLost
            return line


def _spawn(memory_mb: int) -> subprocess.Popen[str]:
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "impact.structure.worker_main", str(memory_mb)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"},
    )


def _stream(stream: IO[str] | None) -> TextIO:
    """Return a pipe of the process; it always has one."""
    return cast("TextIO", stream)


def _read_lines(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    try:
        for line in _stream(process.stdout):
            lines.put(line)
    except ValueError:  # the stream was closed while it was read
        pass
    lines.put(None)
