"""How large is the log, for how long is its content kept, and what of it is erased?

Erasing takes payloads and leaves their hashes, so the chain still verifies and says what is gone.
Retention keeps the newest change of every CI, relationship, incident, change and preview: the
history of each still says how it came to stand as it stands. It leaves a checkpoint behind, so that
every state after the erased stretch can still be asked about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from cmdb.errors import BadValue, LimitExceeded, UnknownRevision
from cmdb.model.changes import Applied, ChangeSet, LogChange, Stamp
from cmdb.model.inventory import from_epoch_ms
from cmdb.model.log import LogEntry
from cmdb.model.nodes import NODE_KINDS
from cmdb.model.source_records import MANUAL
from cmdb.model.system_reports import LogFigures, RetentionReport
from cmdb.model.values import canonical_json
from cmdb.ports import EditReason, chunks
from cmdb.services.context import Context
from cmdb.services.permit import permit
from cmdb.services.record_values import check_edit

LONGEST_DAYS = 36_500
ERASED_BY_POLICY = frozenset({"ci", "relationship", "incident", "change", "preview"})
"""What accounts for the service itself (tokens, settings, registries, erasures) stays."""
_NEVER_ERASED = frozenset({"purge", "retention"})
_ENTRIES_A_READ = 100
_ENTRIES_A_WRITE = 50
_BATCH = 500


def log_figures(context: Context) -> LogFigures:
    """Return the size of the log and of its checkpoints."""
    permit(context.caller, "read_log", "the log")
    entries, size, checkpoints, newest = context.store.log_size()
    head = context.store.head()
    head_at = from_epoch_ms(head.at) if head.revision else None
    days = context.store.retention_days()
    return LogFigures(entries, size, checkpoints, newest, head_at, days)


def purge_payloads(
    context: Context, revision: int, indexes: Sequence[int] | None, reason: EditReason
) -> RetentionReport:
    """Erase payloads of one entry (all where `indexes` is None); hashes stay.

    Raises:
        UnknownRevision: There is none of that number.
        BadValue: The entry has no such change, or is itself the proof of an erasure.
    """
    permit(context.caller, "administer", "the content of the log")
    found = context.store.entries(revision, revision)
    if not found:
        raise UnknownRevision(str(revision))
    changes = found[0].changes
    wanted = sorted(set(range(len(changes)) if indexes is None else indexes))
    for index in wanted:
        if not 0 <= index < len(changes):
            raise BadValue("indexes", f"revision {revision} has {len(changes)} changes, from 0 on")
    if any((change := changes[index]) and change.kind in _NEVER_ERASED for index in wanted):
        raise BadValue("revision", "it is the proof of an erasure", "It holds no other content.")
    stamp = _stamp(context, reason, f"purge revision {revision}", [revision, wanted])
    if (repeated := context.store.find_answer(stamp)) is not None:
        return _report(repeated)
    gone = [index for index in wanted if changes[index] is not None]
    facts = {"entries": int(bool(gone)), "payloads": len(gone), "indexes": gone}
    facts["days"] = context.store.retention_days()
    if not gone:
        return _report(context.store.apply(ChangeSet(), stamp, answer=facts))
    change = LogChange("purge", str(revision), 0, {}, facts)
    return _report(context.store.erase_logged({revision: gone}, change, stamp))


def set_retention(context: Context, days: int, reason: EditReason) -> RetentionReport:
    """Set for how many days payloads are kept, 0 for ever; `apply_retention` erases."""
    permit(context.caller, "administer", "retention")
    if days < 0:
        raise BadValue("days", "a policy has at least 1 day, or 0 to keep everything")
    if days > LONGEST_DAYS:
        raise LimitExceeded("days of retention", LONGEST_DAYS, days, "0 keeps everything.")
    stamp = _stamp(context, reason, f"keep payloads for {days} days", [days])
    applied = context.store.find_answer(stamp) or context.store.save_retention(days, stamp)
    return RetentionReport(days, 0, 0, applied.revision)


def apply_retention(context: Context, reason: EditReason) -> RetentionReport:
    """Erase payloads older than the policy says; an entry of the log tells of it.

    The entry is written first, with the first of the erasures. Whoever is stopped in between calls
    again: what is left is erased then.
    """
    permit(context.caller, "administer", "retention")
    store = context.store
    days = store.retention_days()
    # The policy may change before a retry: it is no part of the request.
    stamp = _stamp(context, reason, "erase payloads older than the policy says", ["retention"])
    if (repeated := store.find_answer(stamp)) is not None:
        return _report(repeated)
    last = store.revision_at(context.clock.now() - timedelta(days=days)) if days else 0
    due = _due(context, last)
    payloads = sum(len(indexes) for indexes in due.values())
    facts = {"days": days, "through": last, "entries": len(due), "payloads": payloads}
    if not due:
        return _report(store.apply(ChangeSet(), stamp, answer=facts))
    # Before anything is gone: later states are replayed from here.
    context.snapshots.keep_checkpoint(last)
    batches = list(chunks(list(due.items()), _ENTRIES_A_WRITE))
    change = LogChange("retention", "payloads", 0, {}, facts)
    applied = store.erase_logged(dict(batches[0]), change, stamp)
    for batch in batches[1:]:
        store.erase_more(dict(batch))
    store.forget_checkpoints(last)
    return _report(applied)


def _due(context: Context, last: int) -> dict[int, list[int]]:
    """Return which payloads of the entries up to a revision are to be erased."""
    due: dict[int, list[int]] = {}
    for start in range(1, last + 1, _ENTRIES_A_READ):
        entries = context.store.entries(start, min(start + _ENTRIES_A_READ - 1, last))
        newest = _newest(context, entries)
        for entry in entries:
            indexes = [
                index
                for index, change in enumerate(entry.changes)
                if change is not None
                and change.kind in ERASED_BY_POLICY
                and newest.get((change.kind, change.id)) != entry.revision
            ]
            if indexes:
                due[entry.revision] = indexes
    return due


def _newest(context: Context, entries: Sequence[LogEntry]) -> dict[tuple[str, str], int]:
    """Return the revision of the newest change of everything that these entries changed."""
    store = context.store
    changes = [c for entry in entries for c in entry.changes if c is not None]
    found: dict[tuple[str, str], int] = {}

    def note(kind: str, ids: set[str], read: Callable[[Sequence[str]], Mapping[str, int]]) -> None:
        for batch in chunks(sorted(ids), _BATCH):
            found.update({(kind, each): version for each, version in read(batch).items()})

    note("ci", {c.id for c in changes if c.kind == "ci"}, lambda ids: _ci_versions(context, ids))
    dependents = {c.ends["dependent"] for c in changes if c.ends}
    note("relationship", dependents, lambda ids: _relationship_versions(context, ids))
    for kind in NODE_KINDS:
        nodes = {c.id for c in changes if c.kind == kind}
        for batch in chunks(sorted(nodes), _BATCH):
            for node in store.get_nodes(kind, batch).values():
                found[kind, node.id] = node.version
    return found


def _ci_versions(context: Context, ids: Sequence[str]) -> dict[str, int]:
    return {ci: row["version"] for ci, row in context.store.ci_properties(ids).items()}


def _relationship_versions(context: Context, dependents: Sequence[str]) -> dict[str, int]:
    rows = context.store.relationship_rows(dependents, outgoing_only=True)
    return {row["id"]: row["version"] for row in rows}


def _stamp(context: Context, reason: EditReason, what: str, facts: Sequence[object]) -> Stamp:
    check_edit(reason)
    request = canonical_json([what, context.caller.actor, list(facts)])
    return Stamp(
        actor=context.caller.actor,
        source=MANUAL,
        reason=reason.reason or what,
        request_id=reason.request_id,
        idempotency_key=reason.idempotency_key,
        request_digest=hashlib.sha256(request).hexdigest(),
    )


def _report(applied: Applied) -> RetentionReport:
    facts = applied.answer
    days, entries, payloads = (_count(facts, name) for name in ("days", "entries", "payloads"))
    return RetentionReport(days, entries, payloads, applied.revision)


def _count(facts: Mapping[str, object], name: str) -> int:
    value = facts.get(name, 0)
    return value if isinstance(value, int) else 0
