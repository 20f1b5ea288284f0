"""Would a decision read something else once these changes are written?

A decision made while another change set is on its way into the graph holds if it has read nothing
that the other one writes. Then it need not be made again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cmdb.model.changes import ChangeSet
from cmdb.model.identify import holder_of
from cmdb.model.known import Known


def overlaps(known: Known, records: Collection[str], changes: ChangeSet) -> bool:
    """Return whether anything that was read is written by these changes.

    Args:
        known: What was read; what it took from `cached` is not looked at.
        records: Ids of source records that were looked at, whether they are in `known` or not.
        changes: What is being written meanwhile.
    """
    if changes.others:
        return True
    written = {record.id for record in changes.records} | {i for i, _ in changes.observed}
    return (
        _meets(written, known.records)
        or _meets(written, records)
        or _meets((record.ci_id or "" for record in changes.records), known.records_of)
        or _meets((change.id for change in changes.cis), known.cis)
        or _meets_keys(known, changes)
        or _meets_relationships(known, changes)
        or _meets_waiting(known, changes)
    )


def _meets_keys(known: Known, changes: ChangeSet) -> bool:
    carried = (*changes.carriers_added, *changes.carriers_removed)
    return (
        _meets((change.key for change in changes.identifiers), known.identifiers)
        or _meets((holder_of(change.key) for change in changes.identifiers), known.within)
        or _meets((carrier.key for carrier in carried), known.carriers)
    )


def _meets_relationships(known: Known, changes: ChangeSet) -> bool:
    return any(
        change.dependent in known.outgoing
        or change.dependent in known.both_ways
        or change.provider in known.both_ways
        for change in changes.relationships
    )


def _meets_waiting(known: Known, changes: ChangeSet) -> bool:
    if changes.pending_added and not known.has_pending:
        return True
    moved = (*changes.pending_added, *changes.pending_removed)
    return (
        _meets((pending.key for pending in moved), known.waiting_for)
        or _meets((pending.record_id for pending in moved), known.waiting)
        or _meets((holder_of(pending.key) for pending in moved), known.waiting_within)
    )


def _meets(written: Iterable[str], read: Collection[str]) -> bool:
    return bool(read) and any(item in read for item in written)
