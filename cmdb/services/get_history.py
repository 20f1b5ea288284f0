"""What happened to one CI, and who did it?

Each change names the revision of the change before it, so the answer costs in proportion to the
CI's own changes and those of its relationships, not to the length of the log.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from cmdb.errors import BadValue
from cmdb.model.changes import LogChange
from cmdb.model.inventory import CI, HistoryEvent, Relationship, from_epoch_ms
from cmdb.model.log import LogEntry
from cmdb.model.reports import HistoryReport
from cmdb.services.context import Context
from cmdb.services.find_ci import find_ci, named
from cmdb.services.permit import permit
from cmdb.services.show_ci import count_withheld
from cmdb.services.withholding import Sight


def get_history(context: Context, name: str, limit: int = 50) -> HistoryReport:
    """Return the newest changes that touched a CI, newest first.

    Args:
        context: On whose behalf, and with what.
        name: Id, name or `Class/name`.
        limit: Most changes to return; `is_partial` says whether there are more.

    Raises:
        UnknownCI: With the nearest names.
    """
    permit(context.caller, "read", name)
    if limit < 1:
        raise BadValue("limit", "at least one change must be asked for")
    ci = find_ci(context, name)
    relationships = context.store.find_relationships(
        [ci.id], context.caller.visibility, live_only=False
    )
    withheld = count_withheld(context, ci.id, len(relationships), live_only=False)
    sight = Sight(context)
    events: list[HistoryEvent] = []
    erased: list[int] = []
    is_cut = False
    for entry, change in _walk(context, ci, relationships, erased):
        if len(events) == limit:
            is_cut = True
            break
        sight.look([entry])
        events.append(history_event(entry, change, sight.reason(entry)))
    return HistoryReport(
        named(ci), tuple(events), _names(context, events), is_cut or bool(erased), withheld
    )


def _walk(
    context: Context, ci: CI, relationships: list[Relationship], erased: list[int]
) -> Iterator[tuple[LogEntry, LogChange]]:
    """Yield changes newest first by following each subject's chain backwards.

    A chain ends at an erased change, which took with it what came before: its revision goes to
    `erased`.
    """
    waiting = [(-ci.version, ci.id), *((-each.version, each.id) for each in relationships)]
    heapq.heapify(waiting)
    entry: LogEntry | None = None
    changes: dict[str, LogChange] = {}
    while waiting:
        negative, subject = heapq.heappop(waiting)
        if not negative:
            continue
        if entry is None or entry.revision != -negative:
            found = context.store.entries(-negative, -negative)
            if not found:
                continue
            entry = found[0]
            changes = {change.id: change for change in entry.changes if change is not None}
        change = changes.get(subject)
        if change is None:
            erased.append(entry.revision)
        else:
            yield entry, change
            heapq.heappush(waiting, (-change.previous, subject))


def history_event(entry: LogEntry, change: LogChange, reason: str) -> HistoryEvent:
    """Return a change as a history tells it."""
    header = entry.header
    return HistoryEvent(
        entry.revision,
        from_epoch_ms(entry.at),
        str(header.get("actor", "")),
        str(header.get("source", "")),
        reason,
        change.kind,
        change.id,
        change.before,
        change.after,
        change.ends,
    )


def _names(context: Context, events: list[HistoryEvent]) -> dict[str, str]:
    ends = {event.ends[end] for event in events for end in ("dependent", "provider") if event.ends}
    others = context.store.get_cis(sorted(ends), context.caller.visibility)
    return {each.id: str(named(each)) for each in others.values()}
