"""How do records become CIs? Pure: (records, what is known, rules) -> what to write, and why.

The state of the inventory is a function of the set of source records. So each record that arrives
only changes the groups it touches: they are loaded, grouped afresh (`cluster`), each group gets the
CI it had, and what differs becomes a change. Order of arrival, batching and interleaving of sources
do not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb.model.changes import ChangeSet, CIChange, IdentifierChange, ReadSet
from cmdb.model.cluster import Claim, Clustering, Group, cluster
from cmdb.model.component import Component, Move
from cmdb.model.decisions import Outcome, Rules
from cmdb.model.explain import explain
from cmdb.model.inventory import Identifier
from cmdb.model.known import Known, Needs, unread
from cmdb.model.relate import relate
from cmdb.model.source_records import SourceRecord
from cmdb.model.winners import winning_values

COMPUTED = frozenset(
    {
        "id", "version", "created_at", "updated_at", "name_key", "sort_key", "class_key",
        "search_text", "restricted_to",
    }
)  # fmt: skip
"""Stored properties of a CI that follow from its values."""


@dataclass(slots=True)
class Reconciliation:
    """One decision in the making: `run` again after each time its needs were met.

    Attributes:
        incoming: Records with their digest, each id once.
        known: What has been read so far.
        rules: Registry and precedence.
        with_links: Whether to place their relationships in the same step; an import does that in a
            second pass, when every record of the input has its CI.
        uncertain: Keys on record as placeholders that are to be counted anew.
    """

    incoming: Sequence[SourceRecord]
    known: Known
    rules: Rules
    with_links: bool = True
    uncertain: Sequence[str] = ()
    made: dict[str, str] = field(default_factory=dict)
    component: Component = field(init=False)

    def __post_init__(self) -> None:
        self.component = Component(self.rules.registry, self.known)

    def run(self) -> Outcome | Needs:
        """Return what the records change, or what must be read before that can be said."""
        if lacking := unread((r.id for r in self.incoming), self.known.records):
            return Needs(records=lacking)
        fresh = [record for record in self.incoming if self._is_newer(record)]
        self.component.begin(fresh, self.uncertain)
        for _ in range(20):
            if not self.component.load():
                return self.component.needs
            clustering = self._cluster()
            moves = self._assign(clustering)
            if not self.component.wake(clustering, moves):
                if self.component.needs:
                    return self.component.needs
                return self._outcome(fresh, clustering, moves)
        raise RuntimeError("identification does not settle")

    def _is_newer(self, record: SourceRecord) -> bool:
        stored = self.known.records.get(record.id)
        if stored is None:
            return True
        mine, theirs = (record.observed_ms, record.digest), (stored.observed_ms, stored.digest)
        return mine > theirs or (mine == theirs and record.id in self.known.unsettled)

    # Grouping and naming

    def _cluster(self) -> Clustering:
        claims = [
            Claim(
                record_id,
                record.about.class_name if record.about else record.class_name,
                f"{record.source}\x1f{record.scope}",
                self.component.keys[record_id],
            )
            for record_id, record in self.component.active.items()
        ]
        void = self.known.placeholders | self.component.placeholders.void
        return cluster(self.rules.registry, claims, void)

    def _assign(self, clustering: Clustering) -> list[Move]:
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
            moves.append(Move(group, ci_id, tuple(ci for ci in mine if ci != ci_id)))
        return moves

    def _new_id(self, group: Group) -> str:
        # The same group keeps its new id while the decision is repeated with more known.
        label = group.claims[0]
        if label not in self.made:
            self.made[label] = self.rules.new_id()
        return self.made[label]

    # What to write

    def _outcome(
        self, fresh: Sequence[SourceRecord], clustering: Clustering, moves: Sequence[Move]
    ) -> Outcome | Needs:
        placed = {record: move.ci_id for move in moves for record in move.group.claims}
        cis = [change for move in moves for change in self._ci_changes(move)]
        carriers = self.component.placeholders.conclude(clustering.placeholders)
        identifiers = self._identifier_changes(clustering, moves)
        active, woken = self.component.active, self.component.woken
        linked = [active[record_id] for record_id in sorted(woken & active.keys())]
        if self.with_links:
            linked += [record for record in fresh if record.id not in woken]
        related = relate(
            [record.on(placed[record.id]) for record in linked],
            self.known,
            self.rules,
            owner=self.component.owner,
            needs=self.component.needs,
            also_missing={r.id: self.component.missing[r.id] for r in (*linked, *fresh)},
            new={change.id for change in cis if change.is_new},
        )
        if related is None:
            return self.component.needs
        changes = ChangeSet(
            cis=cis,
            relationships=related.relationships,
            identifiers=identifiers,
            records=self._record_changes(fresh, placed),
            pending_added=related.pending_added,
            pending_removed=related.pending_removed,
            carriers_added=carriers[0],
            carriers_removed=carriers[1],
            read_set=self._read_set(related.reads, identifiers),
        )
        decisions = explain(self.incoming, self.component, clustering, moves, cis)
        keys = {key: moves[index].ci_id for key, index in clustering.owner.items()}
        return Outcome(changes, decisions, placed, keys)

    def _ci_changes(self, move: Move) -> list[CIChange]:
        records = [self.component.active[record_id] for record_id in move.group.claims]
        after = winning_values(move.group.class_name, records, self.rules.precedence)
        made = []
        stored = self.known.cis.get(move.ci_id)
        before = stored_values(stored) if stored else {}
        if before != after:
            stamps = (stored["version"], stored["created_at"]) if stored else (0, 0)
            made.append(CIChange(move.ci_id, before, after, *stamps))
        for ci_id in move.former:
            absorbed = self.known.cis[ci_id]
            if absorbed.get("merged_into") != move.ci_id:
                was = stored_values(absorbed)
                now = {**was, "merged_into": move.ci_id}
                stamps = absorbed["version"], absorbed["created_at"]
                made.append(CIChange(ci_id, was, now, *stamps))
        return made

    def _identifier_changes(
        self, clustering: Clustering, moves: Sequence[Move]
    ) -> list[IdentifierChange]:
        made = []
        component = self.component
        facts = {key.key: key for keys in component.former_keys.values() for key in keys}
        facts |= {key.key: key for keys in component.keys.values() for key in keys}
        void = clustering.placeholders | component.placeholders.witnesses.keys()
        for key in sorted(clustering.owner.keys() | void):
            stored, fact = self.known.identifiers[key], facts[key]
            wanted = self._wanted_identifier(key, clustering, moves)
            if stored != wanted:
                made.append(
                    IdentifierChange(
                        key,
                        wanted.ci_id,
                        wanted.contested,
                        fact.within,
                        wanted.witnesses,
                        fact.rule,
                        is_new=stored is None,
                    )
                )
        claimed = clustering.owner.keys() | void
        touched = {ci for move in moves for ci in (move.ci_id, *move.former)}
        for key, found in self.known.identifiers.items():
            is_released = key in component.placeholders.released
            if found is not None and key not in claimed and (found.ci_id in touched or is_released):
                made.append(IdentifierChange(key, None, is_new=False))
        return made

    def _wanted_identifier(
        self, key: str, clustering: Clustering, moves: Sequence[Move]
    ) -> Identifier:
        owner = clustering.owner.get(key)
        if owner is None:
            return Identifier(key, "", (), self.component.placeholders.witnesses_of(key))
        others = tuple(sorted(moves[i].ci_id for i in clustering.contested.get(key, ())))
        return Identifier(key, moves[owner].ci_id, others)

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

    def _read_set(
        self, relationships: Mapping[str, int], identifiers: Sequence[IdentifierChange]
    ) -> ReadSet:
        known = self.known
        records = {
            record_id: found.digest if (found := known.records.get(record_id)) else None
            for record_id in self.component.active
        }
        return ReadSet(
            sequence=known.sequence,
            cis={ci_id: row["version"] for ci_id, row in known.cis.items()},
            identifiers=known.owners(),
            contested={k: found.contested for k, found in known.identifiers.items() if found},
            relationships=relationships,
            records=records,
            seen={
                record_id: found.observed_ms
                for record_id in self.component.active
                if (found := known.records.get(record_id))
            },
            members=known.records_of,
            waiting={
                change.key: tuple(
                    sorted(p.record_id for p in known.waiting_for.get(change.key, ()))
                )
                for change in identifiers
            },
            precedence=self.rules.precedence,
            registry=self.rules.registry.revision,
            around=known.around(self.component.disturbed),
            witnesses=self.component.placeholders.read(),
            carriers={
                key: tuple(carrier.record_id for carrier in found)
                for key, found in known.carriers.items()
            },
        )


def stored_values(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a CI, without what follows from it."""
    return {
        name: value for name, value in stored.items() if name not in COMPUTED and value is not None
    }
