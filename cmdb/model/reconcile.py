"""How do records become CIs? Pure: (records, what is known, rules) -> what to write, and why.

The state of the inventory is a function of the set of source records. So each record that arrives
only changes the groups it touches: they are loaded, grouped afresh (`cluster`), each group gets the
CI it had, and what differs becomes a change. Order of arrival, batching and interleaving of sources
do not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cmdb.model.changes import ChangeSet, CIChange, IdentifierChange, ReadSet
from cmdb.model.cluster import Claim, Clustering, Group, cluster
from cmdb.model.identify import IdentifierKey, key_of_source, record_of_source_key
from cmdb.model.inventory import Identifier
from cmdb.model.known import Known, Needs, unread
from cmdb.model.registry import Registry
from cmdb.model.relate import relate
from cmdb.model.resolve import Resolver
from cmdb.model.source_records import SourceRecord
from cmdb.model.winners import Precedence, winning_values

Verdict = Literal["create", "update", "unchanged", "older", "retire"]

COMPUTED = frozenset(
    {
        "id", "version", "created_at", "updated_at", "name_key", "sort_key", "class_key",
        "search_text", "restricted_to",
    }
)  # fmt: skip
"""Stored properties of a CI that follow from its values."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What decisions are made by.

    Attributes:
        registry: Classes and types.
        precedence: Of data sources.
        new_id: Makes an opaque, time-ordered id.
    """

    registry: Registry
    precedence: Precedence
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one record.

    Attributes:
        record: Id of the source record.
        key: The source's own key.
        ci_id: The CI it belongs to.
        verdict: What it did to the CI.
        rule: The identification rule that matched, or empty for a new CI.
        matched: The key that matched.
        conflicts: Keys it shares with a CI it contradicts, each with that CI.
    """

    record: str
    key: str
    ci_id: str
    verdict: Verdict
    rule: str = ""
    matched: str = ""
    conflicts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision, ready to be applied or printed."""

    changes: ChangeSet
    decisions: Sequence[Decision]
    placed: Mapping[str, str]
    keys: Mapping[str, str]


def link(records: Sequence[SourceRecord], known: Known, rules: Rules) -> ChangeSet | Needs:
    """Return what the relationships of placed records change, or what must be read before that.

    Args:
        records: Records that have their CI.
        known: What has been read so far.
        rules: Registry and precedence.
    """
    needs = Needs()

    def owner(key: str) -> str | None:
        return known.owner(key, needs)

    missing: dict[str, set[str]] = {}
    for record in records:
        if _hangs_on_others(record):
            Resolver(rules.registry, owner).record_keys(record, missing.setdefault(record.id, set()))
    related = relate(
        records, known, rules, owner=owner, needs=needs, also_missing=missing, new=set()
    )
    if related is None:
        return needs
    read_set = ReadSet(
        sequence=known.sequence,
        identifiers=known.owners(),
        relationships=related.reads,
        records={record.id: record.digest for record in records},
    )
    return ChangeSet(
        relationships=related.relationships,
        pending_added=related.pending_added,
        pending_removed=related.pending_removed,
        read_set=read_set,
    )


@dataclass(slots=True)
class _Move:
    """A group and the CI it is to be."""

    group: Group
    ci_id: str
    former: tuple[str, ...]


@dataclass(slots=True)
class Reconciliation:
    """One decision in the making: `run` again after each time its needs were met.

    Attributes:
        incoming: Records with their digest, each id once.
        known: What has been read so far.
        rules: Registry and precedence.
        with_links: Whether to place their relationships in the same step; an import does that in a
            second pass, when every record of the input has its CI.
    """

    incoming: Sequence[SourceRecord]
    known: Known
    rules: Rules
    with_links: bool = True
    needs: Needs = field(default_factory=Needs)
    active: dict[str, SourceRecord] = field(default_factory=dict)
    keys: dict[str, list[IdentifierKey]] = field(default_factory=dict)
    former_keys: dict[str, list[IdentifierKey]] = field(default_factory=dict)
    missing: dict[str, set[str]] = field(default_factory=dict)
    overlay: dict[str, str | None] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    woken: set[str] = field(default_factory=set)
    made: dict[str, str] = field(default_factory=dict)

    def run(self) -> Outcome | Needs:
        """Return what the records change, or what must be read before that can be said."""
        self.needs = Needs()
        self.overlay = {}
        if lacking := unread((r.id for r in self.incoming), self.known.records):
            return Needs(records=lacking)
        fresh = [record for record in self.incoming if self._is_newer(record)]
        self.active = {record.id: record for record in fresh}
        for _ in range(20):
            if not self._load_component():
                return self.needs
            clustering = self._cluster()
            moves = self._assign(clustering)
            if not self._wake(clustering, moves):
                if self.needs:
                    return self.needs
                return self._outcome(fresh, clustering, moves)
        raise RuntimeError("identification does not settle")

    def _is_newer(self, record: SourceRecord) -> bool:
        stored = self.known.records.get(record.id)
        if stored is None:
            return True
        mine, theirs = (record.observed_ms, record.digest), (stored.observed_ms, stored.digest)
        return mine > theirs or (mine == theirs and record.id in self.known.unsettled)

    # Reading what belongs together

    def _load_component(self) -> bool:
        """Compute the keys of all active records and pull in what they touch; False if needed."""
        todo = list(self.active)
        while todo:
            for record_id in todo:
                if record_id not in self.keys or _hangs_on_others(self.active[record_id]):
                    self._compute_keys(record_id)
                else:
                    self.needs.keys |= unread(
                        (key.key for key in self.keys[record_id]), self.known.identifiers
                    )
            named = self._pull_named(todo)
            if self.needs:
                return False
            todo = [*named, *self._pull(todo)]
            if self.needs:
                return False
        return True

    def _compute_keys(self, record_id: str) -> None:
        record = self.active[record_id]
        missing: set[str] = set()
        resolver = Resolver(self.rules.registry, self._owner)
        stored = self.known.records.get(record_id)
        keys = resolver.record_keys(record, missing)
        if stored is not None and (stored.digest != record.digest or _hangs_on_others(stored)):
            self._compute_former_keys(stored)
        if record_id in self.named and (last_resort := key_of_source(record_id)) not in keys:
            keys.append(last_resort)
        self.keys[record_id] = keys
        self.missing[record_id] = missing
        self.needs.keys |= unread((key.key for key in keys), self.known.identifiers)

    def _compute_former_keys(self, stored: SourceRecord) -> None:
        """Compute the keys under which a stored record stands now, before anything moves."""
        resolver = Resolver(self.rules.registry, lambda key: self.known.owner(key, self.needs))
        keys = resolver.record_keys(stored, set(), with_source_key=True)
        self.former_keys[stored.id] = keys
        self.needs.keys |= unread((key.key for key in keys), self.known.identifiers)

    def _owner(self, key: str) -> str | None:
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

    # Grouping and naming

    def _cluster(self) -> Clustering:
        claims = [
            Claim(
                record_id,
                record.about.class_name if record.about else record.class_name,
                f"{record.source}\x1f{record.scope}",
                self.keys[record_id],
            )
            for record_id, record in self.active.items()
        ]
        void = frozenset(
            key
            for key, found in self.known.identifiers.items()
            if found is not None and found.is_placeholder
        )
        return cluster(self.rules.registry, claims, void | self.known.placeholders)

    def _assign(self, clustering: Clustering) -> list[_Move]:
        best: dict[str, int] = {}
        former: list[set[str]] = [set() for _ in clustering.groups]
        for index, group in enumerate(clustering.groups):
            for record_id in group.claims:
                stored = self.known.records.get(record_id)
                if stored is not None and stored.ci_id:
                    former[index].add(stored.ci_id)
                    best.setdefault(stored.ci_id, index)
        moves = []
        for index, group in enumerate(clustering.groups):
            mine = sorted(ci for ci in former[index] if best[ci] == index)
            live = [ci for ci in mine if not self.known.cis[ci].get("merged_into")]
            ci_id = (live or mine or [self._new_id(group)])[0]
            moves.append(_Move(group, ci_id, tuple(ci for ci in mine if ci != ci_id)))
        return moves

    def _new_id(self, group: Group) -> str:
        # The same group keeps its new id while the decision is repeated with more known.
        label = group.claims[0]
        if label not in self.made:
            self.made[label] = self.rules.new_id()
        return self.made[label]

    def _wake(self, clustering: Clustering, moves: Sequence[_Move]) -> bool:
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

    def _activate(self, moved: set[str], moves: Sequence[_Move]) -> bool:
        waiting: set[str] = set()
        if self.known.has_pending and moved:
            self.needs.waiting_for |= unread(moved, self.known.waiting_for)
            waiting |= {p.record_id for key in moved for p in self.known.waiting_for.get(key, ())}
        waiting |= self._dependents(self._disturbed(moves) | self._losers(moved))
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
        with_holder = [r for r, record in self.active.items() if _hangs_on_others(record)]
        for record_id in with_holder:
            if record_id in self.keys:
                self._compute_keys(record_id)
        return any(before[r] != [key.key for key in self.keys[r]] for r in before)

    def _disturbed(self, moves: Sequence[_Move]) -> set[str]:
        """Return existing CIs that a group joined or left: what names them must be looked at."""
        place = {record: move.ci_id for move in moves for record in move.group.claims}
        disturbed = {ci for move in moves for ci in move.former}
        for record_id, ci_id in place.items():
            stored = self.known.records.get(record_id)
            if stored is not None and stored.ci_id and stored.ci_id != ci_id:
                disturbed.add(stored.ci_id)
        return disturbed

    def _losers(self, moved: set[str]) -> set[str]:
        """Return existing CIs that lose a key: references by that key lead elsewhere now."""
        found = {key: self.known.identifiers.get(key) for key in moved}
        return {
            held.ci_id
            for key, held in found.items()
            if held is not None and held.ci_id and held.ci_id != self.overlay.get(key)
        }

    def _dependents(self, cis: set[str]) -> set[str]:
        """Return records whose keys or relationships hang on these CIs."""
        self.needs.within |= unread(cis, self.known.within)
        if self.known.has_pending:
            self.needs.waiting_within |= unread(cis, self.known.waiting_within)
        self.needs.both_ways |= cis - self.known.both_ways
        if self.needs:
            return set()
        records: set[str] = set()
        for row in self.known.relationships.values():
            if row["dependent"] in cis or row["provider"] in cis:
                records |= row["assertions"].keys()
        for ci_id in cis:
            records |= {p.record_id for p in self.known.waiting_within.get(ci_id, ())}
            for key in self.known.within[ci_id]:
                found = self.known.identifiers.get(key)
                owners = {found.ci_id, *found.contested} - {""} if found else set()
                self.needs.cis |= unread(owners, self.known.cis)
                for owner in owners & self.known.records_of.keys():
                    records |= set(self.known.records_of[owner])
        return records

    # What to write

    def _outcome(
        self, fresh: Sequence[SourceRecord], clustering: Clustering, moves: Sequence[_Move]
    ) -> Outcome | Needs:
        placed = {record: move.ci_id for move in moves for record in move.group.claims}
        cis = [change for move in moves for change in self._ci_changes(move)]
        identifiers = self._identifier_changes(clustering, moves)
        linked = [self.active[r] for r in sorted(self.woken & self.active.keys())]
        if self.with_links:
            linked += [record for record in fresh if record.id not in self.woken]
        related = relate(
            [record.on(placed[record.id]) for record in linked],
            self.known,
            self.rules,
            owner=self._owner,
            needs=self.needs,
            also_missing={r.id: self.missing[r.id] for r in (*linked, *fresh)},
            new={change.id for change in cis if change.is_new},
        )
        if related is None:
            return self.needs
        changes = ChangeSet(
            cis=cis,
            relationships=related.relationships,
            identifiers=identifiers,
            records=self._record_changes(fresh, placed),
            pending_added=related.pending_added,
            pending_removed=related.pending_removed,
            read_set=self._read_set(related.reads),
        )
        decisions = self._decisions(clustering, moves, placed)
        keys = {key: moves[index].ci_id for key, index in clustering.owner.items()}
        return Outcome(changes, decisions, placed, keys)

    def _ci_changes(self, move: _Move) -> list[CIChange]:
        records = [self.active[record_id] for record_id in move.group.claims]
        after = winning_values(move.group.class_name, records, self.rules.precedence)
        made = []
        stored = self.known.cis.get(move.ci_id)
        before = _values(stored) if stored else {}
        if before != after:
            version = stored["version"] if stored else 0
            kept = {**before, "created_at": stored["created_at"]} if stored else {}
            made.append(CIChange(move.ci_id, kept, after, version))
        for ci_id in move.former:
            absorbed = self.known.cis[ci_id]
            if absorbed.get("merged_into") != move.ci_id:
                was = _values(absorbed)
                kept = {**was, "created_at": absorbed["created_at"]}
                now = {**was, "merged_into": move.ci_id}
                made.append(CIChange(ci_id, kept, now, absorbed["version"]))
        return made

    def _identifier_changes(
        self, clustering: Clustering, moves: Sequence[_Move]
    ) -> list[IdentifierChange]:
        made = []
        facts = {key.key: key for keys in self.keys.values() for key in keys}
        for key in sorted({*clustering.owner, *clustering.placeholders}):
            is_void = key in clustering.placeholders
            ci_id = "" if is_void else moves[clustering.owner[key]].ci_id
            contested = tuple(sorted(moves[i].ci_id for i in clustering.contested.get(key, ())))
            stored = self.known.identifiers[key]
            wanted = Identifier(key, ci_id, contested, is_void)
            if stored != wanted:
                fact = facts[key]
                made.append(
                    IdentifierChange(
                        key, ci_id, contested, fact.within, is_void, fact.rule, stored is None
                    )
                )
        claimed = clustering.owner.keys() | clustering.placeholders
        touched = {ci for move in moves for ci in (move.ci_id, *move.former)}
        for key, found in self.known.identifiers.items():
            if found is not None and found.ci_id in touched and key not in claimed:
                made.append(IdentifierChange(key, None, is_new=False))
        return made

    def _record_changes(
        self, fresh: Sequence[SourceRecord], placed: Mapping[str, str]
    ) -> list[SourceRecord]:
        changed = [record.on(placed[record.id]) for record in fresh]
        seen = {record.id for record in fresh}
        for record_id, ci_id in placed.items():
            stored = self.known.records.get(record_id)
            if record_id not in seen and stored is not None and stored.ci_id != ci_id:
                changed.append(stored.on(ci_id))
        return changed

    def _read_set(self, relationships: Mapping[str, int]) -> ReadSet:
        records = {
            record_id: found.digest if (found := self.known.records.get(record_id)) else None
            for record_id in self.active
        }
        return ReadSet(
            sequence=self.known.sequence,
            cis={ci_id: row["version"] for ci_id, row in self.known.cis.items()},
            identifiers=self.known.owners(),
            relationships=relationships,
            records=records,
        )

    def _decisions(
        self, clustering: Clustering, moves: Sequence[_Move], placed: Mapping[str, str]
    ) -> list[Decision]:
        made = []
        changed = {move.ci_id: self._verdict(move) for move in moves}
        index_of = {r: i for i, move in enumerate(moves) for r in move.group.claims}
        for record in self.incoming:
            if record.id not in placed:
                stored = self.known.records.get(record.id)
                ci_id = (stored.ci_id if stored else None) or ""
                verdict: Verdict = "older"
                if stored is not None and stored.digest == record.digest:
                    verdict = "unchanged"
                made.append(Decision(record.id, record.key, ci_id, verdict))
                continue
            index, ci_id = index_of[record.id], placed[record.id]
            matched = next(
                (k for k in self.keys[record.id] if self.known.identifiers.get(k.key)), None
            )
            made.append(
                Decision(
                    record.id,
                    record.key,
                    ci_id,
                    changed[ci_id],
                    matched.rule if matched else "",
                    matched.key if matched else "",
                    self._conflicts(record.id, index, clustering, moves),
                )
            )
        return made

    def _verdict(self, move: _Move) -> Verdict:
        changes = self._ci_changes(move)
        if not changes:
            return "unchanged"
        if changes[0].is_new:
            return "create"
        gone = changes[0].after.get("lifecycle") == "retired"
        return "retire" if gone and changes[0].before.get("lifecycle") != "retired" else "update"

    def _conflicts(
        self, record_id: str, index: int, clustering: Clustering, moves: Sequence[_Move]
    ) -> tuple[tuple[str, str], ...]:
        found = []
        for key in self.keys[record_id]:
            holders = (clustering.owner.get(key.key, index), *clustering.contested.get(key.key, ()))
            found += [(key.key, moves[i].ci_id) for i in holders if i != index]
        return tuple(found)


def _hangs_on_others(record: SourceRecord) -> bool:
    return bool(record.within) or record.about is not None


def _values(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in stored.items() if name not in COMPUTED and value is not None
    }
