"""How is the Java machine of the embedded engine started, once, and without a sound?"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import _jpype
import jpype
from arcadedb_embedded.jvm import start_jvm

from cmdb.errors import DatabaseUnavailable
from cmdb.store.fast_start import cache_arguments

_LOGGING = Path(__file__).with_name("quiet_jvm.properties")
_EXPECTED_LINE = b"WARNING: Using incubator modules"
_ERROR_FILE_VARIABLE = "ARCADEDB_JVM_ERROR_FILE"
_TERMINATION = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_starting = threading.Lock()

Start = Literal["short", "long", "serving"]
"""What a process starts the machine for: one command, much work, or answering for long."""

_BYTES = {"m": 2**20, "g": 2**30}
_FIRST_HEAP = "64m"
_TIMES_LATER = 10
_COMPILING: Mapping[Start, Sequence[str]] = {
    # The quick compiler only: 0.5 s less to start, slower afterwards.
    "short": ["-XX:TieredStopAtLevel=1"],
    "long": [],
    # The thorough compiler waits until a method was called more often: what it would compile
    # during the start costs a second of processor time, and is hardly called again.
    "serving": [
        f"-XX:Tier4InvocationThreshold={_TIMES_LATER * 5_000}",
        f"-XX:Tier4MinInvocationThreshold={_TIMES_LATER * 600}",
        f"-XX:Tier4CompileThreshold={_TIMES_LATER * 15_000}",
        f"-XX:Tier4BackEdgeThreshold={_TIMES_LATER * 40_000}",
    ],
}


def ensure_jvm(*, heap: str, start: Start, cache_dir: Path | None = None) -> None:
    """Start the Java machine; where it runs already, it stays as it was started.

    Args:
        heap: largest heap, such as "1g".
        start: what for.
        cache_dir: where a cache of loaded classes may lie; it serves every kind of start.
    """
    with _starting:
        if jpype.isJVMStarted():
            return
        arguments = [f"-Djava.util.logging.config.file={_LOGGING}", *_COMPILING[start]]
        if start == "serving":
            # Otherwise a part of the machine's memory, which it fills before it collects; it grows
            # once collecting takes more than a fifth of the engine's time.
            arguments += [f"-Xms{_smaller(heap, _FIRST_HEAP)}", "-XX:GCTimeRatio=4"]
        arguments += cache_arguments(cache_dir)
        with (
            _expected_line_hidden(),
            _crash_reports_in_temporary_folder(),
            _termination_left_to_python(),
        ):
            try:
                start_jvm(heap_size=heap, jvm_args=arguments)
                _leave_collectors_apart()
            except Exception as error:
                raise DatabaseUnavailable(
                    "this process", f"the Java machine does not start ({error})"
                ) from error


def _smaller(first: str, second: str) -> str:
    return min(first, second, key=lambda size: int(size[:-1]) * _BYTES[size[-1].lower()])


def leave_jvm() -> None:
    """Take the calling thread out of the Java machine, before it ends.

    One that stays attached holds the machine up for 0.3 s when the process ends.
    """
    if jpype.isJVMStarted() and jpype.java.lang.Thread.isAttached():
        jpype.java.lang.Thread.detach()


def java_class(name: str) -> Any:
    """The Java class of that full name."""
    return jpype.JClass(name)


def _leave_collectors_apart() -> None:
    # The bridge has each collector call the other one, for all of its memory: a seventh of an
    # import. It does so for the sake of cycles through both, of which the engine makes none.
    gc.callbacks[:] = [
        each for each in gc.callbacks if getattr(each, "__module__", "") != _jpype.__name__
    ]


@contextlib.contextmanager
def _termination_left_to_python() -> Iterator[None]:
    # The machine takes these signals for itself, and its way back into Python crashes.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _TERMINATION}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextlib.contextmanager
def _expected_line_hidden() -> Iterator[None]:
    # The machine writes its greeting to file descriptor 2 itself, past sys.stderr.
    sys.stderr.flush()
    with tempfile.TemporaryFile() as caught:
        original = os.dup(2)
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(original, 2)
            os.close(original)
            caught.seek(0)
            for line in caught:
                if not line.startswith(_EXPECTED_LINE):
                    os.write(2, line)


@contextlib.contextmanager
def _crash_reports_in_temporary_folder() -> Iterator[None]:
    # Otherwise a crash would leave its report in a `log` folder where the user happens to stand.
    if _ERROR_FILE_VARIABLE in os.environ:
        yield
        return
    os.environ[_ERROR_FILE_VARIABLE] = str(Path(tempfile.gettempdir()) / "cmdb_jvm_crash_%p.log")
    try:
        yield
    finally:
        del os.environ[_ERROR_FILE_VARIABLE]
