"""How is a server asked whose limits tests reach in little time?"""

from __future__ import annotations

from typing import Any

import httpx2

BODY_LIMIT, IMPORT_LIMIT = 1 << 20, 2_000_000


def ask(client: httpx2.Client, document: str, variables: Any = None) -> dict[str, Any]:
    answer = client.post("/graphql", json={"query": document, "variables": variables or {}})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
