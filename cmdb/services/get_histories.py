"""What happened to each of these CIs? The histories of many, their log entries read together.

The chains of changes of all of them are followed backwards in rounds: one read of the log a round,
so the number of reads depends on how long a history is asked for, never on for how many CIs.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb.errors import BadValue
from cmdb.model.changes import LogChange
from cmdb.model.inventory import CI, Relationship
from cmdb.model.log import LogEntry
from cmdb.model.reports import HistoryReport
from cmdb.model.rights import SEES_ALL
from cmdb.services.context import Context
from cmdb.services.find_ci import named
from cmdb.services.get_history import history_event
from cmdb.services.permit import permit
from cmdb.services.withholding import Sight

MOST_EVENTS = 200


def get_histories(context: Context, ids: Sequence[str], limit: int) -> Mapping[str, HistoryReport]:
    """Return the newest changes that touched each of these CIs, newest first.

    Args:
        context: On whose behalf, and with what.
        ids: The CIs; those that the caller may not see are absent from the answer.
        limit: Most changes for each; `is_partial` says whether there are more.

    Raises:
        BadValue: `limit` is out of range.
    """
    permit(context.caller, "read")
    if not 1 <= limit <= MOST_EVENTS:
        raise BadValue("limit", f"{limit} changes", f"Ask for 1 to {MOST_EVENTS}.")
    visibility = context.caller.visibility
    cis = context.store.get_cis(ids, visibility) if ids else {}
    if not cis:
        return {}
    edges = context.store.find_relationships(list(cis), visibility, live_only=False)
    walks = {ci.id: _Walk(ci, limit) for ci in cis.values()}
    withheld = _count_withheld(context, walks, edges)
    for edge in edges:
        for end in {edge.dependent, edge.provider} & walks.keys():
            walks[end].add(edge)
    _follow(context, walks.values())
    others = {end for walk in walks.values() for end in walk.ends()}
    known = context.store.get_cis(sorted(others), visibility) if others else {}
    names = {each.id: str(named(each)) for each in known.values()}
    sight = Sight(context)
    sight.look(list({e.revision: e for walk in walks.values() for e in walk.entries()}.values()))
    return {
        ci_id: walk.report(names, sight, withheld.get(ci_id, 0)) for ci_id, walk in walks.items()
    }


@dataclass(frozen=True, slots=True)
class _Indexed:
    """An entry of the log with its changes by subject, erased ones left out."""

    entry: LogEntry
    changes: Mapping[str, LogChange]

    @classmethod
    def of(cls, entry: LogEntry) -> _Indexed:
        return cls(entry, {change.id: change for change in entry.changes if change is not None})


class _Walk:
    """The chains of changes of one CI and its relationships, followed newest first."""

    def __init__(self, ci: CI, limit: int) -> None:
        self._ci = ci
        self._limit = limit
        self._waiting = [(-ci.version, ci.id)]
        self._events: list[tuple[LogEntry, LogChange]] = []
        self._is_partial = False

    def add(self, edge: Relationship) -> None:
        """Follow the chain of a relationship too."""
        heapq.heappush(self._waiting, (-edge.version, edge.id))

    def wanted(self) -> list[int]:
        """Return the revisions that may come next: no more than events are still missing."""
        missing = self._limit - len(self._events)
        newest = heapq.nsmallest(missing, {at for at, _ in self._waiting})
        return [-at for at in newest]

    def advance(self, entries: Mapping[int, _Indexed]) -> None:
        """Go on as far as the entries at hand lead."""
        while self._waiting and len(self._events) < self._limit:
            at, subject = self._waiting[0]
            indexed = entries.get(-at)
            if indexed is None:
                return
            heapq.heappop(self._waiting)
            change = indexed.changes.get(subject)
            if change is None:
                self._is_partial = True  # erased, and with it what came before
                continue
            self._events.append((indexed.entry, change))
            if change.previous:
                heapq.heappush(self._waiting, (-change.previous, subject))
        self._is_partial = self._is_partial or bool(self._waiting)
        self._waiting = []

    def forget(self, missing: Iterable[int]) -> None:
        """Leave out what points to entries that the log does not have."""
        gone = {-revision for revision in missing}
        self._waiting = [each for each in self._waiting if each[0] not in gone]
        heapq.heapify(self._waiting)

    def ends(self) -> set[str]:
        """Return the CIs at the ends of the relationships told of."""
        relationships = (change.ends for _, change in self._events if change.ends)
        return {ends[end] for ends in relationships for end in ("dependent", "provider")}

    def entries(self) -> list[LogEntry]:
        """Return the entries told of."""
        return [entry for entry, _ in self._events]

    def report(self, names: Mapping[str, str], sight: Sight, withheld: int) -> HistoryReport:
        """Return what was found, with the names of the CIs that it mentions."""
        own = {end: names[end] for end in sorted(self.ends()) if end in names}
        events = tuple(
            history_event(entry, change, sight.reason(entry)) for entry, change in self._events
        )
        return HistoryReport(named(self._ci), events, own, self._is_partial, withheld)


def _count_withheld(
    context: Context, cis: Collection[str], seen: Sequence[Relationship]
) -> Counter[str]:
    """Return how many relationships each CI has beside those that the caller sees."""
    if context.caller.visibility.sees_all:
        return Counter()
    visible = {edge.id for edge in seen}
    return Counter(
        end
        for edge in context.store.find_relationships(list(cis), SEES_ALL, live_only=False)
        if edge.id not in visible
        for end in {edge.dependent, edge.provider}
        if end in cis
    )


def _follow(context: Context, walks: Iterable[_Walk]) -> None:
    entries: dict[int, _Indexed] = {}
    while revisions := {each for walk in walks for each in walk.wanted() if each > 0}:
        missing = sorted(revisions - entries.keys())
        found = {e.revision: _Indexed.of(e) for e in context.store.entries_of(missing)}
        entries |= found
        for walk in walks:
            walk.forget([revision for revision in missing if revision not in found])
            walk.advance(entries)
