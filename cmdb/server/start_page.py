"""What does somebody see who opens the address in a browser, and how do they get a first token?"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cmdb.errors import BadValue, CmdbError, Unauthenticated
from cmdb.model.access import NewToken
from cmdb.model.rights import ROLES, Caller
from cmdb.ports import EditReason
from cmdb.server.bodies import read_body
from cmdb.server.http_errors import JSONResponse
from cmdb.server.serving import Serving, noted_of, serving_of

router = APIRouter()

FIRST_ACTOR: Final = "administrator"
_BODY_BYTES = 4_096
_STYLE = (
    "body{font:1rem system-ui;max-width:42rem;margin:3rem auto;padding:0 1rem}"
    "code{user-select:all;overflow-wrap:anywhere}"
)
_SCRIPT = """
const out = document.getElementById("out");
const code = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
document.getElementById("go").onclick = async () => {
  const sent = await fetch("/start", {method: "POST", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({code})});
  const got = await sent.json();
  out.textContent = sent.ok ? got.secret : got.message;
};
"""
_HINT = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>cmdb</title>
<style>{_STYLE}</style><h1>cmdb</h1>
<p>The server runs. Programs ask it at <code>/graphql</code> and import at
<code>/imports/FORMAT</code>, with <code>Authorization: Bearer TOKEN</code>; the command line with
<code>cmdb --url ADDRESS --token TOKEN</code>.</p>
<p>An administrator makes tokens with <code>cmdb token create</code>. The first one comes from the
address that <code>cmdb serve</code> prints while there is none.</p></html>"""
_START = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>cmdb: first token</title>
<style>{_STYLE}</style><h1>The first token</h1>
<p>This address works once. The token it shows is an administrator's: keep it as you keep a
password; it is shown this once.</p>
<p><button id="go">Show the token</button></p><p><code id="out"></code></p>
<script>{_SCRIPT}</script></html>"""


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


_POLICY = (
    f"default-src 'none'; style-src {_source(_STYLE)}; script-src {_source(_SCRIPT)}; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/")
async def answer_hint(request: Request) -> Response:
    """Answer a page that says what this is."""
    noted_of(request).operation = "page"
    return HTMLResponse(_HINT, headers={"Content-Security-Policy": _POLICY})


@router.get("/start")
async def answer_start(request: Request) -> Response:
    """Answer the page that exchanges the code of the address; the code is not sent for it."""
    noted_of(request).operation = "page"
    return HTMLResponse(_START, headers={"Content-Security-Policy": _POLICY})


@router.post("/start")
async def exchange_code(request: Request) -> Response:
    """Exchange the one-time code for an administrator's token, made this moment."""
    noted, serving = noted_of(request), serving_of(request)
    noted.operation = "start"
    body = await read_body(request, _BODY_BYTES)
    try:
        code = orjson.loads(body)["code"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        code = None
    if not isinstance(code, str):
        raise BadValue("code", 'it is missing: send {"code": "..."}')
    if not serving.one_time.take(code):
        raise Unauthenticated("this code was used, has expired, or never was")
    try:
        secret = await serving.run(_make_token, serving, noted.request_id)
    except CmdbError:
        serving.one_time.give_back(code)
        raise
    return JSONResponse({"secret": secret}, 201)


def is_first_start(serving: Serving) -> bool:
    """Return whether there is no token yet, not even an ended one."""
    return not serving.service.operations(_first_caller()).list_tokens().tokens


def _make_token(serving: Serving, request_id: str) -> str:
    operations = serving.service.operations(_first_caller())
    reason = EditReason(reason="first start", request_id=request_id)
    made = operations.create_token(NewToken(FIRST_ACTOR, ("administrator",)), reason)
    return made.secret


def _first_caller() -> Caller:
    return Caller(FIRST_ACTOR, frozenset(ROLES))
