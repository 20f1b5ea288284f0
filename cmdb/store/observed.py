"""How does an onlooker learn of every statement? By a connection around the connection.

Texts only: the values of a statement are the user's and reach neither metrics nor traces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cmdb.ports.service import Observe
from cmdb.store.connection import Connection, Ddl, Params, Row, T, Transaction


class ObservedConnection:
    """A `Connection` that tells of each read, write and statement of a write as it runs."""

    def __init__(self, connection: Connection, observe: Observe) -> None:
        self.name = connection.name
        self.is_shared = connection.is_shared
        self._connection = connection
        self._observe = observe

    def setup(self, ddl: Sequence[Ddl]) -> None:
        """Create what is missing of the schema."""
        self._connection.setup(ddl)

    def read(self, text: str, params: Params | None = None) -> list[Row]:
        """All rows of one reading statement."""
        with self._observe("read", text):
            return self._connection.read(text, params)

    async def read_async(self, text: str, params: Params | None = None) -> list[Row]:
        """The same rows, without blocking the event loop."""
        with self._observe("read", text):
            return await self._connection.read_async(text, params)

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """What `fn` returned, committed; see `Connection.write`."""
        with self._observe("write", ""):
            return self._connection.write(lambda tx: fn(_Observed(tx, self._observe)))

    def search_text(self, index: str, query: str, limit: int = 50) -> list[tuple[str, float]]:
        """Ids and scores of the nodes that hold every word, best first."""
        with self._observe("search", index):
            return self._connection.search_text(index, query, limit)

    def close(self) -> None:
        """Release everything but what `read_async` opened."""
        self._connection.close()

    async def close_async(self) -> None:
        """Release what `read_async` opened in this event loop."""
        await self._connection.close_async()


class _Observed:
    def __init__(self, transaction: Transaction, observe: Observe) -> None:
        self._transaction = transaction
        self._observe = observe

    def run(self, text: str, params: Params | None = None) -> list[Row]:
        with self._observe("statement", text):
            return self._transaction.run(text, params)
