"""What happens where something that a test needs cannot be had here? The only place that skips.

Where `CI=true` everything must be judged: what is missing there fails the test. Only what a
platform can never have is skipped everywhere; `CONTRIBUTING.md` lists each such place.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

posix_only = pytest.mark.skipif(os.name != "posix", reason="signals, modes or names of POSIX")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="mounts of Linux")


class PeerUnavailable(Exception):
    """This computer cannot provide the server; the message says why."""


def skip_loudly(reason: str) -> NoReturn:
    """Skip the test, or fail it where `CI=true`."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def skip_for_good(reason: str) -> NoReturn:
    """Skip the test even where `CI=true`: what it needs cannot be had by installing something."""
    pytest.skip(reason)


def needed_program(name: str) -> str:
    """Return where a program is; where it is not installed, skip loudly."""
    return shutil.which(name) or skip_loudly(f"{name} is not installed")


@contextmanager
def skipped_where_unavailable() -> Iterator[None]:
    """Skip loudly where a server of this block cannot be provided."""
    try:
        yield
    except PeerUnavailable as reason:
        skip_loudly(str(reason))
