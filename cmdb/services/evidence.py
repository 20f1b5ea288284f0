"""How are the needs of a decision met? Reads until nothing is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import orjson

from cmdb.model.decisions import Outcome, Rules
from cmdb.model.identify import holder_of
from cmdb.model.known import Known, Needs
from cmdb.model.reconcile import Reconciliation
from cmdb.model.source_records import SourceRecord
from cmdb.ports import Store

T = TypeVar("T")
_MOST_ROUNDS = 200


def begin(store: Store) -> Known:
    """Return an empty knowledge that knows when its reading began."""
    return Known(sequence=store.head().sequence, has_pending=store.has_pending())


def decide(store: Store, known: Known, step: Callable[[], T | Needs]) -> T:
    """Return what `step` decides, reading what it needs as often as it asks."""
    for _ in range(_MOST_ROUNDS):
        result = step()
        if not isinstance(result, Needs):
            return result
        meet(store, result, known)
    raise RuntimeError("a decision keeps asking")


def reconcile(
    store: Store,
    known: Known,
    rules: Rules,
    records: list[SourceRecord],
    *,
    with_links: bool = True,
    uncertain: Sequence[str] = (),
) -> Outcome:
    """Return what these records change; `uncertain` placeholders are counted anew."""
    decision = Reconciliation(records, known, rules, with_links=with_links, uncertain=uncertain)
    return decide(store, known, decision.run)


def meet(store: Store, needs: Needs, known: Known) -> None:
    """Read what is needed."""
    if needs.keys:
        found = store.identifiers(sorted(needs.keys))
        known.identifiers.update({key: found.get(key) for key in needs.keys})
    if needs.records:
        known.records.update(dict.fromkeys(needs.records))
        known.records.update({r.id: r for r in store.source_records(sorted(needs.records))})
    if needs.cis:
        _read_cis(store, needs, known)
    for wanted, one_way in ((needs.outgoing, True), (needs.both_ways, False)):
        if wanted:
            rows = store.relationship_rows(sorted(wanted), outgoing_only=one_way)
            for row in rows:
                known.relationships[row["id"]] = {
                    **row,
                    "assertions": orjson.loads(row["assertions"]),
                }
            (known.outgoing if one_way else known.both_ways).update(wanted)
    if needs.carriers:
        known.carriers.update(dict.fromkeys(needs.carriers, ()))
        for carrier in store.carriers(sorted(needs.carriers)):
            known.carriers[carrier.key] += (carrier,)
    _read_waiting(store, needs, known)


def _read_cis(store: Store, needs: Needs, known: Known) -> None:
    wanted = sorted(needs.cis)
    known.cis.update(store.ci_properties(wanted))
    members: dict[str, list[str]] = {ci_id: [] for ci_id in wanted}
    for record in store.source_records_of(wanted):
        if record.ci_id is not None:
            known.records[record.id] = record
            members[record.ci_id].append(record.id)
    known.records_of.update({ci_id: tuple(sorted(ids)) for ci_id, ids in members.items()})


def _read_waiting(store: Store, needs: Needs, known: Known) -> None:
    if needs.waiting_for:
        known.waiting_for.update(dict.fromkeys(needs.waiting_for, ()))
        for pending in store.pending(sorted(needs.waiting_for)):
            known.waiting_for[pending.key] += (pending,)
    if needs.waiting:
        known.waiting.update(dict.fromkeys(needs.waiting, ()))
        for pending in store.pending_of(sorted(needs.waiting)):
            known.waiting[pending.record_id] += (pending,)
    if needs.within:
        held = store.identifiers_within(sorted(needs.within))
        known.identifiers.update(held)
        known.within.update(dict.fromkeys(needs.within, ()))
        for key in held:
            known.within[holder_of(key)] += (key,)
    if needs.waiting_within:
        known.waiting_within.update(dict.fromkeys(needs.waiting_within, ()))
        for pending in store.pending_within(sorted(needs.waiting_within)):
            known.waiting_within[holder_of(pending.key)] += (pending,)
