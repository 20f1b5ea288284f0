"""What is an entry of the log, and how does the chain prove that none was altered or left out?

An entry's hash covers its header, the hash of the entry before and the hash of each change's
payload, not the payloads themselves: erasing a payload (personal data, a leaked secret) leaves the
chain verifiable, and it still says that something was erased there.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import zstandard

from cmdb.errors import LogBroken
from cmdb.model.changes import LogChange
from cmdb.model.values import canonical_json

GENESIS = "0" * 64
_HASH_BYTES = 32
_LARGEST_BODY = 1 << 30
_LARGEST_RATIO = 1 << 16  # a block of zstd holds at most 128 KiB and takes at least 3 bytes


@dataclass(frozen=True, slots=True)
class LogHead:
    """The newest entry, and how many transactions took the head (those without an entry too).

    Attributes:
        revision: Of the newest entry, 0 before the first.
        hash: Of the newest entry.
        at: Its time in epoch milliseconds.
        sequence: Counts every write, so that a plan knows whether anything at all has moved.
        registry: Revision of the last change of the registries, 0 for the shipped ones.
    """

    revision: int
    hash: str
    at: int
    sequence: int = 0
    registry: int = 0


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as the graph keeps it: scalars only, body and hashes as base64 text."""

    revision: int
    at: int
    prev_hash: str
    hash: str
    header: str
    change_hashes: str
    body: str


@dataclass(frozen=True, slots=True)
class Packed:
    """The changes of an entry, hashed and packed: all of it that needs no head.

    Attributes:
        hashes: Of the payloads, one after the other.
        body: The payloads as the graph keeps them.
    """

    hashes: bytes
    body: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry as a reader meets it.

    Attributes:
        revision: Gap-free number, from 1.
        at: Epoch milliseconds, never running backwards.
        header: actor, source, reason, request_id, idempotency_key, request_digest, answer, run.
        changes: The changes; None in the place of an erased one.
        prev_hash: Hash of the entry before.
        hash: Its own.
    """

    revision: int
    at: int
    header: Mapping[str, Any]
    changes: Sequence[LogChange | None]
    prev_hash: str
    hash: str


def pack(changes: Sequence[LogChange]) -> Packed:
    """Return changes hashed and packed, for an entry that is sealed later."""
    payloads = [canonical_json(change.to_json()) for change in changes]
    hashes = b"".join(hashlib.sha256(payload).digest() for payload in payloads)
    return Packed(hashes, _pack(_compress(b"[" + b",".join(payloads) + b"]")))


def seal(
    head: LogHead, at: int, header: Mapping[str, Any], changes: Sequence[LogChange] | Packed
) -> StoredEntry:
    """Return the entry that follows `head`, hashed and packed."""
    packed = changes if isinstance(changes, Packed) else pack(changes)
    text = canonical_json(header).decode()
    revision = head.revision + 1
    own = _hash(revision, at, head.hash, text, packed.hashes)
    return StoredEntry(revision, at, head.hash, own, text, _pack(packed.hashes), packed.body)


def unseal(stored: StoredEntry) -> LogEntry:
    """Return the entry that a stored one holds."""
    items = orjson.loads(decompress(stored.body))
    changes = [None if item is None else LogChange.from_json(item) for item in items]
    return LogEntry(
        stored.revision,
        stored.at,
        orjson.loads(stored.header),
        changes,
        stored.prev_hash,
        stored.hash,
    )


def verify(stored: StoredEntry, before: LogHead) -> int:
    """Check one entry against the one before it and return how many of its payloads are erased.

    Raises:
        LogBroken: With the revision and what does not fit.
    """
    if stored.revision != before.revision + 1:
        raise LogBroken(before.revision + 1, f"the entry is missing (next is {stored.revision})")
    if stored.prev_hash != before.hash:
        raise LogBroken(stored.revision, "it does not follow the entry before it")
    if stored.at <= before.at:
        raise LogBroken(stored.revision, "its time is not after that of the entry before it")
    try:
        hashes = base64.b64decode(stored.change_hashes, validate=True)
        items = orjson.loads(decompress(stored.body))
    except (ValueError, zstandard.ZstdError) as error:
        raise LogBroken(stored.revision, "its content cannot be read") from error
    own = _hash(stored.revision, stored.at, stored.prev_hash, stored.header, hashes)
    if own != stored.hash:
        raise LogBroken(stored.revision, "its hash does not fit its header and changes")
    if len(items) * _HASH_BYTES != len(hashes):
        raise LogBroken(stored.revision, "it lacks a change or has one too many")
    for index, item in enumerate(items):
        expected = hashes[index * _HASH_BYTES : (index + 1) * _HASH_BYTES]
        if item is not None and hashlib.sha256(canonical_json(item)).digest() != expected:
            raise LogBroken(stored.revision, f"change {index} was altered")
    return sum(item is None for item in items)


def erase(stored: StoredEntry, indexes: Sequence[int]) -> StoredEntry:
    """Return the entry with some payloads erased; its hashes stay."""
    items = orjson.loads(decompress(stored.body))
    for index in indexes:
        items[index] = None
    body = b"[" + b",".join(b"null" if i is None else canonical_json(i) for i in items) + b"]"
    return StoredEntry(
        stored.revision,
        stored.at,
        stored.prev_hash,
        stored.hash,
        stored.header,
        stored.change_hashes,
        _pack(_compress(body)),
    )


def changes_in(length: int) -> int:
    """Return how many changes an entry has whose `change_hashes` are a text of that length."""
    return length * 3 // 4 // _HASH_BYTES


def compress(content: bytes) -> str:
    """Return bytes as compressed base64 text, which both engines keep unharmed."""
    return _pack(_compress(content))


def decompress(text: str) -> bytes:
    """Return the bytes that `compress` packed.

    Raises:
        ValueError: It is no such text. An altered one may claim any size: memory is taken for what
            is there, not for what is claimed.
        zstandard.ZstdError: What is in it was altered.
    """
    packed = base64.b64decode(text, validate=True)
    claimed = zstandard.get_frame_parameters(packed).content_size
    if claimed > min(_LARGEST_BODY, len(packed) * _LARGEST_RATIO):
        raise ValueError(f"it claims to hold {claimed} bytes")
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=_LARGEST_BODY)


def _hash(revision: int, at: int, prev_hash: str, header: str, hashes: bytes) -> str:
    facts = canonical_json([revision, at, prev_hash, header])
    return hashlib.sha256(facts + b"\n" + hashes).hexdigest()


def _compress(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3, write_checksum=True).compress(content)


def _pack(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
