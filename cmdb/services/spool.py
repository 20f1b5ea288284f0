"""Where do records wait between reading and writing? In files, so that memory stays flat.

A file is read once, to its end, before anything is written: a bad file is refused as a whole. What
must be known of the whole input (identifiers carried by too many) is known before the first batch.
"""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Any

import numpy as np
import orjson

from cmdb.model.check import nesting
from cmdb.model.cluster import MOST_CARRIERS
from cmdb.model.registry import Registry
from cmdb.model.resolve import Resolver
from cmdb.model.source_records import SourceRecord, decode_body, encode_body

_BLOCK_BYTES = 1 << 20


class Line:
    """One spooled record, decoded when it is asked for.

    Attributes:
        index: Place within the run.
        id: Of the source record.
        key: The source's own key.
        observed_ms: When the source saw it.
        digest: Of its content.
        place: Where it stood in the input.
    """

    __slots__ = (
        "_body", "_record", "_run", "_scope", "_source",
        "digest", "id", "index", "key", "observed_ms", "place",
    )  # fmt: skip

    def __init__(self, index: int, packed: bytes, run: str) -> None:
        self.index = index
        self.id: str
        self.key: str
        self.observed_ms: int
        self.digest: str
        self.place: str
        (
            self.id, self._source, self._scope, self.key, self.observed_ms, self.digest,
            self._body, self.place,
        ) = orjson.loads(packed)  # fmt: skip
        self._run = run
        self._record: SourceRecord | None = None

    @property
    def record(self) -> SourceRecord:
        """The record."""
        if self._record is None:
            self._record = SourceRecord(
                id=self.id,
                source=self._source,
                scope=self._scope,
                key=self.key,
                observed_ms=self.observed_ms,
                digest=self.digest,
                run=self._run,
                body=self._body,
                **decode_body(self._body),
            )
        return self._record


@dataclass
class Spool:
    """Records on disk, those that others are identified within first.

    Attributes:
        registry: For the keys that can be shared.
        total: Records added.
        has_reverse_links: Whether any record speaks for the dependent of a relationship.
    """

    registry: Registry
    total: int = 0
    has_reverse_links: bool = False
    _levels: dict[int, IO[bytes]] = field(default_factory=dict)
    _counts: dict[int, int] = field(default_factory=dict)
    _carriers: array[int] = field(default_factory=lambda: array("Q"))
    _carried_by: array[int] = field(default_factory=lambda: array("Q"))
    _seen: array[int] = field(default_factory=lambda: array("Q"))
    _digest: Any = field(default_factory=hashlib.sha256)

    def add(self, record: SourceRecord, place: str, *, own_time: bool = True) -> None:
        """Keep one record; `own_time` says that its time is its own and not that of the run."""
        level = nesting(record)
        if level not in self._levels:
            # It is closed with the spool, for it is written and read many times till then.
            self._levels[level] = tempfile.TemporaryFile(prefix="cmdb-import-")  # noqa: SIM115
            self._counts[level] = 0
        facts = [record.id, record.source, record.scope, record.key, record.observed_ms]
        body = encode_body(record)
        line = orjson.dumps([*facts, record.digest, body, place])
        self._levels[level].write(line + b"\n")
        time = record.observed_ms if own_time else 0
        self._digest.update(orjson.dumps([record.id, record.digest, time]))
        self._seen.append(_number(record.id))
        self._counts[level] += 1
        self.total += 1
        self.has_reverse_links = self.has_reverse_links or any(
            link.reverse or self.registry.types[link.type].is_symmetric for link in record.links
        )
        self._count_carriers(record)

    def _count_carriers(self, record: SourceRecord) -> None:
        resolver = Resolver(self.registry, lambda _key: None)
        for key in resolver.record_keys(record, set()):
            if key.can_be_shared:
                self._carriers.append(_carrier(key.key, record))
                self._carried_by.append(_number(record.id))

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """Keys that more records of one source carry than can be: they identify nothing.

        Ask when everything was added. Only digests are kept while reading, eight bytes a key; the
        few keys that may be carried too often are counted in a second pass, over the newest version
        of each record.
        """
        pairs = np.array([self._carriers, self._carried_by], dtype=np.uint64)
        carriers, carried_by = np.unique(pairs, axis=1)
        digests, counts = np.unique(carriers, return_counts=True)
        often = digests[counts > MOST_CARRIERS]
        if not len(often):
            return frozenset()
        sharing = set(carried_by[np.isin(carriers, often)].tolist())
        wanted = set(often.tolist())
        resolver = Resolver(self.registry, lambda _key: None)
        found: Counter[tuple[str, str, str]] = Counter()
        for record in self._newest(sharing):
            for key in resolver.record_keys(record, set()):
                if key.can_be_shared and _carrier(key.key, record) in wanted:
                    found[key.key, record.source, record.scope] += 1
        return frozenset(key for (key, *_), count in found.items() if count > MOST_CARRIERS)

    def _newest(self, wanted: set[int]) -> Iterator[SourceRecord]:
        """Yield the newest version of these records."""
        numbers, counts = np.unique(np.array(self._seen, dtype=np.uint64), return_counts=True)
        repeated = set(numbers[counts > 1].tolist())
        newest: dict[str, Line] = {}
        for line in self.lines(""):
            number = _number(line.id)
            if number in wanted and number not in repeated:
                yield line.record
            elif number in wanted:
                newest[line.id] = max(line, newest.get(line.id, line), key=_time_and_digest)
        yield from (line.record for line in newest.values())

    @property
    def fingerprint(self) -> str:
        """Digest of everything added, in order; the time declared by the run does not count."""
        return str(self._digest.hexdigest())

    @property
    def seen(self) -> bytes:
        """The first eight bytes of each record's id, sorted, each once."""
        return np.unique(np.array(self._seen, dtype=np.uint64)).astype(">u8").tobytes()

    def lines(self, run: str, *, start: int = 0) -> Iterator[Line]:
        """Yield records in the order in which they are written, from an index on."""
        index = 0
        for level in sorted(self._levels):
            count = self._counts[level]
            if index + count <= start:
                index += count
                continue
            for line in _lines_of(self._levels[level]):
                if index >= start:
                    yield Line(index, line, run)
                index += 1

    def close(self) -> None:
        """Remove the files."""
        for spooled in self._levels.values():
            spooled.close()


class Placements:
    """Which CI each record of a run got, and which key belongs to it: a few bytes each."""

    def __init__(self, total: int) -> None:
        self._ids = array("Q", bytes(16 * total))
        self._flags = bytearray(total)
        self._keys: dict[int, int] = {}

    def place(self, index: int, ci_id: str, *, made: bool, known: bool) -> None:
        """Note the CI of a record, whether it is new, and whether the record is."""
        self._flags[index] = made | known << 1
        number = int(ci_id.replace("-", ""), 16)
        self._ids[2 * index] = number >> 64
        self._ids[2 * index + 1] = number & (2**64 - 1)

    def was_made(self, index: int) -> bool:
        """Return whether the record made its CI."""
        return bool(self._flags[index] & 1)

    def was_known(self, index: int) -> bool:
        """Return whether an earlier version of the record was known."""
        return bool(self._flags[index] & 2)

    def own(self, key: str, index: int) -> None:
        """Note that a key belongs to the CI of a record."""
        self._keys[_hash(key)] = index

    def disown(self, key: str) -> None:
        """Forget whose a key is."""
        self._keys.pop(_hash(key), None)

    def forget_keys(self) -> None:
        """Forget whose any key is: another writer has moved some."""
        self._keys.clear()

    def at(self, index: int) -> str | None:
        """Return the CI of a record, or None if it has none or did not change."""
        number = (self._ids[2 * index] << 64) | self._ids[2 * index + 1]
        if number == 0:
            return None
        text = f"{number:032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def owner(self, key: str) -> str | None:
        """Return the CI that a key belongs to, as far as this run has placed it."""
        index = self._keys.get(_hash(key))
        return None if index is None else self.at(index)


def _lines_of(spooled: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file, whoever else reads it meanwhile."""
    place, rest = 0, b""
    while True:
        spooled.seek(place)
        block = spooled.read(_BLOCK_BYTES)
        if not block:
            return
        place += len(block)
        *lines, rest = (rest + block).split(b"\n")
        yield from lines


def _time_and_digest(line: Line) -> tuple[int, str]:
    return line.observed_ms, line.digest


def _number(record_id: str) -> int:
    return int(record_id[:16], 16)


def _carrier(key: str, record: SourceRecord) -> int:
    origin = f"{key}\x1f{record.source}\x1f{record.scope}"
    return int.from_bytes(hashlib.blake2b(origin.encode(), digest_size=8).digest(), "little")


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=16).digest(), "little")
