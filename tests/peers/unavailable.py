"""What happens where a server to test against cannot be had here?"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


class PeerUnavailable(Exception):
    """This computer cannot provide the server; the message says why."""


def skip_loudly(reason: str) -> NoReturn:
    """Skip the test, or fail it where `CI=true`: there everything must be judged."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
