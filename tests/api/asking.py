"""How are documents asked whose one operation is a fake that may take its time?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from cmdb.model.log_reports import Anchor, VerifyReport
from cmdb.model.rights import Caller
from cmdb.ports.graph_reading import GraphReading
from cmdb.ports.operations import Operations
from cmdb_graphql.context import ApiContext
from cmdb_graphql.execution import ApiSchema
from cmdb_graphql.limits import Limits
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.schema import build_schema
from cmdb_graphql.workers import Workers
from tests.api.serving import Answer

FORMATS = "{ formats { name } }"


TIGHT = Limits(
    tokens=200, nesting=12, depth=6, aliases=3, fields=20, root_fields=4, cost=5_000, seconds=0.3
)


class Formats:
    """The one operation that these documents reach; it may take its time."""

    def __init__(self, seconds: float = 0.0, error: Exception | None = None) -> None:
        self._seconds = seconds
        self._error = error
        self.calls = 0

    def list_formats(self) -> Mapping[str, str]:
        self.calls += 1
        time.sleep(self._seconds)
        if self._error is not None:
            raise self._error
        return {"records": "lines of JSON"}

    def verify_log(self, *_: object, **__: object) -> VerifyReport:
        time.sleep(self._seconds)
        head = Anchor(1, "f" * 64)
        return VerifyReport(1, 0, head, None, head)

    def retire_ci(self, *_: object) -> NoReturn:
        self.calls += 1
        time.sleep(self._seconds)
        raise AssertionError("nobody waits for this any more")


def ask(
    document: str,
    variables: dict[str, Any] | None = None,
    *,
    limits: Limits = TIGHT,
    formats: Formats | None = None,
    roles: tuple[str, ...] = ("viewer",),
    streams: bool = False,
) -> Answer:
    workers = Workers(1)
    reading = cast(GraphReading, None)
    context = ApiContext(
        operations=cast(Operations, formats or Formats()),
        reading=reading,
        caller=Caller("vic", frozenset(roles)),
        request_id="r-7",
        workers=workers,
        watcher=None,
        loaders=Loaders(reading, workers),
    )
    result = asyncio.run(_answered(build_schema(limits), document, variables, context, streams))
    workers.close()
    return Answer(result)


async def _answered(
    schema: ApiSchema, document: str, variables: Any, context: ApiContext, streams: bool
) -> Any:
    if not streams:
        return await schema.execute(document, variables, context)
    (result,) = [each async for each in await schema.stream(document, variables, context)]
    return result


def refused(answer: Answer) -> tuple[str, float, float]:
    assert answer.code == "LIMIT_EXCEEDED", answer.errors
    facts = answer.extensions["facts"]
    assert f"{facts['found']:.12g}" in answer.errors[0].message
    return facts["limit"], facts["allowed"], facts["found"]
