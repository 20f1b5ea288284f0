"""How does the first person get in, and nobody else?"""

from __future__ import annotations

import base64
import hashlib
import re

import httpx2
import pytest

from cmdb.errors import DatabaseUnavailable
from cmdb.server.one_time import VALID_SECONDS, OneTimeCode
from cmdb.server.start_page import is_first_start
from tests.api.http.running_server import RunningServer


def test_the_code_is_exchanged_for_a_token_once(
    server: RunningServer, nobody: httpx2.Client
) -> None:
    code = server.serving.one_time.make()

    wrong = nobody.post("/start", json={"code": code[:-1] + "~"})
    first = nobody.post("/start", json={"code": code})
    second = nobody.post("/start", json={"code": code})

    assert [wrong.status_code, first.status_code, second.status_code] == [401, 201, 401]
    headers = {"Authorization": f"Bearer {first.json()['secret']}"}
    who = nobody.post("/graphql", json={"query": "{ whoami { roles } }"}, headers=headers)
    assert who.json()["data"]["whoami"]["roles"] == ["ADMINISTRATOR"]
    assert not is_first_start(server.serving)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"code": 7}', b"\xff"])
def test_what_is_no_code_is_refused(nobody: httpx2.Client, body: bytes) -> None:
    assert nobody.post("/start", content=body).status_code == 400


def test_without_a_code_the_empty_one_opens_nothing() -> None:
    assert not OneTimeCode().take("")


def test_a_code_holds_for_a_while_and_the_newest_alone() -> None:
    now = 0.0
    codes = OneTimeCode(lambda: now)
    older = codes.make()
    newer = codes.make()

    assert not codes.take(older)
    assert codes.is_waiting
    now = VALID_SECONDS + 1
    assert not codes.is_waiting
    assert not codes.take(newer)

    fresh = codes.make()
    now += VALID_SECONDS - 1
    assert codes.take(fresh)
    assert not codes.take(fresh)


def test_a_code_outlives_an_exchange_of_which_nothing_came(
    server: RunningServer, nobody: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = server.serving.one_time.make()

    def fail(_: object) -> None:
        raise DatabaseUnavailable("there", "it is away")

    with monkeypatch.context() as patched:
        patched.setattr(server.serving.service, "operations", fail)
        away = nobody.post("/start", json={"code": code})

    assert away.status_code == 503
    assert nobody.post("/start", json={"code": code}).status_code == 201


def test_the_page_runs_its_own_script_and_no_other(nobody: httpx2.Client) -> None:
    page = nobody.get("/start")

    policy = page.headers["content-security-policy"]
    (script,) = re.findall("<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe-inline" not in policy


def test_the_address_shows_what_this_is(nobody: httpx2.Client) -> None:
    page = nobody.get("/")

    assert page.status_code == 200
    assert "/graphql" in page.text
    assert "<script" not in page.text
