"""How do commands start sooner: what does the Java machine keep from one process for the next?

A cache of the classes that short commands need, read and linked ("ahead of time", JEP 483 and 514).
The machine ignores a cache that does not fit, silently, but believes one whose content is damaged
and crashes. Therefore a cache carries its checksum in its name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import arcadedb_embedded
import jpype
from arcadedb_embedded.jvm import get_bundled_jre_lib_path, get_jar_path

_OPTIONS = "ARCADEDB_JVM_ARGS"
_ENVIRONMENT = (_OPTIONS, "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")
_OWN_SHARING = ("AOT", "Xshare", "Share", "DumpLoadedClassList")
_MAKING = "making-"
_SUFFIX = ".aot"
_KEPT = 4
_ABANDONED_AFTER_SECONDS = 3600
_MADE_WITHIN_SECONDS = 120


def cache_arguments(folder: Path | None) -> list[str]:
    """Return the options of the Java machine that use the cache; none where there is none.

    Args:
        folder: Where caches are kept; None: nowhere.
    """
    cache = None if folder is None else find_cache(folder)
    if cache is None:
        return []
    # Its warnings go to file descriptor 1, where answers stand.
    return [f"-XX:AOTCache={cache}", "-Xlog:aot*=off,cds*=off"]


def is_cache_wanted() -> bool:
    """Return whether no option of the user speaks of sharing classes: they exclude each other."""
    given = " ".join(os.environ.get(name, "") for name in _ENVIRONMENT)
    return not any(word in given for word in _OWN_SHARING)


def find_cache(folder: Path) -> Path | None:
    """Return the whole cache of exactly this engine under these options, if it is there.

    One that others may write to, or that is damaged, is as good as none.
    """
    if not is_cache_wanted():
        return None
    try:
        if not _is_usable(folder):
            return None
        for path in sorted(folder.glob(f"{_name()}-*{_SUFFIX}")):
            if _is_ours_alone(path) and path.stem.endswith(f"-{_checksum(path)}"):
                return path.resolve()
    except (OSError, ValueError):
        return None
    return None


def make_cache(folder: Path, training: Sequence[str], announce: Callable[[], None]) -> bool:
    """Make the cache by a training run, and return whether it was made; never fail.

    Args:
        folder: Where caches are kept; made where it is absent, for this user alone.
        training: Module, and its arguments, that does in an empty working directory what short
            commands do. It learns none of the settings of this product.
        announce: Called once it is certain that the folder can be written to.
    """
    import subprocess  # for this alone

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_cache_wanted() or not _is_usable(folder):
            return False
        with _working_folder(folder) as working:
            announce()
            subprocess.run(
                [sys.executable, "-m", *training],
                cwd=working,
                env=_training_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_MADE_WITHIN_SECONDS,
                check=True,
            )
            made = working / f"made{_SUFFIX}"
            made.chmod(0o600)
            made.replace(folder / f"{_name()}-{_checksum(made)}{_SUFFIX}")
        _tidy(folder)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _name() -> str:
    """Return what a cache for this engine is called: its version, and a sum of what it reads."""
    library = get_bundled_jre_lib_path()
    facts = [library, str(Path(library).stat().st_mtime_ns), jpype.__file__, jpype.__version__]
    # Unsorted: the order of the folder is that of the class path.
    with os.scandir(get_jar_path()) as jars:
        for jar in jars:
            of_jar = jar.stat()
            facts.append(f"{jar.path} {of_jar.st_size} {of_jar.st_mtime_ns}")
    facts += [os.environ.get(name, "") for name in _ENVIRONMENT]
    key = zlib.crc32("\n".join(facts).encode("utf-8", "surrogateescape"))
    return f"engine-{arcadedb_embedded.__version__}-{key:08x}"


def _checksum(path: Path) -> str:
    total = 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            total = zlib.crc32(part, total)
    return f"{total:08x}"


def _is_usable(folder: Path) -> bool:
    # Where a path list may stand, the machine takes the separator for the end of the first name.
    return os.pathsep not in str(folder.resolve()) and _is_ours_alone(folder)


def _is_ours_alone(path: Path) -> bool:
    # Whoever can write a cache runs code as whoever reads it.
    if sys.platform == "win32":
        return path.exists()
    of_path = path.stat()
    is_open = of_path.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return of_path.st_uid in (0, os.geteuid()) and not is_open


def _training_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CMDB_")}
    output = f"-XX:AOTCacheOutput=made{_SUFFIX}"
    return {**kept, _OPTIONS: f"{kept.get(_OPTIONS, '')} {output}".strip()}


@contextlib.contextmanager
def _working_folder(folder: Path) -> Iterator[Path]:
    # Inside: only within one file system is a file put into place at once.
    with tempfile.TemporaryDirectory(
        prefix=_MAKING, dir=folder, ignore_cleanup_errors=True
    ) as working:
        yield Path(working)


def _tidy(folder: Path) -> None:
    """Remove all but the newest caches, and what an interrupted training left."""
    newest_first = sorted(
        folder.glob(f"engine-*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    for path in newest_first[_KEPT:]:
        path.unlink(missing_ok=True)
    for path in folder.glob(f"{_MAKING}*"):
        if time.time() - path.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
