"""How do a hundred CIs of one level need one read? Their requests are gathered and sent together.

A loader serves one operation: what it read is remembered until that ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from strawberry.dataloader import DataLoader

from cmdb.model.inventory import CI
from cmdb.model.reports import HistoryReport
from cmdb.model.selection import Direction
from cmdb.ports.graph_reading import AdjacentPage, GraphReading
from cmdb_graphql.workers import Workers

_Question: TypeAlias = tuple[Direction, tuple[str, ...] | None, int, str]


class Loaders:
    """The loaders of one operation: one for each question that its document asks of many CIs."""

    def __init__(self, reading: GraphReading, workers: Workers) -> None:
        self._reading = reading
        self._workers = workers
        self._adjacent: dict[_Question, DataLoader[str, AdjacentPage]] = {}
        self._histories: dict[int, DataLoader[str, HistoryReport | None]] = {}
        self._cis: DataLoader[str, CI | None] = DataLoader(self._load_cis)

    async def ci(self, ci_id: str) -> CI | None:
        """Return the CI of that id, or None where the caller may not see one."""
        return await self._cis.load(ci_id)

    async def adjacent(
        self,
        ci_id: str,
        direction: Direction,
        types: Sequence[str] | None,
        first: int,
        after: str,
    ) -> AdjacentPage:
        """Return relationships of a CI in one direction, with the CIs at their other ends."""
        question = (direction, None if types is None else tuple(types), first, after)
        if question not in self._adjacent:
            self._adjacent[question] = DataLoader(partial(self._load_adjacent, question))
        return await self._adjacent[question].load(ci_id)

    async def history(self, ci_id: str, limit: int) -> HistoryReport | None:
        """Return the newest changes that touched a CI."""
        if limit not in self._histories:
            self._histories[limit] = DataLoader(partial(self._load_histories, limit))
        return await self._histories[limit].load(ci_id)

    async def _load_cis(self, ids: list[str]) -> list[CI | None]:
        found = await self._workers.run(self._reading.get_cis, ids)
        return [found.get(ci_id) for ci_id in ids]

    async def _load_adjacent(self, question: _Question, ids: list[str]) -> list[AdjacentPage]:
        found = await self._workers.run(self._reading.adjacent, ids, *question)
        return [found[ci_id] for ci_id in ids]

    async def _load_histories(self, limit: int, ids: list[str]) -> list[HistoryReport | None]:
        found = await self._workers.run(self._reading.histories, ids, limit)
        return [found.get(ci_id) for ci_id in ids]
