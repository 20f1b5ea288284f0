"""What is to be written, and what was decided on? The value that a plan prints and a store applies.

A `ChangeSet` is made by pure code from what was read. Its `ReadSet` names what the decision rests
on, so that the store can refuse it when that has moved, and only then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb.model.nodes import NodeChange
from cmdb.model.source_records import MANUAL, SourceRecord
from cmdb.model.values import canonical_json


@dataclass(frozen=True, slots=True)
class CIChange:
    """A CI as it is to be; `before` holds the stored values, empty for a new one.

    Values are those of the store: `class`, `name`, `lifecycle`, `merged_into` and one
    `a_<attribute>` for each attribute. `created_at` is 0 for a new one.
    """

    id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    version: int = 0
    created_at: int = 0

    @property
    def is_new(self) -> bool:
        """Whether the CI is made by this change."""
        return not self.before


@dataclass(frozen=True, slots=True)
class RelationshipChange:
    """A relationship as it is to be; `before` empty for a new one, `after["live"]` False to end it.

    Values are `live`, `strength`, `tolerates_seconds`, `confidence`, `inferred_by`, `assertions`.
    """

    id: str
    type: str
    dependent: str
    provider: str
    discriminator: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    version: int = 0


@dataclass(frozen=True, slots=True)
class IdentifierChange:
    """An identifier as it is to be.

    Attributes:
        key: The unique text.
        ci_id: The CI that owns it; empty for a placeholder; None to delete it.
        contested: Other CIs that claim it, sorted.
        within: The CI it is identified within, or empty.
        witnesses: For a placeholder, up to four source records of one source that carry it.
        rule: The rule that gave it, in text form.
        is_new: Whether it is made by this change.
    """

    key: str
    ci_id: str | None
    contested: tuple[str, ...] = ()
    within: str = ""
    witnesses: tuple[str, ...] = ()
    rule: str = ""
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Pending:
    """A source record waits for a thing with this key."""

    key: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Carrier:
    """A source record carries a placeholder; `origin` tells its source and scope from others."""

    key: str
    record_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class ReadSet:
    """What a decision rests on.

    Attributes:
        sequence: Of the log's head before anything was read; unchanged, nothing has moved.
        cis: Version by CI id.
        relationships: Version by relationship id.
        identifiers: Owner by key; None where the key was found absent.
        records: Digest by source-record id; None where it was found absent.
        seen: When each source record was observed, by its id, where that decides who wins.
        contested: The other CIs that claim a key, by key.
        members: Ids of the source records of each CI.
        waiting: Ids of the source records that wait for a key, for keys that are to be moved.
        places: CI by source-record id, where a decision only needs to know that it stays there.
        around: What hangs on CIs that lose a key or move: relationships with their version, keys
            of things within, and what waits for such keys.
        witnesses: Of each placeholder that a record looked at carries or carried.
        carriers: Ids of the source records that carry a placeholder, where they were counted.
        precedence: Of data sources as stored; None where the decision does not depend on it.
        registry: Revision of the registries; None where the decision does not depend on them.
    """

    sequence: int = -1
    cis: Mapping[str, int] = field(default_factory=dict)
    relationships: Mapping[str, int] = field(default_factory=dict)
    identifiers: Mapping[str, str | None] = field(default_factory=dict)
    records: Mapping[str, str | None] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    contested: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    around: Mapping[str, frozenset[str]] = field(default_factory=dict)
    witnesses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    carriers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    precedence: Mapping[str, int] | None = None
    registry: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Everything one transaction is to write.

    Attributes:
        cis: CIs made or changed.
        relationships: Relationships made, changed or ended.
        identifiers: Identifiers made, moved or deleted.
        records: Source records made or replaced.
        observed: Source records seen again unchanged at a later time (id, epoch ms): bookkeeping.
        pending_added: References to wait for.
        pending_removed: References no longer waited for.
        carriers_added: Source records that carry a placeholder and were not on record as such.
        carriers_removed: Source records that carry it no more, or it is a placeholder no more.
        nodes: Incidents, changes, kept previews and tokens made or changed; each is refused where
            it has another version than the one it was decided on.
        others: Changes of other kinds, for the log (registries, settings).
        read_set: What all this was decided on.
        prepared: What `Store.prepare` made of it, for the store alone.
    """

    cis: Sequence[CIChange] = ()
    relationships: Sequence[RelationshipChange] = ()
    identifiers: Sequence[IdentifierChange] = ()
    records: Sequence[SourceRecord] = ()
    observed: Sequence[tuple[str, int]] = ()
    pending_added: Sequence[Pending] = ()
    pending_removed: Sequence[Pending] = ()
    carriers_added: Sequence[Carrier] = ()
    carriers_removed: Sequence[Carrier] = ()
    nodes: Sequence[NodeChange] = ()
    others: Sequence[LogChange] = ()
    read_set: ReadSet = field(default_factory=ReadSet)
    prepared: object = field(default=None, compare=False, repr=False)

    @property
    def changes_inventory(self) -> bool:
        """Whether a log entry is due."""
        return bool(self.cis or self.relationships or self.nodes or self.others)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write at all."""
        return not (
            self.changes_inventory
            or self.identifiers
            or self.records
            or self.observed
            or self.pending_added
            or self.pending_removed
            or self.carriers_added
            or self.carriers_removed
        )

    def fingerprint(self) -> str:
        """Return a digest of what is to change: equal for one decision on one state."""
        facts = [
            [(c.id if c.before else "", c.version, c.after) for c in self.cis],
            [(r.type, r.dependent, r.provider, r.version, r.after) for r in self.relationships],
            sorted((r.id, r.digest) for r in self.records),
        ]
        return hashlib.sha256(canonical_json(facts)).hexdigest()


@dataclass(frozen=True, slots=True)
class LogChange:
    """One change as the log keeps it.

    Attributes:
        kind: `ci`, `relationship`, or another kind of node.
        id: What changed.
        previous: The revision of its change before this one; 0 for the first.
        before: The values that differed, before; None for absent ones.
        after: The same values after.
        ends: For a relationship: `type`, `dependent`, `provider`, `discriminator`.
    """

    kind: str
    id: str
    previous: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    ends: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the payload that is hashed and stored."""
        made: dict[str, Any] = {
            "kind": self.kind,
            "id": self.id,
            "previous": self.previous,
            "before": dict(self.before),
            "after": dict(self.after),
        }
        if self.ends:
            made["ends"] = dict(self.ends)
        return made

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> LogChange:
        """Return the change that `to_json` wrote."""
        return cls(
            body["kind"],
            body["id"],
            body["previous"],
            body["before"],
            body["after"],
            body.get("ends", {}),
        )


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs between two states, as (before, after), absent values as None."""
    if not before:
        return {}, {name: value for name, value in after.items() if value is not None}
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return (
        {name: before.get(name) for name in names},
        {name: after.get(name) for name in names},
    )


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who writes, why, and under which key a retry is recognised.

    Attributes:
        actor: The person or program.
        source: The data source the values come from.
        reason: Why, in a few words.
        request_id: For tracing.
        idempotency_key: A retry with the same key returns the first answer; empty for none.
        request_digest: Of the request, so that a key is never used for two of them.
    """

    actor: str
    source: str = MANUAL
    reason: str = ""
    request_id: str = ""
    idempotency_key: str = ""
    request_digest: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The answer to a write.

    Attributes:
        revision: The entry it made, or the head if nothing was to change.
        answer: What the caller wanted to keep with it.
        is_repeated: True when this is the first answer to an idempotency key, given again.
    """

    revision: int
    answer: Mapping[str, Any] = field(default_factory=dict)
    is_repeated: bool = False
