"""What does the store need of a database, whichever engine answers?

Two classes satisfy `Connection`: `cmdb.store.arcadedb` (in this process) and `cmdb.store.neo4j`
(a server). Both take the same Cypher texts. What a text must avoid, to mean the same on both,
is said in the architecture notes.
"""

from __future__ import annotations

import random
import re
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from cmdb.errors import DatabaseError, WriteConflict

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]
Params: TypeAlias = Mapping[str, Any]

WRITE_ATTEMPTS = 12
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 1.0

# The same on both engines; only how an index is made differs.
SEARCH = """
CALL db.index.fulltext.queryNodes($index, $query) YIELD node, score
RETURN node.id AS id, score ORDER BY score DESC, id LIMIT $limit
"""
_MOST_WORDS = 16

_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _checked(*names: str) -> None:
    # Names cannot be parameters in DDL; they come from the closed registry, and this makes sure.
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name for the schema: {name!r}")


@dataclass(frozen=True, slots=True)
class NodeType:
    """A node label."""

    label: str

    def __post_init__(self) -> None:
        _checked(self.label)


@dataclass(frozen=True, slots=True)
class EdgeType:
    """A relationship type."""

    name: str

    def __post_init__(self) -> None:
        _checked(self.name)


@dataclass(frozen=True, slots=True)
class Unique:
    """No two nodes of the label share a value of the property; it is indexed as well.

    `kind` is "string" or "integer": the embedded engine wants the type of an indexed property.
    """

    label: str
    property: str
    kind: str = "string"

    def __post_init__(self) -> None:
        _checked(self.label, self.property, self.kind)


@dataclass(frozen=True, slots=True)
class Index:
    """An index over one property, which also gives its order (`ORDER BY` that property)."""

    label: str
    property: str
    kind: str = "string"

    def __post_init__(self) -> None:
        _checked(self.label, self.property, self.kind)


@dataclass(frozen=True, slots=True)
class FullText:
    """A word index, asked with `Connection.search_text(name, ...)`.

    Index properties whose text was made by `search_words`: then both engines see the same words.
    """

    name: str
    label: str
    properties: tuple[str, ...]

    def __post_init__(self) -> None:
        _checked(self.name, self.label, *self.properties)


Ddl: TypeAlias = NodeType | EdgeType | Unique | Index | FullText


class Transaction(Protocol):
    """An open transaction, handed to the function given to `Connection.write`."""

    def run(self, text: str, params: Params | None = None) -> list[Row]:
        """All rows of one statement, each a tuple in the column order of its `RETURN`."""
        ...


class Connection(Protocol):
    """One database. Safe to share between threads.

    Attributes:
        name: Of the engine.
        is_shared: Other processes may work with it at the same time.
    """

    name: str
    is_shared: bool

    def setup(self, ddl: Sequence[Ddl]) -> None:
        """Create what is missing of the schema; nothing happens to what is there."""
        ...

    def read(self, text: str, params: Params | None = None) -> list[Row]:
        """All rows of one reading statement, repeated where the engine says it may be.

        A statement that writes is refused with `DatabaseRefused`.
        """
        ...

    async def read_async(self, text: str, params: Params | None = None) -> list[Row]:
        """The same rows as `read`, without blocking the event loop."""
        ...

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """What `fn` returned, after its transaction was committed.

        `fn` may run more than once, so it must not change anything but the database. Any exception
        it raises rolls back and passes through. Calls do not nest, and `fn` reads by its
        transaction, never by `Connection.read`.

        Raises:
            WriteConflict: other writers were met at every attempt.
            DuplicateKey: a uniqueness constraint refused a value.
        """
        ...

    def search_text(self, index: str, query: str, limit: int = 50) -> list[tuple[str, float]]:
        """Property `id` and score of the nodes that hold every word of `query`, best first.

        A word matches as a prefix. Everything but letters and digits only separates words, so no
        character of the query has a meaning of its own. No words, no results. Scores order the
        results of one query; they mean nothing across engines.
        """
        ...

    def close(self) -> None:
        """Release everything but what `read_async` opened; closing twice is fine."""
        ...

    async def close_async(self) -> None:
        """Release what `read_async` opened in this event loop; call it before the loop ends."""
        ...


def search_words(text: str) -> str:
    """The words of a text in lower case, separated by blanks: what a `FullText` index should hold.

    >>> search_words("Web-01.prod_EU (Größe)")
    'web 01 prod eu grösse'
    """
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def search_params(index: str, query: str, limit: int) -> dict[str, Any] | None:
    """The parameters of `SEARCH`, or nothing where the query holds no word.

    >>> search_params("names", 'web" OR *:*', 5)
    {'index': 'names', 'query': '+(web^4 web*) +(or^4 or*)', 'limit': 5}
    """
    words = search_words(query).split()[:_MOST_WORDS]
    if not words:
        return None
    # Lower case and free of signs: no word can be an operator. The whole word weighs more.
    lucene = " ".join(f"+({word}^4 {word}*)" for word in words)
    return {"index": index, "query": lucene, "limit": limit}


def with_retry(
    attempt: Callable[[], T], *, is_transient: Callable[[DatabaseError | WriteConflict], bool]
) -> T:
    """What `attempt` returns, called again after a pause while its error is transient.

    Args:
        attempt: the whole piece of work, from begin to commit; its errors are already ours.
        is_transient: whether the same work may succeed when done again.

    Raises:
        WriteConflict: the last attempt still met other writers; it says how many there were.
    """
    for number in range(1, WRITE_ATTEMPTS + 1):
        try:
            return attempt()
        except (DatabaseError, WriteConflict) as error:
            if not is_transient(error):
                raise
            if number == WRITE_ATTEMPTS:
                if isinstance(error, WriteConflict):
                    raise WriteConflict(number, str(error.facts.get("reason", ""))) from error
                raise
        time.sleep(pause_seconds(number))
    raise AssertionError("unreachable")


def pause_seconds(attempt: int) -> float:
    """How long to wait after that attempt: doubling, with jitter so that rivals fall out of step.

    >>> 0.005 <= pause_seconds(1) <= 0.015
    True
    """
    longest: float = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.5)
