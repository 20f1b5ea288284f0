"""What can be subscribed to? The log as it grows, and an import as it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import strawberry

from cmdb.errors import BadValue
from cmdb.model import system_reports
from cmdb_graphql.context import Ask
from cmdb_graphql.ids import local_id
from cmdb_graphql.timing import within
from cmdb_graphql.types.log import FeedEntry
from cmdb_graphql.types.system import ImportRun

PROGRESS_SECONDS: Final = 0.5
_GOES_ON: Final = ("reading", "running")


@strawberry.type
class Subscription:
    """What is pushed as it happens."""

    @strawberry.subscription(
        graphql_type=FeedEntry,
        description="Every entry of the log after a revision, in order, none missing, none twice. "
        "Go on after an interruption from the revision of the last entry received.",
    )
    async def change_feed(
        self, info: Ask, after: int | None = None
    ) -> AsyncGenerator[system_reports.FeedEntry, None]:
        """Yield entries of the log."""
        context = info.context
        if context.watcher is None:
            raise BadValue("changeFeed", "this service pushes nothing", "Ask `feed` instead.")
        entries = context.watcher.entries(
            context.operations, context.caller, after, context.seconds
        )
        async with aclosing(entries):
            async for entry in entries:
                yield entry

    @strawberry.subscription(
        graphql_type=ImportRun, description="A run of an import, at each step until it ends."
    )
    async def import_progress(
        self,
        info: Ask,
        id: strawberry.ID,
    ) -> AsyncGenerator[system_reports.RunReport, None]:
        """Yield a run whenever it has moved, its end last."""
        told: system_reports.RunReport | None = None
        run_id = local_id(id, "ImportRun")
        while told is None or told.state in _GOES_ON:
            async with within(info.context.seconds):
                run = await info.context.ask(info.context.operations.find_run, run_id)
            if run != told:
                told = run
                yield run
            else:
                await asyncio.sleep(PROGRESS_SECONDS)
