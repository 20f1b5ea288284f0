"""What has been read of the graph so far, and what else must be read before a decision?

Reconciling is pure. Where it meets something that it has not been told, it says so in `Needs`; the
caller reads that and asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmdb.model.changes import Carrier, Pending
from cmdb.model.inventory import Identifier
from cmdb.model.source_records import SourceRecord


@dataclass(slots=True)
class Needs:
    """What is missing, by kind."""

    keys: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    cis: set[str] = field(default_factory=set)
    outgoing: set[str] = field(default_factory=set)
    both_ways: set[str] = field(default_factory=set)
    waiting_for: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    within: set[str] = field(default_factory=set)
    waiting_within: set[str] = field(default_factory=set)
    carriers: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return any(
            (
                self.keys,
                self.records,
                self.cis,
                self.outgoing,
                self.both_ways,
                self.waiting_for,
                self.waiting,
                self.within,
                self.waiting_within,
                self.carriers,
            )
        )


@dataclass(slots=True)
class Known:
    """What has been read; grows as needs are met.

    Attributes:
        sequence: Of the log's head before the first read.
        identifiers: By key; None where absent.
        records: Source records by id; None where absent.
        cis: Stored properties by CI id (all its source records are in `records` then).
        records_of: Ids of the source records of each CI read.
        relationships: Stored relationships by id.
        outgoing: CIs whose outgoing relationships were read.
        both_ways: CIs all of whose relationships were read.
        waiting_for: What waits for a key, by key.
        waiting: What a source record waits for, by its id.
        within: Keys of things identified within a CI, by CI.
        waiting_within: What waits for things identified within a CI, by CI.
        carriers: Who carries a placeholder, by key.
        has_pending: Whether anything waits at all.
        cached: Gives the owner of a key from the memory of a run, or None.
        assumed: What `cached` gave, by key.
        placeholders: Keys that will identify nothing once the whole input is written.
        unsettled: Source records whose last run did not finish: they are looked at afresh.
        replaced: Source records whose earlier version is no longer there to compare with.
    """

    sequence: int = -1
    identifiers: dict[str, Identifier | None] = field(default_factory=dict)
    records: dict[str, SourceRecord | None] = field(default_factory=dict)
    cis: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    records_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    relationships: dict[str, dict[str, Any]] = field(default_factory=dict)
    outgoing: set[str] = field(default_factory=set)
    both_ways: set[str] = field(default_factory=set)
    waiting_for: dict[str, tuple[Pending, ...]] = field(default_factory=dict)
    waiting: dict[str, tuple[Pending, ...]] = field(default_factory=dict)
    within: dict[str, tuple[str, ...]] = field(default_factory=dict)
    waiting_within: dict[str, tuple[Pending, ...]] = field(default_factory=dict)
    carriers: dict[str, tuple[Carrier, ...]] = field(default_factory=dict)
    has_pending: bool = False
    cached: Callable[[str], str | None] = lambda _key: None
    assumed: dict[str, str] = field(default_factory=dict)
    placeholders: frozenset[str] = frozenset()
    unsettled: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)

    def owner(self, key: str, needs: Needs) -> str | None:
        """Return the CI that owns a key, or None; what is not known goes to `needs`."""
        if key in self.identifiers:
            found = self.identifiers[key]
            return found.ci_id or None if found else None
        if key in self.assumed:
            return self.assumed[key]
        if (cached := self.cached(key)) is not None:
            self.assumed[key] = cached
            return cached
        needs.keys.add(key)
        return None

    def owners(self) -> dict[str, str | None]:
        """Return the owner of every key that was read, None where it was absent."""
        read = {key: found.ci_id if found else None for key, found in self.identifiers.items()}
        return {**self.assumed, **read}

    def around(self, cis: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return what hangs on each of these CIs, as `ReadSet.around` has it."""
        found = {ci_id: set(self.within.get(ci_id, ())) for ci_id in cis}
        for row in self.relationships.values():
            for end in {row["dependent"], row["provider"]} & found.keys():
                found[end].add(f"{row['id']} {row['version']}")
        for ci_id, texts in found.items():
            texts |= {f"{p.key} {p.record_id}" for p in self.waiting_within.get(ci_id, ())}
        return {ci_id: frozenset(texts) for ci_id, texts in found.items()}

    def lacks_relationships(self, ci_id: str, *, both_ways: bool) -> bool:
        """Return whether relationships of a CI are still to be read."""
        if ci_id in self.both_ways:
            return False
        return both_ways or ci_id not in self.outgoing


def unread(wanted: Iterable[str], read: Mapping[str, Any]) -> set[str]:
    """Return what is wanted and not read yet."""
    return {item for item in wanted if item not in read}
