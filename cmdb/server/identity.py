"""Who sends this request? Whoever its token stands for."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from cmdb.errors import Unauthenticated
from cmdb.model.rights import Caller
from cmdb.server.serving import noted_of, serving_of

_LONGEST = 512


async def caller_of(connection: HTTPConnection) -> Caller:
    """Return whom the `Authorization` header of a request stands for.

    Raises:
        Unauthenticated: It has none, or the token does not hold.
    """
    return await known_by(connection, connection.headers.get("authorization", ""))


async def known_by(connection: HTTPConnection, given: str) -> Caller:
    """Return whom `Bearer <token>` stands for.

    Raises:
        Unauthenticated: It is empty or of another form, or the token does not hold.
    """
    if not given:
        raise Unauthenticated
    scheme, _, secret = given.strip().partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret or len(secret) > _LONGEST:
        raise Unauthenticated("it is no bearer token")
    serving = serving_of(connection)
    caller = await serving.run(serving.service.authenticate, secret)
    noted_of(connection).caller = caller
    return caller
