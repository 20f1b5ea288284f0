"""How is a whole database read and written, page by page, whatever it holds?

Nodes come label by label in the order of their keys, then relationships, then what says that the
database is whole: the migrations. The pages of a database that nobody writes to are always the same
ones, so that an interrupted copy goes on by their number.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from cmdb.errors import DatabaseRefused
from cmdb.store.connection import EdgeType, Params, Row, Transaction
from cmdb.store.ordering import ordered_text
from cmdb.store.schema import KEYS

Run: TypeAlias = Callable[[str, Params | None], list[Row]]

LAST_LABEL = "Migration"
MARK_LABEL = "CopyMark"
_BESIDE = frozenset((MARK_LABEL, "SchemaLock"))
_PAGE_ROWS = 2_000
_PAGE_BYTES = 4_000_000
_MODULUS = 1 << 256

COUNT_NODES = "MATCH (n) UNWIND labels(n) AS label RETURN label, count(*) AS n ORDER BY label"
COUNT_RELATIONSHIPS = """
MATCH (a)-[r]->(b)
RETURN labels(a)[0] AS start, type(r) AS type, labels(b)[0] AS stop, count(*) AS n
ORDER BY start, type, stop
"""
NEXT_KEYS = """
MATCH (n:%s) WHERE n.%s > $after
RETURN n.%s AS key, coalesce(size(n.body), 0) AS size ORDER BY n.%s LIMIT $limit
"""
# Where an engine orders a text in one way and compares it in another if it is a parameter (see
# `ordering`), it is compared as the property that it was read from.
NEXT_KEYS_AFTER_KEPT = """
MATCH (last:%s {%s: $after}) MATCH (n:%s) WHERE n.%s > last.%s
RETURN n.%s AS key, coalesce(size(n.body), 0) AS size ORDER BY n.%s LIMIT $limit
"""
READ_NODES = "UNWIND $keys AS k MATCH (n:%s {%s: k}) RETURN collect(properties(n)) AS rows"
READ_RELATIONSHIPS = """
UNWIND $keys AS k MATCH (a:%s {id: k}) MATCH (a)-[r]->(b)
RETURN collect([type(r), labels(b)[0], a.id, b.id, properties(r)]) AS rows
"""
WRITE_NODES = "UNWIND $rows AS r CREATE (n:%s) SET n = r RETURN count(n) AS n"
WRITE_RELATIONSHIPS = """
UNWIND $rows AS r MATCH (a:%s {id: r.a}) MATCH (b:%s {id: r.b})
CREATE (a)-[e:%s]->(b) SET e = r.values RETURN count(e) AS n
"""


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """What the rows of a page are: nodes of a label, or relationships of a type from there.

    Attributes:
        label: Of the nodes, or of those that the relationships start at.
        type: Of the relationships; empty for nodes.
        stop: Label of the nodes that the relationships end at; empty for nodes.
    """

    label: str
    type: str = ""
    stop: str = ""

    def __str__(self) -> str:
        return f"{self.label} {self.type} {self.stop}" if self.type else self.label

    @classmethod
    def parse(cls, text: str) -> Shape:
        """Return the shape that `str` made this text of."""
        return cls(*text.split(" "))


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of one shape.

    A row of nodes is their properties; one of relationships is [key of the start, key of the stop,
    properties].
    """

    shape: Shape
    rows: Sequence[Any]


@dataclass(slots=True)
class Tally:
    """How many rows of each shape there were, and a sum over their content, in any order."""

    counts: dict[Shape, int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[Shape, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, page: Page) -> None:
        """Count a page in."""
        total = 0
        for row in page.rows:
            packed = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
            total += int.from_bytes(hashlib.sha256(packed).digest())
        self.counts[page.shape] += len(page.rows)
        self.sums[page.shape] = (self.sums[page.shape] + total) % _MODULUS

    def differing(self, other: Tally) -> list[Shape]:
        """Return the shapes whose rows are not the same ones, in order."""
        shapes = {*self.counts, *other.counts} - {Shape(LAST_LABEL)}
        return sorted(shape for shape in shapes if self._of(shape) != other._of(shape))

    def _of(self, shape: Shape) -> tuple[int, int]:
        return self.counts.get(shape, 0), self.sums.get(shape, 0)


def count_rows(run: Run) -> dict[Shape, int]:
    """Return how many nodes and relationships of each shape the database holds.

    Raises:
        DatabaseRefused: It holds something that this program does not know how to move.
    """
    counts = {Shape(label): n for label, n in run(COUNT_NODES, None) if label not in _BESIDE}
    counts |= {Shape(a, kind, b): n for a, kind, b, n in run(COUNT_RELATIONSHIPS, None)}
    for shape in counts:
        check_shape(shape)
    return counts


def check_shape(shape: Shape) -> None:
    """Return if rows of that shape can be moved.

    Raises:
        DatabaseRefused: They cannot.
    """
    ends = [shape.label, shape.stop] if shape.type else [shape.label]
    for label in ends:
        if label not in KEYS or (shape.type and KEYS[label][0] != "id"):
            raise DatabaseRefused(
                f"it holds {str(shape)!r}, which this program does not know: another program "
                "writes to the same database"
            )
    if shape.type:
        EdgeType(shape.type)


def read_pages(run: Run, counts: Mapping[Shape, int]) -> Iterator[Page]:
    """Yield everything that the database holds, as `count_rows` found it."""
    labels = sorted(shape.label for shape in counts if not shape.type)
    for label in labels:
        if label != LAST_LABEL:
            yield from _node_pages(run, label)
    for label in sorted({shape.label for shape in counts if shape.type}):
        yield from _relationship_pages(run, label)
    if LAST_LABEL in labels:
        yield from _node_pages(run, LAST_LABEL)


def write_page(tx: Transaction, page: Page) -> None:
    """Write a page inside a transaction.

    Raises:
        DatabaseRefused: Not all of it could be written.
    """
    shape = page.shape
    rows = list(page.rows)
    if shape.type:
        text = WRITE_RELATIONSHIPS % (shape.label, shape.stop, shape.type)
        rows = [{"a": start, "b": stop, "values": values} for start, stop, values in rows]
    else:
        text = WRITE_NODES % shape.label
    written = tx.run(text, {"rows": rows})[0][0]
    if written != len(rows):
        raise DatabaseRefused(f"it took {written} of {len(rows)} rows of {str(shape)!r}")


def _node_pages(run: Run, label: str) -> Iterator[Page]:
    text = READ_NODES % (label, KEYS[label][0])
    for keys in _key_pages(run, label):
        yield Page(Shape(label), run(text, {"keys": keys})[0][0])


def _relationship_pages(run: Run, label: str) -> Iterator[Page]:
    text = READ_RELATIONSHIPS % label
    for keys in _key_pages(run, label):
        found = run(text, {"keys": keys})
        groups: dict[Shape, list[Any]] = defaultdict(list)
        for kind, stop, *row in found[0][0] if found else ():
            groups[Shape(label, kind, stop)].append(row)
        for shape, rows in sorted(groups.items()):
            rows.sort(key=_order)
            for start in range(0, len(rows), _PAGE_ROWS):
                yield Page(shape, rows[start : start + _PAGE_ROWS])


def _order(row: Sequence[Any]) -> tuple[str, str, bytes]:
    return row[0], row[1], orjson.dumps(row[2], option=orjson.OPT_SORT_KEYS)


def _key_pages(run: Run, label: str) -> Iterator[list[Any]]:
    """Yield the keys of a label in order, as many at once as fit a page."""
    name, kind = KEYS[label]
    plain = NEXT_KEYS % (label, name, name, name)
    as_kept = NEXT_KEYS_AFTER_KEPT % (label, name, label, name, name, name, name)
    after: Any = -1 if kind == "integer" else ""
    text = plain
    while found := run(text, {"after": after, "limit": _PAGE_ROWS}):
        yield from _fitting(found)
        after = found[-1][0]
        text = plain if kind == "integer" or ordered_text(after) == after else as_kept


def _fitting(found: Iterable[Row]) -> Iterator[list[Any]]:
    keys: list[Any] = []
    total = 0
    for key, size in found:
        if keys and total + size > _PAGE_BYTES:
            yield keys
            keys, total = [], 0
        keys.append(key)
        total += size
    if keys:
        yield keys
