"""How does the store reach a Neo4j server or cluster?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cmdb.errors import BadSettings, CmdbError
from cmdb.store.availability import Availability
from cmdb.store.connection import (
    SEARCH,
    WRITE_ATTEMPTS,
    Ddl,
    EdgeType,
    FullText,
    Index,
    NodeType,
    Params,
    Row,
    T,
    Transaction,
    Unique,
    pause_seconds,
    search_params,
    with_retry,
)
from cmdb.store.neo4j_errors import is_outage, may_succeed_again, root_of, translated

if TYPE_CHECKING:
    import neo4j

_CONNECT_SECONDS: Final = 2.0
_INDEXES_READY = "CALL db.awaitIndexes(300)"
_ALL: Final = slice(None)
_values = tuple.__getitem__


def open_neo4j(url: str, user: str, password: str, database: str | None = None) -> Neo4j:
    """The database at that address, asked once to be sure that it answers.

    Args:
        url: `neo4j://` for a cluster or one server, `bolt://` for one server, `+s` for TLS.
        user: who logs in; empty where the server asks for nobody.
        password: never shown again.
        database: its name; nothing for the user's home database.

    Raises:
        BadSettings: the driver is not installed, or the address is none.
        DatabaseRefused: wrong user or password.
        DatabaseUnavailable: no answer.
    """
    try:
        import neo4j
    except ModuleNotFoundError as error:
        raise BadSettings(
            "CMDB_DATABASE_URL",
            "Neo4j needs its driver: pip install 'cmdb[neo4j]'",
        ) from error
    off = neo4j.NotificationMinimumSeverity.OFF
    options: dict[str, Any] = {
        "auth": (user, password) if user else None,
        "notifications_min_severity": off,
        "warn_notification_severity": off,
        "user_agent": "cmdb",
        "connection_timeout": _CONNECT_SECONDS,
        "connection_acquisition_timeout": 30,
        "max_transaction_retry_time": 0,
    }
    try:
        connection = Neo4j(url, database, options)
    except (ValueError, neo4j.exceptions.ConfigurationError) as error:
        raise BadSettings("CMDB_DATABASE_URL", f"{_shown(url)} is no address: {error}") from error
    try:
        connection.verify()
    except BaseException:
        connection.close()
        raise
    return connection


class Neo4j:
    """A `Connection` to one database of a server or cluster."""

    name = "neo4j"
    is_shared = True

    def __init__(self, url: str, database: str | None, options: dict[str, Any]) -> None:
        import neo4j

        self._neo4j = neo4j
        self._url = url
        self._place = _shown(url)
        self._options = options
        self._driver = neo4j.GraphDatabase.driver(url, **options)
        # What one session has committed, the next must see, whichever member of a cluster it asks.
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        self._database = database
        self._availability = Availability(
            partial(self._guarded, partial(self._run, neo4j.READ_ACCESS, "RETURN 1", None)),
            partial(is_outage, neo4j.exceptions),
        )
        self._async: tuple[asyncio.AbstractEventLoop, neo4j.AsyncDriver] | None = None

    def verify(self) -> None:
        """Return if the server answers and accepts the user."""
        self._guarded(self._driver.verify_connectivity)

    def setup(self, ddl: Sequence[Ddl]) -> None:
        """Create what is missing of the schema, and wait until indexes are filled."""
        statements = [text for item in ddl for text in _render(item)]
        for text in [*statements, _INDEXES_READY]:
            self._guarded(partial(self._run, self._neo4j.WRITE_ACCESS, text, None))

    def read(self, text: str, params: Params | None = None) -> list[Row]:
        """All rows of one reading statement."""
        once = partial(self._run, self._neo4j.READ_ACCESS, text, params)
        return self._repeated(once)

    async def read_async(self, text: str, params: Params | None = None) -> list[Row]:
        """The same rows by the asynchronous driver."""
        may_wait = self._availability.patience()
        for attempt in range(1, WRITE_ATTEMPTS):
            self._availability.check()
            try:
                return await self._read_once(text, params)
            except CmdbError as error:
                if not (may_wait(error) and may_succeed_again(error)):
                    raise
            await asyncio.sleep(pause_seconds(attempt))
        return await self._read_once(text, params)

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """What `fn` returned, committed; see `Connection.write`."""
        return self._repeated(partial(self._attempt, fn))

    def search_text(self, index: str, query: str, limit: int = 50) -> list[tuple[str, float]]:
        """Ids and scores of the nodes that hold every word, best first."""
        params = search_params(index, query, limit)
        return [(row[0], row[1]) for row in self.read(SEARCH, params)] if params else []

    def close(self) -> None:
        """Close the driver; `close_async` closes what `read_async` opened."""
        self._availability.close()
        self._driver.close()

    async def close_async(self) -> None:
        """Close what `read_async` opened in this event loop."""
        opened, self._async = self._async, None
        if opened is not None and opened[0] is asyncio.get_running_loop():
            await opened[1].close()

    def _session(self, access: str) -> neo4j.Session:
        return self._driver.session(
            default_access_mode=access,
            database=self._database,
            bookmark_manager=self._bookmarks,
        )

    def _run(self, access: str, text: str, params: Params | None) -> list[Row]:
        with self._session(access) as session:
            return _rows(session, text, params)

    async def _read_once(self, text: str, params: Params | None) -> list[Row]:
        # The asynchronous driver has a bookmark manager of its own, so it is told what to await.
        bookmarks = self._neo4j.Bookmarks.from_raw_values(self._bookmarks.get_bookmarks())
        try:
            async with self._async_driver().session(
                default_access_mode=self._neo4j.READ_ACCESS,
                database=self._database,
                bookmarks=bookmarks,
            ) as session:
                result = await session.run(text, dict(params or {}))
                return [_values(record, _ALL) async for record in result]
        except (self._neo4j.exceptions.Neo4jError, self._neo4j.exceptions.DriverError) as error:
            raise self._translated(error) from self._root(error)

    def _async_driver(self) -> neo4j.AsyncDriver:
        loop = asyncio.get_running_loop()
        if self._async is None or self._async[0] is not loop:
            driver = self._neo4j.AsyncGraphDatabase.driver(self._url, **self._options)
            self._async = (loop, driver)
        return self._async[1]

    def _attempt(self, fn: Callable[[Transaction], T]) -> T:
        with (
            self._session(self._neo4j.WRITE_ACCESS) as session,
            session.begin_transaction() as transaction,  # an exception rolls back
        ):
            result = fn(_Transaction(transaction, self._guarded))
            transaction.commit()
            return result

    def _guarded(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except (self._neo4j.exceptions.Neo4jError, self._neo4j.exceptions.DriverError) as error:
            raise self._translated(error) from self._root(error)

    def _translated(self, error: Any) -> CmdbError:
        return translated(self._neo4j.exceptions, self._place, self._root(error))

    def _root(self, error: Any) -> Any:
        return root_of(self._neo4j.exceptions, error)

    def _repeated(self, attempt: Callable[[], T]) -> T:
        """Return what an attempt returns, done again while that helps and the database is there."""
        may_wait = self._availability.patience()

        def guarded() -> T:
            self._availability.check()
            return self._guarded(attempt)

        return with_retry(
            guarded, is_transient=lambda error: may_wait(error) and may_succeed_again(error)
        )


class _Transaction:
    def __init__(
        self,
        transaction: neo4j.Transaction,
        guarded: Callable[[Callable[[], list[Row]]], list[Row]],
    ) -> None:
        self._transaction = transaction
        self._guarded = guarded

    def run(self, text: str, params: Params | None = None) -> list[Row]:
        return self._guarded(partial(_rows, self._transaction, text, params))


def _rows(runner: neo4j.Session | neo4j.Transaction, text: str, params: Params | None) -> list[Row]:
    try:
        result = runner.run(text, dict(params or {}))
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"a parameter cannot be stored: {error}") from error
    # A record is a tuple, but iterates slowly in Python; a slice copies it at once.
    return [_values(record, _ALL) for record in result]


def _render(item: Ddl) -> Iterator[str]:
    match item:
        case Unique(label, name):
            yield (
                f"CREATE CONSTRAINT unique_{label}_{name} IF NOT EXISTS "
                f"FOR (n:{label}) REQUIRE n.{name} IS UNIQUE"
            )
        case Index(label, name):
            yield f"CREATE INDEX index_{label}_{name} IF NOT EXISTS FOR (n:{label}) ON (n.{name})"
        case FullText(index, label, names):
            each = ", ".join(f"n.{name}" for name in names)
            yield f"CREATE FULLTEXT INDEX {index} IF NOT EXISTS FOR (n:{label}) ON EACH [{each}]"
        case NodeType() | EdgeType():
            pass  # they exist as soon as something has them


def _shown(url: str) -> str:
    """The address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
