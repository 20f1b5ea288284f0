"""What was changed around some CIs lately, and what is planned there?

The cost is in proportion to the changes found, not to the length of the log: the versions of the
CIs and relationships of the neighbourhood say which of them changed since the moment, and each
change names the one before it (ADR 5). Reads of the database: those that name the CIs asked about;
one for the moment; for each 500 CIs of a ring around those asked about one for their values and one
for their relationships; for each 500 of all of them one for their names; one for what was merged
into them, and one more for each link of a chain of merges; one for the planned changes, and one for
their CIs where there are any; and one for each entry of the log that is told.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from cmdb.errors import BadValue
from cmdb.model.changes import LogChange
from cmdb.model.inventory import from_epoch_ms, to_epoch_ms
from cmdb.model.log import LogEntry
from cmdb.model.nodes import NodeListing
from cmdb.model.practice_reports import NearEvent, NearReport
from cmdb.ports.awaited import check_awaited
from cmdb.services.context import Context
from cmdb.services.find_ci import find_all, named
from cmdb.services.neighbourhood import Neighbourhood, find_neighbourhood
from cmdb.services.permit import permit
from cmdb.services.present import effects_of
from cmdb.services.read_log import kind_of_change
from cmdb.services.record_cis import RecordCIs
from cmdb.services.record_values import check_aware

MOST_HOPS = 5
MOST_EVENTS = 1_000
MOST_NEIGHBOURS = 2_000
_ENDS = ("dependent", "provider")
TOLD_STATES = ("scheduled", "implementing", "review", "closed", "failed", "backed_out")


def changes_near(
    context: Context, names: Sequence[str], since_at: datetime, hops: int = 2, limit: int = 100
) -> NearReport:
    """Return what the log and planned changes touched around these CIs, newest first.

    Drafts and cancelled changes touch nothing. Of a CI that the caller may not see, it is told
    that it changed, without name and values; changes of its relationships are counted.

    Args:
        context: On whose behalf, and with what.
        names: The CIs to look around.
        since_at: An aware time; what happened later is told.
        hops: Relationships between them and what is told, either way; 0 for themselves alone.
        limit: Most events; `is_partial` says whether there are more.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: No CI, a time without a zone, or a number that cannot be.
    """
    permit(context.caller, "read")
    _check(names, since_at, hops, limit)
    cis = find_all(context, list(names))
    after = context.store.revision_at(since_at)
    near = find_neighbourhood(context, [ci.id for ci in cis], hops, after, MOST_NEIGHBOURS)
    surroundings = _Surroundings(context, near)
    touches = list(islice(_walk(context, surroundings, after), limit + 1))
    told = [touch for touch in touches if not surroundings.withholds(touch.change)]
    withheld = len(touches) - len(told)
    planned, has_more = _planned(context, surroundings, since_at, limit + 1)
    events = [*(_event(surroundings, touch) for touch in told), *planned]
    events.sort(key=lambda event: (event.at, event.revision), reverse=True)
    is_cut = has_more or len(touches) > limit or len(events) > limit
    return NearReport(
        tuple(named(ci) for ci in cis),
        since_at,
        hops,
        tuple(events[:limit]),
        near.is_partial or surroundings.is_erased or is_cut,
        withheld,
    )


def _check(names: Sequence[str], since_at: datetime, hops: int, limit: int) -> None:
    check_aware("since", since_at)
    if not names:
        raise BadValue("ci", "no CI is named", "Name at least one.")
    if not 0 <= hops <= MOST_HOPS:
        raise BadValue("hops", f"it must be from 0 to {MOST_HOPS}")
    if not 1 <= limit <= MOST_EVENTS:
        raise BadValue("limit", f"it must be from 1 to {MOST_EVENTS}")


@dataclass(frozen=True, slots=True)
class _Touch:
    """A change of the log, and the entry that made it."""

    entry: LogEntry
    change: LogChange


class _Surroundings:
    """What is known of a neighbourhood: hops, names, and relationships with their ends."""

    def __init__(self, context: Context, near: Neighbourhood) -> None:
        self.hops = near.hops
        self.ids = sorted(near.hops)
        self.is_erased = False
        self.versions = near.versions
        self.relationships = near.relationships
        ends = {e for r in self.relationships.values() for e in (r.dependent, r.provider)}
        self.cis = RecordCIs(context, {*self.ids, *ends})

    def versions_after(self, revision: int) -> list[tuple[int, str]]:
        """Return (-version, subject) of everything that changed after a revision."""
        found = [(-v, ci) for ci, v in self.versions.items() if v > revision]
        return found + [
            (-r.version, r.id) for r in self.relationships.values() if r.version > revision
        ]

    def withholds(self, change: LogChange) -> bool:
        """Return whether a change is of a relationship with a CI that the caller may not see."""
        return any(self.cis.hides(change.ends[end]) for end in _ENDS if change.ends)

    def nearest(self, change: LogChange) -> str:
        """Return the CI that a change touched; of a relationship the end that is nearer."""
        if not change.ends:
            return change.id
        ends = [change.ends[end] for end in _ENDS]
        return min(ends, key=lambda ci: (self.hops.get(ci, MOST_HOPS + 1), ci))


def _walk(context: Context, surroundings: _Surroundings, after: int) -> Iterator[_Touch]:
    """Yield changes newest first, each subject's chain followed back to a revision."""
    waiting = surroundings.versions_after(after)
    heapq.heapify(waiting)
    entry: LogEntry | None = None
    changes: dict[str, LogChange] = {}
    while waiting:
        check_awaited()
        negative, subject = heapq.heappop(waiting)
        if entry is None or entry.revision != -negative:
            (entry,) = context.store.entries(-negative, -negative)
            changes = {each.id: each for each in entry.changes if each is not None}
        change = changes.get(subject)
        if change is None:
            surroundings.is_erased = True
            continue
        yield _Touch(entry, change)
        if change.previous > after:
            heapq.heappush(waiting, (-change.previous, subject))


def _event(surroundings: _Surroundings, touch: _Touch) -> NearEvent:
    entry, change = touch.entry, touch.change
    ci = surroundings.nearest(change)
    subject = surroundings.cis.named(ci)
    is_told = bool(subject.id)
    return NearEvent(
        from_epoch_ms(entry.at),
        "log",
        subject,
        surroundings.hops[ci],
        entry.revision,
        "",
        str(entry.header.get("actor", "")),
        str(entry.header.get("source", "")),
        _what(surroundings, change),
        dict(change.before) if is_told else {},
        dict(change.after) if is_told else {},
    )


def _what(surroundings: _Surroundings, change: LogChange) -> str:
    done = kind_of_change(change)
    if change.ends:
        names = [str(surroundings.cis.named(change.ends[end])) for end in _ENDS]
        return f"{names[0]} {change.ends['type']} {names[1]} {done}"
    if done != "changed":
        return done
    fields = sorted({*change.before, *change.after})
    return "changed " + ", ".join(field.removeprefix("a_") for field in fields)


def _planned(
    context: Context, surroundings: _Surroundings, since_at: datetime, limit: int
) -> tuple[list[NearEvent], bool]:
    """Return what planned changes touch, and whether there are more of them."""
    survivors = context.store.merged_into(surroundings.ids)
    page = context.store.list_nodes(
        NodeListing(
            "change",
            TOLD_STATES,
            concerns=[*surroundings.ids, *survivors],
            from_at=to_epoch_ms(since_at),
            first=limit,
        )
    )
    concerned = RecordCIs(context, [ci for node in page.nodes for ci in node.concerns])
    events = []
    for node in page.nodes:
        for effect in effects_of(node):
            ci = survivors.get(effect.ci, effect.ci)
            if ci not in surroundings.hops or _is_over(effect.end_at, since_at):
                continue
            subject = surroundings.cis.named(ci)
            is_told = not any(map(concerned.hides, node.concerns))
            title = node.body["title"] if is_told else "a change"
            times: dict[str, Any] = {"start_at": effect.start_at, "end_at": effect.end_at}
            events.append(
                NearEvent(
                    effect.start_at or since_at,
                    "change",
                    subject,
                    surroundings.hops[ci],
                    0,
                    node.id,
                    str(node.body["planned_by"]),
                    "",
                    f"{title} ({node.state}): {effect.effect.replace('_', ' ')}",
                    {},
                    times,
                )
            )
    return events, page.has_next


def _is_over(end_at: datetime | None, since_at: datetime) -> bool:
    return end_at is not None and end_at <= since_at
