"""Which source records belong together, directly or through others, and what hangs on them?

A component is all that one decision must look at. It grows until it is closed: records share keys
with others, keys name things within other things, and references wait for keys or lose them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cmdb.model.cluster import Clustering, Group
from cmdb.model.identify import IdentifierKey, key_of_source, record_of_source_key
from cmdb.model.known import Known, Needs, unread
from cmdb.model.placeholders import Placeholders
from cmdb.model.registry import Registry
from cmdb.model.resolve import Resolver
from cmdb.model.source_records import SourceRecord
from cmdb.model.surroundings import find_dependents, find_inner


@dataclass(slots=True)
class Move:
    """A group and the CI it is to be."""

    group: Group
    ci_id: str
    former: tuple[str, ...]


@dataclass(slots=True)
class Component:
    """Records in play, their keys, and who would own each key.

    Attributes:
        registry: Classes and their rules.
        known: What has been read so far.
        needs: What must be read before more can be said.
        active: Records in play, by id.
        keys: Their keys, highest priority first.
        former_keys: Keys under which stored records stand now.
        missing: Keys that each record waits for in order to be identified.
        overlay: Owner of each key as this decision would have it; None where nobody's.
        named: Records that others name by their source key.
        woken: Records whose relationships must be looked at again.
        disturbed: CIs that lose a key or move, and what is in them.
        placeholders: Keys in play that identify nothing.
    """

    registry: Registry
    known: Known
    needs: Needs = field(default_factory=Needs)
    active: dict[str, SourceRecord] = field(default_factory=dict)
    keys: dict[str, list[IdentifierKey]] = field(default_factory=dict)
    former_keys: dict[str, list[IdentifierKey]] = field(default_factory=dict)
    missing: dict[str, set[str]] = field(default_factory=dict)
    overlay: dict[str, str | None] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    woken: set[str] = field(default_factory=set)
    disturbed: set[str] = field(default_factory=set)
    placeholders: Placeholders = field(init=False)

    def __post_init__(self) -> None:
        self.placeholders = Placeholders(self.known)

    def begin(self, records: Sequence[SourceRecord], uncertain: Sequence[str] = ()) -> None:
        """Start the decision afresh from these records; keys once computed are kept.

        Args:
            records: Newer than what is stored.
            uncertain: Keys on record as placeholders that may be none.
        """
        self.needs = Needs()
        self.overlay = {}
        self.active = {record.id: record for record in records}
        self.needs.carriers |= unread(uncertain, self.known.carriers)
        for key in uncertain:
            for carrier in self.known.carriers.get(key, ()):
                self._activate_record(carrier.record_id)

    def load(self) -> bool:
        """Compute the keys of all active records and pull in what they touch; False if in need."""
        if self.needs:
            return False
        todo = list(self.active)
        while todo:
            for record_id in todo:
                if record_id not in self.keys or hangs_on_others(self.active[record_id]):
                    self._compute_keys(record_id)
                else:
                    self.needs.keys |= unread(
                        (key.key for key in self.keys[record_id]), self.known.identifiers
                    )
            named = self._pull_named(todo)
            if self.needs:
                return False
            todo = [*named, *self._pull(todo)] or self._release()
            if self.needs:
                return False
        return True

    def _release(self) -> list[str]:
        """Activate the carriers of placeholders that are none any more."""
        found = self.placeholders.weigh(self.active, self.keys, self.former_keys, self.needs)
        return [added for record_id in sorted(found) for added in self._activate_record(record_id)]

    def _compute_keys(self, record_id: str) -> None:
        record = self.active[record_id]
        missing: set[str] = set()
        resolver = Resolver(self.registry, self.owner)
        stored = self.known.records.get(record_id)
        keys = resolver.record_keys(record, missing)
        if stored is not None and (stored.digest != record.digest or hangs_on_others(stored)):
            self._compute_former_keys(stored)
        if record_id in self.named and (last_resort := key_of_source(record_id)) not in keys:
            keys.append(last_resort)
        self.keys[record_id] = keys
        self.missing[record_id] = missing
        self.needs.keys |= unread((key.key for key in keys), self.known.identifiers)

    def _compute_former_keys(self, stored: SourceRecord) -> None:
        """Compute the keys under which a stored record stands now, before anything moves."""
        resolver = Resolver(self.registry, lambda key: self.known.owner(key, self.needs))
        keys = resolver.record_keys(stored, set(), with_source_key=True)
        self.former_keys[stored.id] = keys
        self.needs.keys |= unread((key.key for key in keys), self.known.identifiers)

    def owner(self, key: str) -> str | None:
        """Return the CI that owns a key, as this decision would have it."""
        if key in self.overlay:
            return self.overlay[key]
        return self.known.owner(key, self.needs)

    def _pull_named(self, record_ids: Sequence[str]) -> list[str]:
        """Activate records that others name by their source key, and keep that key for them."""
        added = []
        for record_id in record_ids:
            record = self.active[record_id]
            last_resort = key_of_source(record_id)
            if record.about is not None:
                for key in self.keys[record_id]:
                    if named := record_of_source_key(key.key):
                        self.missing[record_id].add(key.key)
                        self.named.add(named)
                        added += self._activate_record(named)
            elif self.known.has_pending:
                self.needs.waiting_for |= unread([last_resort.key], self.known.waiting_for)
                for pending in self.known.waiting_for.get(last_resort.key, ()):
                    self.named.add(record_id)
                    added += self._activate_record(pending.record_id)
        for record_id in self.named & self.keys.keys():
            last_resort = key_of_source(record_id)
            if last_resort not in self.keys[record_id]:
                self.keys[record_id].append(last_resort)
                self.needs.keys |= unread([last_resort.key], self.known.identifiers)
                added.append(record_id)
        return added

    def _activate_record(self, record_id: str) -> list[str]:
        if record_id in self.active:
            return []
        self.needs.records |= unread([record_id], self.known.records)
        record = self.known.records.get(record_id)
        if record is None:
            return []
        self.active[record_id] = record
        return [record_id]

    def _pull(self, record_ids: Sequence[str]) -> list[str]:
        cis: set[str] = set()
        for record_id in record_ids:
            for key in (*self.keys[record_id], *self.former_keys.get(record_id, ())):
                if (identifier := self.known.identifiers.get(key.key)) is not None:
                    cis |= {identifier.ci_id, *identifier.contested}
            stored = self.known.records.get(record_id)
            if stored is not None and stored.ci_id:
                cis.add(stored.ci_id)
        cis.discard("")
        self.needs.cis |= unread(cis, self.known.cis)
        if self.needs:
            return []
        added = []
        for ci_id in sorted(cis):
            for record_id in self.known.records_of[ci_id]:
                record = self.known.records[record_id]
                if record_id not in self.active and record is not None:
                    self.active[record_id] = record
                    added.append(record_id)
        return added

    def wake(self, clustering: Clustering, moves: Sequence[Move]) -> bool:
        """Put moved keys into the overlay and activate what depends on them; True if any was."""
        moved: set[str] = set()
        owners = {key: moves[index].ci_id for key, index in clustering.owner.items()}
        for key in clustering.placeholders:
            owners[key] = ""
        for ci_id in {ci for move in moves for ci in (move.ci_id, *move.former)}:
            moved |= self._left_behind(ci_id, owners)
        for key, ci_id in owners.items():
            if (self._peek(key) or "") != ci_id:
                moved.add(key)
            self.overlay[key] = ci_id or None
        # Keys of an earlier round, taken when a holder was not yet in its place.
        moved |= {key for key, ci_id in self.overlay.items() if ci_id and key not in owners}
        for key in moved - owners.keys():
            self.overlay[key] = None
        return self._activate(moved, moves)

    def _left_behind(self, ci_id: str, owners: Mapping[str, str]) -> set[str]:
        return (
            {
                key
                for key, found in self.known.identifiers.items()
                if found is not None and found.ci_id == ci_id and key not in owners
            }
            if ci_id in self.known.cis
            else set()
        )

    def _peek(self, key: str) -> str | None:
        if key in self.overlay:
            return self.overlay[key]
        found = self.known.identifiers.get(key)
        return found.ci_id or None if found else None

    def _activate(self, moved: set[str], moves: Sequence[Move]) -> bool:
        waiting: set[str] = set()
        if self.known.has_pending and moved:
            self.needs.waiting_for |= unread(moved, self.known.waiting_for)
            waiting |= {p.record_id for key in moved for p in self.known.waiting_for.get(key, ())}
        waiting |= self._dependents(self._rejoined(moves) | self._losers(moved))
        self.needs.records |= unread(waiting, self.known.records)
        if self.needs:
            return False
        self.woken |= waiting
        added = False
        for record_id in sorted(waiting):
            record = self.known.records[record_id]
            if record is not None and record_id not in self.active:
                self.active[record_id] = record
                added = True
        return added or self._keys_changed(moved)

    def _keys_changed(self, moved: set[str]) -> bool:
        if not moved:
            return False
        before = {r: [key.key for key in keys] for r, keys in self.keys.items()}
        with_holder = [r for r, record in self.active.items() if hangs_on_others(record)]
        for record_id in with_holder:
            if record_id in self.keys:
                self._compute_keys(record_id)
        return any(before[r] != [key.key for key in self.keys[r]] for r in before)

    def _rejoined(self, moves: Sequence[Move]) -> set[str]:
        """Return existing CIs that a group joined or left: what names them must be looked at."""
        place = {record: move.ci_id for move in moves for record in move.group.claims}
        rejoined = {ci for move in moves for ci in move.former}
        for record_id, ci_id in place.items():
            stored = self.known.records.get(record_id)
            if stored is not None and stored.ci_id and stored.ci_id != ci_id:
                rejoined.add(stored.ci_id)
        return rejoined

    def _losers(self, moved: set[str]) -> set[str]:
        """Return existing CIs that lose a key: references by that key lead elsewhere now."""
        found = {key: self.known.identifiers.get(key) for key in moved}
        return {
            held.ci_id
            for key, held in found.items()
            if held is not None and held.ci_id and held.ci_id != self.overlay.get(key)
        }

    def _dependents(self, cis: set[str]) -> set[str]:
        """Return records whose keys or relationships hang on these CIs or on things within them."""
        inner = find_inner(cis, self.known, self.needs)
        records = find_dependents(cis, inner, self.known, self.needs)
        if not self.needs:
            self.disturbed |= cis | inner
        return records


def hangs_on_others(record: SourceRecord) -> bool:
    """Return whether the keys of a record depend on where other things are."""
    return bool(record.within) or record.about is not None
