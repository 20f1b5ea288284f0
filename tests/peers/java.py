"""Which Java machines does this computer have?"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_VERSION = re.compile(r'version "(\d+)')


@cache
def find_java(at_least: int, at_most: int = 999) -> Path | None:
    """The oldest Java of this computer in that range of versions, or nothing."""
    found = {
        version: java
        for java in _candidates()
        if at_least <= (version := _version(java)) <= at_most
    }
    return found[min(found)] if found else None


def _candidates() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield Path(home) / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)
    yield from sorted(Path("/usr/lib/jvm").glob("*/bin/java"))


@cache
def _version(java: Path) -> int:
    if not java.exists():
        return 0
    said = subprocess.run(
        [java, "-version"], capture_output=True, text=True, check=False, timeout=60
    )
    match = _VERSION.search(said.stderr)
    return int(match[1]) if match else 0
