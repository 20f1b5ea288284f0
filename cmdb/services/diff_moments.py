"""What differs between two moments, and what does that do to an outage?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import impact
from cmdb.model.changes import LogChange
from cmdb.model.inventory import from_epoch_ms
from cmdb.model.log_reports import ChangedImpact, DiffReport
from cmdb.ports import Moment
from cmdb.services.context import Context
from cmdb.services.find_ci import find_all
from cmdb.services.impact_names import named_in
from cmdb.services.moments import find_revision
from cmdb.services.outlook import state_of
from cmdb.services.permit import permit
from cmdb.services.read_log import describe_changes
from cmdb.services.withholding import Sight

_BATCH = 100


def diff_moments(
    context: Context, first: Moment, second: Moment, outages: Sequence[str] = ()
) -> DiffReport:
    """Return what differs between two moments.

    Args:
        context: On whose behalf, and with what.
        first: A time or a revision; if it is the later one, the answer is read backwards.
        second: Another.
        outages: CIs whose outage is compared at both moments.

    Raises:
        UnknownRevision: The log has no such revision.
        UnknownCI: With the nearest names.
    """
    permit(context.caller, "read_log", "the log")
    ends = find_revision(context, first), find_revision(context, second)
    older, newer = sorted(ends)
    merged, is_partial = _merged(context, older, newer)
    if ends[0] > ends[1]:
        merged = [_backwards(change) for change in merged]
    sight = Sight(context)
    sight.look_at(merged)
    seen = [change for change in merged if not sight.hides(change)]
    return DiffReport(
        ends[0],
        ends[1],
        _recorded_at(context, ends[0]),
        _recorded_at(context, ends[1]),
        describe_changes(context, seen),
        _impact(context, ends, outages) if outages else (),
        is_partial,
        len(merged) - len(seen),
    )


def _merged(context: Context, older: int, newer: int) -> tuple[list[LogChange], bool]:
    """Return one change for each thing that differs; whether erased payloads hide more."""
    found: dict[tuple[str, str], LogChange] = {}
    is_partial = False
    for start in range(older + 1, newer + 1, _BATCH):
        for entry in context.store.entries(start, min(start + _BATCH - 1, newer)):
            is_partial |= None in entry.changes
            for change in entry.changes:
                if change is not None:
                    key = change.kind, change.id
                    found[key] = _joined(found[key], change) if key in found else change
    return [change for change in found.values() if change.before != change.after], is_partial


def _joined(one: LogChange, next_one: LogChange) -> LogChange:
    is_new = not one.before
    before = {} if is_new else {**next_one.before, **one.before}
    after = {**one.after, **next_one.after}
    same = {name for name in after if not is_new and before.get(name) == after[name]}
    return LogChange(
        one.kind,
        one.id,
        one.previous,
        {name: value for name, value in before.items() if name not in same},
        {name: value for name, value in after.items() if name not in same},
        one.ends,
    )


def _backwards(change: LogChange) -> LogChange:
    after: dict[str, Any] = dict(change.before) or dict.fromkeys(change.after)
    return LogChange(
        change.kind, change.id, change.previous, dict(change.after), after, change.ends
    )


def _recorded_at(context: Context, revision: int) -> datetime | None:
    stored = context.store.stored_entries(revision, revision) if revision else []
    return from_epoch_ms(stored[0].at) if stored else None


def _impact(
    context: Context, ends: tuple[int, int], names: Sequence[str]
) -> tuple[ChangedImpact, ...]:
    ids = [ci.id for ci in find_all(context, list(names))]
    before, after = (context.snapshots.at_revision(revision) for revision in ends)
    outages = [impact.Outage(ci) for ci in ids]
    visibility = context.caller.visibility
    found = impact.diff_impact(before.topology, after.topology, outages)
    return tuple(
        ChangedImpact(
            named_in(after if change.ci in after else before, change.ci, visibility),
            _state(change.before_worst),
            _state(change.after_worst),
            change.before_worst.margin if change.before_worst else None,
            change.after_worst.margin if change.after_worst else None,
            change.is_worse,
        )
        for change in (*found.gained, *found.changed, *found.lost)
    )


def _state(standing: impact.Standing | None) -> str:
    return "UP" if standing is None else state_of(standing)
