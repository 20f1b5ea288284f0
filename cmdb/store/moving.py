"""How does a whole database get into an empty one, so that a broken copy is known for what it is?

While it is filled, the target carries a mark and no migration: opening it is refused. Each page and
the number of pages done are one transaction; the same copy, started again, goes on there. The mark
goes in the transaction that writes the migrations, after everything was read back and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from cmdb.errors import BadValue, DatabaseFull, DatabaseReadOnly, DatabaseRefused, LogBroken
from cmdb.model.log import GENESIS, LogHead, verify
from cmdb.ports import Progress
from cmdb.store.connection import Connection, EdgeType, NodeType, Transaction, Unique
from cmdb.store.log_rows import read_head, read_stored
from cmdb.store.pages import (
    COUNT_NODES,
    LAST_LABEL,
    MARK_LABEL,
    Page,
    Run,
    Shape,
    Tally,
    check_shape,
    count_rows,
    read_pages,
    write_page,
)
from cmdb.store.schema import ALL, FIND_MARK

T = TypeVar("T")

MAKE_MARK = "CREATE (m:CopyMark {id: 'copy', origin: $origin, pages: -1}) RETURN m.pages AS pages"
TURN_MARK = """
MATCH (m:CopyMark {id: 'copy'}) SET m.origin = $origin, m.pages = -1 RETURN m.pages AS pages
"""
MOVE_MARK = "MATCH (m:CopyMark {id: 'copy'}) SET m.pages = $pages RETURN m.pages AS pages"
REMOVE_MARK = "MATCH (m:CopyMark) DELETE m"
HOLD_HEAD = """
MATCH (h:LogHead {id: 'log'}) SET h.lock = h.lock RETURN h.revision AS revision
"""
EMPTY = "MATCH (n) WITH n LIMIT 5000 DETACH DELETE n RETURN count(n) AS gone"
_OF_AN_EMPTY_ONE = frozenset(("LogHead", LAST_LABEL, "SchemaLock"))
_LOG_BATCH = 50


@dataclass(frozen=True, slots=True)
class Origin:
    """What is moved.

    Attributes:
        name: Says which state of which database it is: a copy goes on only from the same.
        total: How many rows there are.
        types: Relationship types to make, used or not.
        pages: Everything, the same pages whenever it is asked.
    """

    name: str
    total: int
    types: tuple[str, ...]
    pages: Callable[[], Iterator[Page]]


def while_nobody_writes(connection: Connection, fn: Callable[[Run], T]) -> T:
    """Return what `fn` returned, who reads while writers wait; the database stays as it is.

    A database that takes no writes is read just so. `fn` may run more than once.
    """
    kept: list[T] = []

    def work(tx: Transaction) -> None:
        kept.clear()
        tx.run(HOLD_HEAD)  # a write that changes nothing: it is what every writer waits for
        kept.append(fn(tx.run))
        raise _RolledBack

    try:
        connection.write(work)
    except _RolledBack:
        return kept[0]
    except (DatabaseReadOnly, DatabaseFull):
        return fn(connection.read)
    raise AssertionError("unreachable")


def origin_in(run: Run, head: LogHead, types: Iterable[str]) -> Origin:
    """Return an open database as what is moved."""
    counts = count_rows(run)
    return Origin(
        name=f"{head.revision}:{head.hash}:{head.sequence}",
        total=sum(counts.values()),
        types=tuple(sorted({*types, *(shape.type for shape in counts if shape.type)})),
        pages=lambda: read_pages(run, counts),
    )


def fill(
    target: Connection, origin: Origin, *, is_anew: bool, progress: Progress | None = None
) -> Tally:
    """Write everything into an empty database, read it back, and return what there is.

    Args:
        target: Empty, or left by the same copy when it was interrupted.
        origin: What is moved.
        is_anew: Begin an interrupted copy anew.
        progress: Is told how many rows were written, then read back.

    Raises:
        BadValue: The target holds something, or the beginning of another copy.
        LogBroken: The log does not verify in the target.
        DatabaseRefused: What was read back is not what was written.
    """
    done = _begin(target, origin, is_anew=is_anew)
    tally = Tally()
    last: list[Page] = []
    for number, page in enumerate(origin.pages(), start=1):
        tally.add(page)
        if page.shape.label == LAST_LABEL:
            last.append(page)
        elif number > done:
            _write(target, page, number)
        if progress is not None:
            progress("write", sum(tally.counts.values()), origin.total)
    _read_back(target, tally, progress)
    verify_chain(target)

    def finish(tx: Transaction) -> None:
        for page in last:
            write_page(tx, page)
        tx.run(REMOVE_MARK)

    target.write(finish)
    return tally


def verify_chain(connection: Connection) -> int:
    """Check the log entry by entry, and return how many there are.

    Raises:
        LogBroken: With the revision and what does not fit.
    """
    head = read_head(connection)
    before = LogHead(0, GENESIS, 0)
    while before.revision < head.revision:
        first = before.revision + 1
        stored = read_stored(connection, first, min(before.revision + _LOG_BATCH, head.revision))
        if not stored:
            raise LogBroken(first, "the entry is missing")
        for entry in stored:
            verify(entry, before)
            before = LogHead(entry.revision, entry.hash, entry.at)
    if before.hash != head.hash:
        raise LogBroken(head.revision, "its hash is not that of the head")
    return head.revision


class _RolledBack(Exception):
    pass


def _begin(target: Connection, origin: Origin, *, is_anew: bool) -> int:
    """Make the target ready and return how many pages it has already."""
    mark = target.read(FIND_MARK)
    if mark and not is_anew:
        if mark[0][0] != origin.name:
            raise BadValue(
                "target",
                "it holds the beginning of a copy of something else, or of an earlier state",
                "Say --anew to begin anew.",
            )
        if mark[0][1] >= 0:
            return int(mark[0][1])
    if not mark:
        _check_empty(target)
    # The mark comes before everything, so that what is ended at any moment is known for what it is;
    # it counts no pages until the target is empty and ready.
    target.setup([NodeType(MARK_LABEL), Unique(MARK_LABEL, "id")])
    statement = TURN_MARK if mark else MAKE_MARK
    target.write(lambda tx: tx.run(statement, {"origin": origin.name}))
    _empty(target)
    target.setup(ALL)
    target.setup([EdgeType(name) for name in origin.types])
    target.write(lambda tx: tx.run(MOVE_MARK, {"pages": 0}))
    return 0


def _check_empty(target: Connection) -> None:
    found: dict[str, int] = dict(target.read(COUNT_NODES))
    is_new = found.keys() <= _OF_AN_EMPTY_ONE
    if is_new and (not found.get("LogHead") or read_head(target).revision == 0):
        return
    held = ", ".join(f"{n} {label}" for label, n in sorted(found.items())[:4])
    raise BadValue("target", f"the database is not empty: {held}", "Name an empty one.")


def _empty(target: Connection) -> None:
    text = EMPTY.replace("WITH n", f"WHERE NOT n:{MARK_LABEL} WITH n")
    while target.write(lambda tx: tx.run(text))[0][0]:
        pass


def _write(target: Connection, page: Page, number: int) -> None:
    check_shape(page.shape)

    def work(tx: Transaction) -> None:
        write_page(tx, page)
        if not tx.run(MOVE_MARK, {"pages": number}):
            raise DatabaseRefused("another copy took the target over")

    target.write(work)


def _read_back(target: Connection, written: Tally, progress: Progress | None) -> None:
    found = Tally()
    total = sum(written.counts.values())
    for page in read_pages(target.read, count_rows(target.read)):
        found.add(page)
        if progress is not None:
            progress("read back", sum(found.counts.values()), total)
    if wrong := written.differing(found):
        shown = ", ".join(_difference(shape, written, found) for shape in wrong[:5])
        raise DatabaseRefused(f"what was read back is not what was written: {shown}")


def _difference(shape: Shape, written: Tally, found: Tally) -> str:
    before: Any = written.counts.get(shape, 0)
    after: Any = found.counts.get(shape, 0)
    return f"{str(shape)!r} {before} and {after}" if before != after else f"{str(shape)!r} content"
