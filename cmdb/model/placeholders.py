"""Which keys identify nothing, and which identify again since a carrier was corrected?

A key that more than `MOST_CARRIERS` records of one source carry is a placeholder. All its carriers
are on record, there may be thousands; a decision does not read them. Four of one source, the
witnesses, are kept with the key itself: while these carry it, it is a placeholder, whoever else
comes or goes. Only where a witness leaves are the carriers read, and new witnesses chosen; where
there are none, no source has more than three, and all that remain are grouped afresh.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cmdb.model.changes import Carrier
from cmdb.model.cluster import MOST_CARRIERS
from cmdb.model.identify import IdentifierKey
from cmdb.model.known import Known, Needs
from cmdb.model.source_records import SourceRecord, origin_of

ENOUGH = MOST_CARRIERS + 1
"""So many witnesses make a placeholder certain."""

Carriers = Mapping[str, str]
"""The origin of each source record that carries a key, by its id."""


@dataclass(slots=True)
class Placeholders:
    """The placeholders that one decision meets.

    Attributes:
        known: What has been read so far.
        void: Keys on record as placeholders that remain so.
        witnesses: Of those whose carriers had to be counted anew.
        released: Keys on record as placeholders that are none any more.
    """

    known: Known
    void: set[str] = field(default_factory=set)
    witnesses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    _active: Mapping[str, SourceRecord] = field(default_factory=dict)
    _keys: Mapping[str, Sequence[IdentifierKey]] = field(default_factory=dict)
    _former: Mapping[str, Sequence[IdentifierKey]] = field(default_factory=dict)
    _carried: Mapping[str, Carriers] = field(default_factory=dict)
    _left: Mapping[str, set[str]] = field(default_factory=dict)

    def weigh(
        self,
        active: Mapping[str, SourceRecord],
        keys: Mapping[str, Sequence[IdentifierKey]],
        former_keys: Mapping[str, Sequence[IdentifierKey]],
        needs: Needs,
    ) -> set[str]:
        """Return the records that carry what is no placeholder any more; or `needs` is filled.

        Args:
            active: Records in play.
            keys: Their keys, as they are to be.
            former_keys: Keys on record of those that change.
            needs: What must be read before more can be said.
        """
        self._active, self._keys, self._former = active, keys, former_keys
        self.void = {k for k, found in self.known.identifiers.items() if found and found.witnesses}
        self.witnesses, self.released = {}, set()
        self._carried, self._left = {}, {}
        if not self.void:
            return set()
        self._carried, self._left = self._carriers_of(self.void), self._leavers()
        carriers: set[str] = set()
        for key in sorted(self._carried.keys() | self._left.keys()):
            if self._is_certain(key):
                continue
            if key not in self.known.carriers:
                needs.carriers.add(key)
                continue
            remaining = self._remaining(key)
            witnesses = choose_witnesses(remaining)
            if len(witnesses) == ENOUGH or (witnesses and key in self.known.placeholders):
                self.witnesses[key] = witnesses
            else:
                self.void.remove(key)
                self.released.add(key)
                carriers |= remaining.keys()
        return carriers

    def _carriers_of(self, wanted: Iterable[str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for record_id, record in self._active.items():
            for key in self._keys[record_id]:
                if key.key in wanted:
                    found[key.key][record_id] = origin_of(record)
        return found

    def _leavers(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for record_id in self._former.keys() & self._active.keys():
            now = {key.key for key in self._keys[record_id]}
            for key in self._former[record_id]:
                if key.key in self.void and key.key not in now:
                    found[key.key].add(record_id)
        return found

    def _is_certain(self, key: str) -> bool:
        witnesses = self._stored_witnesses(key)
        return len(witnesses) == ENOUGH and self._left.get(key, set()).isdisjoint(witnesses)

    def _stored_witnesses(self, key: str) -> tuple[str, ...]:
        found = self.known.identifiers.get(key)
        return found.witnesses if found else ()

    def _remaining(self, key: str) -> dict[str, str]:
        left = self._left.get(key, set())
        stored = {c.record_id: c.origin for c in self.known.carriers[key]}
        staying = {record: origin for record, origin in stored.items() if record not in left}
        return {**staying, **self._carried.get(key, {})}

    # What is to be written

    def conclude(self, placeholders: frozenset[str]) -> tuple[list[Carrier], list[Carrier]]:
        """Return carriers to put on record and to take off it; settles who the witnesses are.

        Args:
            placeholders: Keys that records in play carry and that identify nothing.
        """
        made = self._carriers_of(placeholders - self._carried.keys()) if placeholders else {}
        for key, carriers in made.items():
            self.witnesses[key] = choose_witnesses(carriers)
        touched = {key: self._carried[key] for key in placeholders & self._carried.keys()}
        added = [
            Carrier(key, record_id, origin)
            for key, carriers in sorted({**made, **touched}.items())
            for record_id, origin in sorted(carriers.items())
            if key in made or not self._was_carrier(key, record_id)
        ]
        removed = [c for key in sorted(self.released) for c in self.known.carriers[key]]
        for key in sorted(self._left.keys() - self.released):
            removed += [
                Carrier(key, record_id, origin_of(self._active[record_id]))
                for record_id in sorted(self._left[key])
            ]
        return added, removed

    def _was_carrier(self, key: str, record_id: str) -> bool:
        if self.known.records.get(record_id) is None:
            return False
        former = self._former.get(record_id)
        return former is None or any(found.key == key for found in former)

    def witnesses_of(self, key: str) -> tuple[str, ...]:
        """Return the witnesses of a placeholder, as they are to be."""
        return self.witnesses.get(key) or self._stored_witnesses(key)

    def read(self) -> dict[str, tuple[str, ...]]:
        """Return the witnesses on record of each placeholder that the decision rests on."""
        return {k: self._stored_witnesses(k) for k in self._carried.keys() | self._left.keys()}


def choose_witnesses(carriers: Carriers) -> tuple[str, ...]:
    """Return up to `ENOUGH` carriers of that source which has most of them.

    >>> choose_witnesses({"b": "one", "a": "one", "c": "two"})
    ('a', 'b')
    """
    by_origin: dict[str, list[str]] = defaultdict(list)
    for record_id, origin in carriers.items():
        by_origin[origin].append(record_id)
    most = min(by_origin.items(), key=lambda item: (-len(item[1]), item[0]), default=("", []))
    return tuple(sorted(most[1])[:ENOUGH])
