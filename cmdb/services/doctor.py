"""Is this inventory fit to answer questions about impact, and if not, what is to be done?"""

from __future__ import annotations

from collections import Counter

import numpy as np

from cmdb.model.log import LogHead, verify
from cmdb.model.log_reports import Check, DoctorReport
from cmdb.model.selection import And, Selection, Where
from cmdb.services.context import Context
from cmdb.services.impact_names import named_in
from cmdb.services.permit import permit
from cmdb.snapshot import Snapshot
from impact import Problem

_MOST_NAMED = 5
_NEWEST_ENTRIES = 20
_MOST_FED = 200


def doctor(context: Context) -> DoctorReport:
    """Return what was looked at: content, log, groups, feeds, pending, stale and guessed."""
    permit(context.caller, "read")
    counts = context.store.count_classes(context.caller.visibility)
    snapshot = context.snapshots.latest()
    return DoctorReport(
        (
            _content(counts, snapshot),
            _log(context),
            *_problems(context, snapshot),
            _feeds(context, snapshot),
            _cardinality(context, snapshot),
            _pending(context),
            _stale(context),
            _guessed(snapshot),
            _owners(context, snapshot),
        )
    )


def _content(counts: dict[str, int], snapshot: Snapshot) -> Check:
    total = sum(counts.values())
    followed = snapshot.topology.edge_count
    text = f"{total} CIs of {len(counts)} classes, {followed} relationships that bear on impact"
    if total:
        return Check("inventory", "ok", text)
    return Check("inventory", "warning", text, "Import something: cmdb import FORMAT PATH.")


def _log(context: Context) -> Check:
    """Verify the newest entries; the whole chain is what `log verify` is for."""
    head = context.store.head()
    first = max(head.revision - _NEWEST_ENTRIES, 0)
    stored = context.store.stored_entries(max(first, 1), head.revision) if head.revision else []
    last: LogHead | None = None
    for entry in stored:
        if last is not None:
            verify(entry, last)
        last = LogHead(entry.revision, entry.hash, entry.at)
    text = f"revision {head.revision}; the newest {len(stored)} entries verify"
    return Check("log", "ok", text)


def _problems(context: Context, snapshot: Snapshot) -> list[Check]:
    by_kind: dict[str, list[Problem]] = {}
    for problem in snapshot.topology.problems:
        by_kind.setdefault(problem.kind, []).append(problem)
    if not by_kind:
        return [Check("groups", "ok", "every group has the members it needs")]
    return [
        Check(
            kind.replace("_", " "),
            "warning",
            f"{len(found)}: {_names(context, snapshot, [problem.ci for problem in found])}",
            _PROBLEM_HINTS.get(kind, ""),
        )
        for kind, found in sorted(by_kind.items())
    ]


_PROBLEM_HINTS = {
    "group_under_strength": "Record the missing members, or lower k_min; until then its state is "
    "unknown.",
    "self_loop": "Remove the relationship (rel remove); it has no effect.",
    "group_own_member": "Remove the membership (rel remove).",
    "duplicate_member": "Remove one of the memberships (rel remove).",
}


def _feeds(context: Context, snapshot: Snapshot) -> Check:
    """Find things with two feeds and no group: on record, the loss of one takes them down."""
    sources = Selection(class_name="PowerSource", fields=("id",), first=_MOST_FED)
    page = context.store.select(sources, context.caller.visibility)
    ids = [row[0] for row in page.rows]
    if not ids:
        return Check("power feeds", "ok", "none on record")
    fed: Counter[str] = Counter()
    for each in context.store.find_relationships(ids, context.caller.visibility):
        if each.type == "powered_by" and each.provider in ids:
            fed[each.dependent] += 1
    double = [ci for ci, count in fed.items() if count > 1]
    if not double:
        return Check("power feeds", "ok", "nothing has two feeds without a group")
    return Check(
        "power feeds",
        "warning",
        f"{len(double)} with several feeds and no group: {_names(context, snapshot, double)}",
        "Each feed alone takes them down on record. Put the feeds into a group: cmdb group add "
        "NAME --owner CI --member FEED --member FEED --k-min 1 --k-full 2.",
    )


def _cardinality(context: Context, snapshot: Snapshot) -> Check:
    """Find CIs that several sources together give more providers of a type than it allows."""
    rows = snapshot.estate.relationships
    found = []
    for code, name in enumerate(snapshot.estate.types):
        most = snapshot.registry.types[name].max_providers
        if most is not None:
            of_type = rows["live"] & (rows["type"] == code)
            dependents, counts = np.unique(rows["dependent"][of_type], return_counts=True)
            ids = snapshot.estate.cis.ids()
            found += [ids[row] for row in dependents[counts > most].tolist()]
    if not found:
        return Check("cardinality", "ok", "nothing has more providers of a type than it allows")
    return Check(
        "cardinality",
        "warning",
        f"{len(found)} with more than one whole: {_names(context, snapshot, found)}",
        "Sources disagree. End the wrong relationship: cmdb rel remove.",
    )


def _pending(context: Context) -> Check:
    if not context.store.has_pending():
        return Check("references", "ok", "nothing waits for a CI that is not on record")
    return Check(
        "references",
        "warning",
        "some relationships wait for CIs that no source has named yet",
        "Import the source that knows them.",
    )


def _stale(context: Context) -> Check:
    stale = And((Where("lifecycle", "eq", "stale"),))
    selection = Selection(where=stale, fields=("id", "class", "name"), first=_MOST_FED)
    page = context.store.select(selection, context.caller.visibility)
    if not page.rows:
        return Check("staleness", "ok", "no CI is stale")
    names = ", ".join(f"{row[1]}/{row[2]}" for row in page.rows[:_MOST_NAMED])
    least = "at least " if page.has_next else ""
    return Check(
        "staleness",
        "warning",
        f"{least}{len(page.rows)} stale: {names}",
        "They still carry impact. Import their source again, or retire them.",
    )


def _guessed(snapshot: Snapshot) -> Check:
    total, guessed = snapshot.topology.edge_count, snapshot.inferred_edges
    text = f"{guessed} of {total} relationships that bear on impact are inferred"
    if not guessed:
        return Check("inference", "ok", text)
    return Check("inference", "ok", text, "Answers that use them say so.")


def _owners(context: Context, snapshot: Snapshot) -> Check:
    services = snapshot.services()
    if not services:
        return Check(
            "services",
            "warning",
            "no service is on record",
            "Without services no answer says who is affected: cmdb ci add BusinessService NAME.",
        )
    known = context.store.get_cis(services[:1000], context.caller.visibility)
    lonely = [ci.id for ci in known.values() if not ci.attributes.get("owner")]
    if not lonely:
        return Check("services", "ok", f"{len(services)}, each with an owner")
    return Check(
        "services",
        "warning",
        f"{len(lonely)} of {len(services)} without an owner: {_names(context, snapshot, lonely)}",
        "cmdb ci set BusinessService/NAME owner=TEAM",
    )


def _names(context: Context, snapshot: Snapshot, ids: list[str]) -> str:
    visibility = context.caller.visibility
    known = sorted(str(named_in(snapshot, ci, visibility)) for ci in ids)
    more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return ", ".join(known[:_MOST_NAMED]) + more
