"""Which relationships do records state, and what of them is new, changed, ended or still waiting?

A relationship lives as long as one source record asserts it. Where several do and differ, the
source of higher precedence wins, then what is stated wins over what is guessed, then the smaller
source name and value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb.model.changes import ChangeSet, Pending, ReadSet, RelationshipChange
from cmdb.model.component import hangs_on_others
from cmdb.model.decisions import Rules
from cmdb.model.known import Known, Needs, unread
from cmdb.model.records import Link
from cmdb.model.resolve import Owner, Resolver
from cmdb.model.source_records import SourceRecord
from cmdb.model.values import canonical_json
from cmdb.model.winners import Precedence, precedence_of

Slot = tuple[str, str, str, str]
"""Type, dependent, provider, discriminator: what tells one relationship from another."""

Assertion = list[Any]
"""source, strength, tolerates_seconds, confidence, inferred_by, denied."""


@dataclass(slots=True)
class Related:
    """Changes of relationships and of what is waited for."""

    relationships: list[RelationshipChange] = field(default_factory=list)
    pending_added: list[Pending] = field(default_factory=list)
    pending_removed: list[Pending] = field(default_factory=list)
    reads: dict[str, int] = field(default_factory=dict)


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
        if hangs_on_others(record):
            waited_for = missing.setdefault(record.id, set())
            Resolver(rules.registry, owner).record_keys(record, waited_for)
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
        places={record.id: record.ci_id or "" for record in records},
        precedence=rules.precedence,
        registry=rules.registry.revision,
    )
    return ChangeSet(
        relationships=related.relationships,
        pending_added=related.pending_added,
        pending_removed=related.pending_removed,
        read_set=read_set,
    )


def relate(
    records: Sequence[SourceRecord],
    known: Known,
    rules: Rules,
    *,
    owner: Owner,
    needs: Needs,
    also_missing: Mapping[str, set[str]],
    new: set[str],
) -> Related | None:
    """Return what the links of these records change, or None with `needs` filled.

    Args:
        records: Placed records; all their links are looked at.
        known: What has been read.
        rules: Registry, precedence and ids.
        owner: Gives the CI of a key.
        needs: Filled with what else must be read.
        also_missing: Keys that each record waits for in order to be identified.
        new: CIs that are made by the same change set: nothing is stored at them yet.
    """
    resolver = Resolver(rules.registry, owner)
    wanted: dict[str, dict[Slot, Assertion]] = {}
    missing: dict[str, set[str]] = {}
    for record in records:
        found: set[str] = set()
        wanted[record.id] = _wanted(record, resolver, rules, found)
        missing[record.id] = found
    for record_id, keys in also_missing.items():
        missing[record_id] = missing.get(record_id, set()) | keys
    _ask(records, rules, known, needs, new)
    needs.waiting |= unread(
        (r for r in missing if known.has_pending and known.records.get(r)), known.waiting
    )
    if needs:
        return None
    related = Related()
    _change(wanted, known, rules, related)
    _wait(missing, known, related)
    return related


def settle_again(
    records: Sequence[SourceRecord], known: Known, rules: Rules, needs: Needs
) -> Related | None:
    """Return what the rules change of stored relationships, or None with `needs` filled.

    Args:
        records: Placed records as stored; what they state stays as it is.
        known: What has been read.
        rules: Registry and precedence.
        needs: Filled with what else must be read.
    """
    linked = {record.id: record for record in records if record.links}
    _ask([*linked.values()], rules, known, needs, set())
    if needs:
        return None
    related = Related()
    for _, row in sorted(known.relationships.items()):
        if linked.keys() & row["assertions"].keys():
            slot = (row["type"], row["dependent"], row["provider"], row["discriminator"])
            _settle(slot, row["assertions"], row, rules, related)
    return related


def _wanted(
    record: SourceRecord, resolver: Resolver, rules: Rules, missing: set[str]
) -> dict[Slot, Assertion]:
    made: dict[Slot, Assertion] = {}
    if record.ci_id is None or record.deleted:
        return made
    for link in record.links:
        other = resolver.resolve(link.other, record.scope, missing)
        if other is None:
            continue
        slot = _slot(link, record.ci_id, other, rules)
        assertion: Assertion = [
            record.source,
            link.strength,
            link.tolerates_seconds,
            link.confidence,
            link.inferred_by,
            link.denied,
        ]
        if slot not in made or _rank(assertion, {}) < _rank(made[slot], {}):
            made[slot] = assertion
    return made


def _slot(link: Link, ci_id: str, other: str, rules: Rules) -> Slot:
    ends = (other, ci_id) if link.reverse else (ci_id, other)
    if rules.registry.get_type(link.type).is_symmetric:
        ends = (min(ends), max(ends))
    return (link.type, *ends, link.discriminator)


def _may_come_in(link: Link, rules: Rules) -> bool:
    return link.reverse or rules.registry.get_type(link.type).is_symmetric


def _ask(
    records: Sequence[SourceRecord],
    rules: Rules,
    known: Known,
    needs: Needs,
    new: set[str],
) -> None:
    for record in records:
        if record.ci_id is None:
            continue
        stored = known.records.get(record.id)
        places = {record.ci_id, stored.ci_id if stored and stored.ci_id else record.ci_id} - new
        links = (*record.links, *(stored.links if stored else ()))
        both = record.id in known.replaced or any(_may_come_in(link, rules) for link in links)
        for place in places:
            if (links or stored) and known.lacks_relationships(place, both_ways=both):
                (needs.both_ways if both else needs.outgoing).add(place)


def _change(
    wanted: Mapping[str, Mapping[Slot, Assertion]], known: Known, rules: Rules, related: Related
) -> None:
    stored: dict[Slot, dict[str, Any]] = {}
    asserted: dict[str, set[Slot]] = {}
    for row in known.relationships.values():
        slot = (row["type"], row["dependent"], row["provider"], row["discriminator"])
        stored[slot] = row
        for record_id in row["assertions"]:
            asserted.setdefault(record_id, set()).add(slot)
    touched: dict[Slot, dict[str, Assertion]] = {}

    def assertions(slot: Slot) -> dict[str, Assertion]:
        if slot not in touched:
            touched[slot] = dict(stored[slot]["assertions"]) if slot in stored else {}
        return touched[slot]

    for record_id, slots in wanted.items():
        for slot in asserted.get(record_id, set()) - slots.keys():
            assertions(slot).pop(record_id, None)
        for slot, assertion in slots.items():
            assertions(slot)[record_id] = assertion
    for slot in sorted(touched):
        _settle(slot, touched[slot], stored.get(slot), rules, related)


def _settle(
    slot: Slot,
    assertions: Mapping[str, Assertion],
    row: Mapping[str, Any] | None,
    rules: Rules,
    related: Related,
) -> None:
    after = relationship_values(assertions, rules.precedence)
    before: dict[str, Any] = {}
    if row is not None:
        before = {
            name: value
            for name, value in row.items()
            if name not in {"id", "version", "type", "dependent", "provider", "discriminator"}
            and value is not None
        }
        before["assertions"] = canonical_json(before["assertions"]).decode()
        if before == after:
            return
        related.reads[row["id"]] = row["version"]
    elif not after["live"]:
        return
    related.relationships.append(
        RelationshipChange(
            relationship_id(slot),
            *slot,
            before=before,
            after=after,
            version=row["version"] if row is not None else 0,
        )
    )


def relationship_id(slot: Slot) -> str:
    """Return the id of a relationship: where it is found, so that it needs no index of its own.

    >>> relationship_id(("runs_on", "a", "b", ""))
    'a/runs_on/b'
    """
    name, dependent, provider, discriminator = slot
    return "/".join((dependent, name, provider, *([discriminator] if discriminator else ())))


def relationship_values(
    assertions: Mapping[str, Assertion], precedence: Precedence
) -> dict[str, Any]:
    """Return the stored values of a relationship that these source records assert."""
    text = canonical_json(dict(assertions)).decode()
    if not assertions:
        return {"live": False, "confidence": 0.0, "assertions": text}
    if len(assertions) == 1:
        (winner,) = assertions.values()
    else:
        winner = min(assertions.values(), key=lambda a: _rank(a, precedence))
    _, strength, tolerates_seconds, confidence, inferred_by, denied = winner
    made = {"live": not denied, "confidence": float(confidence), "assertions": text}
    if strength:
        made["strength"] = strength
    if tolerates_seconds:
        made["tolerates_seconds"] = float(tolerates_seconds)
    if inferred_by:
        made["inferred_by"] = inferred_by
    return made


def _rank(assertion: Assertion, precedence: Precedence) -> tuple[int, float, str, bytes]:
    source, _, _, confidence, *_ = assertion
    return -precedence_of(source, precedence), -confidence, source, canonical_json(assertion)


def _wait(missing: Mapping[str, set[str]], known: Known, related: Related) -> None:
    for record_id, keys in missing.items():
        now = {pending.key for pending in known.waiting.get(record_id, ())}
        related.pending_added += [Pending(key, record_id) for key in sorted(keys - now)]
        related.pending_removed += [Pending(key, record_id) for key in sorted(now - keys)]
