"""What became of each record, and why? A decision told record by record, for reports and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cmdb.model.changes import CIChange
from cmdb.model.cluster import Clustering
from cmdb.model.component import Component, Move
from cmdb.model.decisions import Decision, Verdict
from cmdb.model.known import Known
from cmdb.model.source_records import SourceRecord


def explain(
    incoming: Sequence[SourceRecord],
    component: Component,
    clustering: Clustering,
    moves: Sequence[Move],
    changes: Sequence[CIChange],
) -> list[Decision]:
    """Return one decision for each incoming record, in their order.

    Args:
        incoming: The records, those that are not newer than what is stored among them.
        component: The records that were looked at, with their keys.
        clustering: Their groups.
        moves: The CI of each group, in the order of the groups.
        changes: What changes of these CIs.
    """
    index_of = {record: i for i, move in enumerate(moves) for record in move.group.claims}
    change_of = {change.id: change for change in changes}
    made = []
    for record in incoming:
        index = index_of.get(record.id)
        if index is None:
            made.append(_left_out(record, component.known))
            continue
        move = moves[index]
        keys = component.keys[record.id]
        matched = next((k for k in keys if _led_to(component, k.key, record.id, move)), None)
        made.append(
            Decision(
                record.id,
                record.key,
                move.ci_id,
                _verdict(move, change_of),
                matched.rule if matched else "",
                matched.key if matched else "",
                _conflicts([key.key for key in keys], index, clustering, moves),
            )
        )
    return made


def _left_out(record: SourceRecord, known: Known) -> Decision:
    stored = known.records.get(record.id)
    is_same = stored is not None and stored.digest == record.digest
    ci_id = (stored.ci_id if stored else None) or ""
    return Decision(record.id, record.key, ci_id, "unchanged" if is_same else "older")


def _led_to(component: Component, key: str, record_id: str, move: Move) -> bool:
    """Return whether a key was that of the CI, or identifies again and was carried by it."""
    known = component.known
    found = known.identifiers.get(key)
    if found is None or key not in component.placeholders.released:
        return found is not None and found.ci_id == move.ci_id
    return any(
        known.records.get(other) is not None and key in {k.key for k in component.keys[other]}
        for other in move.group.claims
        if other != record_id
    )


def _verdict(move: Move, change_of: Mapping[str, CIChange]) -> Verdict:
    change = change_of.get(move.ci_id)
    if change is None:
        return "update" if any(ci_id in change_of for ci_id in move.former) else "unchanged"
    if change.is_new:
        return "create"
    gone = change.after.get("lifecycle") == "retired"
    return "retire" if gone and change.before.get("lifecycle") != "retired" else "update"


def _conflicts(
    keys: Sequence[str], index: int, clustering: Clustering, moves: Sequence[Move]
) -> tuple[tuple[str, str], ...]:
    found = []
    for key in keys:
        holders = (clustering.owner.get(key, index), *clustering.contested.get(key, ()))
        found += [(key, moves[i].ci_id) for i in holders if i != index]
    return tuple(found)
