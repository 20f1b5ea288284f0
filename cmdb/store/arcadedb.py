"""How does the store reach a graph in a folder, in this process?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import jpype

from cmdb.errors import (
    CmdbError,
    DatabaseFull,
    DatabaseLocked,
    DatabaseReadOnly,
    DatabaseUnavailable,
    WriteConflict,
)
from cmdb.store.connection import (
    SEARCH,
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
    search_params,
    with_retry,
)
from cmdb.store.java_errors import JavaErrors
from cmdb.store.java_values import JavaMaps, parse_rows
from cmdb.store.jvm import Start, ensure_jvm, java_class
from cmdb.store.room import RESERVE_BYTES, Gate, check_room

_CYPHER = "opencypher"
_READERS = 4
_ROWS_A_BATCH = 4096
_SCALARS = frozenset((str, int, float, bool, type(None)))


def open_arcadedb(
    folder: Path,
    *,
    heap: str = "1g",
    start: Start = "long",
    cache_dir: Path | None = None,
    reserve_bytes: int = RESERVE_BYTES,
) -> ArcadeDB:
    """The database in that folder, created where there is none.

    Where the folder cannot be written to, it is opened for reading.

    Args:
        folder: where the database's files are.
        heap: largest Java heap; only the first database opened in a process decides.
        start: what for; only the first in a process decides.
        cache_dir: where `make_cache` keeps what makes starts fast; likewise.
        reserve_bytes: how much of the disk writes leave free.

    Raises:
        DatabaseLocked: another process, or this one, has it open.
        DatabaseFull: there is no room to open it.
        DatabaseUnavailable: it cannot be opened.
    """
    ensure_jvm(heap=heap, start=start, cache_dir=cache_dir)
    java = _Java()
    path = folder.resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnavailable(str(folder), error.strerror or "not a folder") from error
    if java.factory.getActiveDatabaseInstance(str(path)) is not None:
        raise DatabaseLocked(str(folder), "this one")
    reopen = partial(_open, java, str(path))
    try:
        database = reopen()
    except jpype.JException as error:
        raise java.errors.at_opening(error, str(folder)) from error
    return ArcadeDB(database, java, folder, reopen, reserve_bytes)


def _open(java: _Java, path: str) -> Any:
    factory = java.factory(path)
    try:
        database = factory.open() if factory.exists() else factory.create()
    except jpype.JException as error:
        if not isinstance(java.errors.at_opening(error, ""), DatabaseReadOnly):
            raise
        return factory.open(java.read_only)
    # The default acknowledges a commit before it is on the disk.
    database.setWALFlush(java.wal_flush.YES_NOMETADATA)
    return database


class ArcadeDB:
    """A `Connection` to one open folder."""

    name = "arcadedb"
    is_shared = False

    def __init__(
        self,
        database: Any,
        java: _Java,
        folder: Path,
        reopen: Callable[[], Any],
        reserve_bytes: int,
    ) -> None:
        self._database = database
        self._java = java
        self._folder = folder
        self._reopen = reopen
        self._reserve_bytes = reserve_bytes
        self._gate = Gate()
        self._has_met_the_end = False
        # One writer at a time: without it, writers clash at commit and the slowest 1 % wait
        # three times as long.
        self._writing = threading.Lock()
        self._writer: int | None = None
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="cmdb-read")
        self._closed = False

    def setup(self, ddl: Sequence[Ddl]) -> None:
        """Create what is missing of the schema."""
        with self._writing:
            self._make_sure_of_room()
            for item in ddl:
                for statement in render(item):
                    self._guarded(partial(self._database.command, "sql", statement))

    def read(self, text: str, params: Params | None = None) -> list[Row]:
        """All rows of one reading statement."""
        if self._writer == threading.get_ident():
            raise RuntimeError("inside write(), read by the transaction")
        with self._gate.reading():
            return with_retry(lambda: self._run("query", text, params), is_transient=_is_clash)

    async def read_async(self, text: str, params: Params | None = None) -> list[Row]:
        """The same rows, read in a thread of a small pool."""
        import asyncio  # commands never wait this way, and should not load it

        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self.read, text, params)

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """What `fn` returned, committed; see `Connection.write`."""
        if self._writer == threading.get_ident():
            raise RuntimeError("write() does not nest")
        return with_retry(lambda: self._attempt(fn), is_transient=_is_clash)

    def search_text(self, index: str, query: str, limit: int = 50) -> list[tuple[str, float]]:
        """Ids and scores of the nodes that hold every word, best first."""
        params = search_params(index, query, limit)
        return [(row[0], row[1]) for row in self.read(SEARCH, params)] if params else []

    def close(self) -> None:
        """Wait for readers and the writer, then close the folder."""
        self._readers.shutdown(wait=True)
        with self._writing:
            if not self._closed:
                self._closed = True
                self._guarded(self._database.close)

    async def close_async(self) -> None:
        """Nothing to do: `read_async` opens nothing of its own."""

    def _attempt(self, fn: Callable[[Transaction], T]) -> T:
        # A transaction belongs to the thread that began it, so all of it happens right here.
        with self._writing:
            self._make_sure_of_room()
            self._writer = threading.get_ident()
            try:
                self._guarded(self._database.begin)
                result = fn(_Transaction(self._run))
                self._guarded(self._database.commit)
            except BaseException:
                if not self._closed and self._database.isTransactionActive():
                    self._database.rollback()
                raise
            finally:
                self._writer = None
            return result

    def _make_sure_of_room(self) -> None:
        if self._closed:
            return  # the engine says so itself
        if self._database.getMode() == self._java.read_only:
            raise DatabaseReadOnly(f"the folder {self._folder} was opened for reading only")
        check_room(self._folder, self._reserve_bytes)
        if self._has_met_the_end:
            with self._gate.alone():
                self._guarded(self._database.close)
                self._database = self._guarded(self._reopen)
            self._has_met_the_end = False

    def _run(self, kind: str, text: str, params: Params | None) -> list[Row]:
        return self._guarded(lambda: self._rows(self._execute(kind, text, params or {})))

    def _execute(self, kind: str, text: str, params: Params) -> Any:
        calls = self._java.calls
        if all(type(value) in _SCALARS for value in params.values()):
            flat = [part for pair in params.items() for part in pair]
            call = calls.queryNamed if kind == "query" else calls.commandNamed
            return call(self._database, _CYPHER, text, *flat)
        call = self._database.query if kind == "query" else self._database.command
        return call(_CYPHER, text, self._java.to_map(params))

    def _rows(self, results: Any) -> list[Row]:
        rows: list[Row] = []
        done = results is None
        while not done:
            text, side, done = self._java.next_rows(results, _ROWS_A_BATCH)
            rows += [
                tuple(row.values())
                for row in parse_rows(bytes(text.getBytes(self._java.utf8)), side)
            ]
        return rows

    def _guarded(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except jpype.JException as error:
            meaning = self._java.errors.at_work(error, str(self._folder))
            self._has_met_the_end |= isinstance(meaning, DatabaseFull)
            raise meaning from error
        except (OverflowError, UnicodeEncodeError) as error:
            raise ValueError(f"a parameter cannot be stored: {error}") from error


class _Transaction:
    def __init__(self, run: Callable[[str, str, Params | None], list[Row]]) -> None:
        self._run = run

    def run(self, text: str, params: Params | None = None) -> list[Row]:
        return self._run("command", text, params)


class _Java:
    """The Java classes this file needs."""

    def __init__(self) -> None:
        self.factory = java_class("com.arcadedb.database.DatabaseFactory")
        self.wal_flush = java_class("com.arcadedb.engine.WALFile$FlushType")
        self.read_only = java_class("com.arcadedb.engine.ComponentFile$MODE").READ_ONLY
        self.errors = JavaErrors()
        self.calls = java_class("com.arcadedb.python.DbCalls")
        self.next_rows = java_class("com.arcadedb.python.TypedRows").nextRows
        self.utf8 = java_class("java.nio.charset.StandardCharsets").UTF_8
        self.to_map = JavaMaps().to_map


def render(item: Ddl) -> Iterator[str]:
    """The SQL statements that create it where it is missing."""
    match item:
        case NodeType(label):
            yield f"CREATE VERTEX TYPE {label} IF NOT EXISTS"
        case EdgeType(name):
            yield f"CREATE EDGE TYPE {name} IF NOT EXISTS"
        case Unique(label, name, kind) | Index(label, name, kind):
            sort = "UNIQUE" if isinstance(item, Unique) else "NOTUNIQUE"
            yield from _property(label, name, "LONG" if kind == "integer" else "STRING")
            yield f"CREATE INDEX IF NOT EXISTS ON {label} ({name}) {sort}"
        case FullText(index, label, names):
            for name in names:
                yield from _property(label, name, "STRING")
            yield f"CREATE INDEX {index} IF NOT EXISTS ON {label} ({', '.join(names)}) FULL_TEXT"


def _property(label: str, name: str, kind: str) -> Iterator[str]:
    yield f"CREATE VERTEX TYPE {label} IF NOT EXISTS"
    yield f"CREATE PROPERTY {label}.{name} IF NOT EXISTS {kind}"


def _is_clash(error: CmdbError) -> bool:
    # A duplicate is not one: with one writer at a time it is true, and stays so.
    return isinstance(error, WriteConflict)
