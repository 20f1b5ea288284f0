"""What do discovery tools send, and how does it end?"""

from __future__ import annotations

import json
import time
from typing import Any

import httpx2


def records(*names: str) -> bytes:
    lines: list[dict[str, Any]] = [{"format": "cmdb-records", "version": 1}]
    lines += [{"class": "Rack", "key": name, "name": name} for name in names]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def ended(client: httpx2.Client, answer: httpx2.Response) -> dict[str, Any]:
    """Follow a run to its end, as the answer to its request says."""
    assert answer.status_code == 202, answer.text
    place = answer.headers["location"]
    assert place == f"/imports/{answer.json()['id']}"
    until = time.monotonic() + 60
    while time.monotonic() < until:
        run: dict[str, Any] = client.get(place).json()
        if run["state"] not in ("reading", "running"):
            return run
        time.sleep(0.02)
    raise AssertionError("it does not end")
