"""What was written, when, by whom and why?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cmdb.errors import BadValue, UnknownRevision
from cmdb.model.changes import LogChange
from cmdb.model.inventory import from_epoch_ms
from cmdb.model.log import LogEntry
from cmdb.model.log_reports import ChangedThing, LogReport, Outcome, Revision, RevisionDetails
from cmdb.services.change_names import ChangeNames
from cmdb.services.context import Context
from cmdb.services.permit import permit
from cmdb.services.withholding import Sight


def list_log(context: Context, limit: int = 20, before: int | None = None) -> LogReport:
    """Return the newest entries, or the newest before a revision, newest first."""
    permit(context.caller, "read_log", "the log")
    if limit < 1:
        raise BadValue("limit", "at least one entry must be asked for")
    head = context.store.head().revision
    last = head if before is None else min(before - 1, head)
    entries = context.store.entries(max(last - limit + 1, 1), last) if last > 0 else []
    sight = Sight(context)
    sight.look(entries)
    return LogReport(tuple(revision_of(entry, sight) for entry in reversed(entries)))


def show_log(context: Context, revision: int) -> RevisionDetails:
    """Return one entry with what it changed.

    Raises:
        UnknownRevision: There is none of that number.
    """
    permit(context.caller, "read_log", "the log")
    found = context.store.entries(revision, revision)
    if not found:
        raise UnknownRevision(str(revision))
    kept = [change for change in found[0].changes if change is not None]
    sight = Sight(context)
    sight.look_at(kept)
    changes = [change for change in kept if not sight.hides(change)]
    return RevisionDetails(
        revision_of(found[0], sight),
        describe_changes(context, changes),
        erased=len(found[0].changes) - len(kept),
        withheld=len(kept) - len(changes),
    )


def describe_changes(context: Context, changes: Iterable[LogChange]) -> tuple[ChangedThing, ...]:
    """Return changes with names, CIs first, in the order given."""
    kept = sorted(changes, key=lambda change: change.kind != "ci")
    names = ChangeNames(context, kept)
    return tuple(
        ChangedThing(
            change.kind,
            change.id,
            names.of(change),
            kind_of_change(change),
            dict(change.before),
            dict(change.after),
        )
        for change in kept
    )


def kind_of_change(change: LogChange) -> Outcome:
    """Return `added`, `changed`, `retired` or `ended`."""
    if change.kind == "ci" and change.after.get("lifecycle") == "retired":
        return "retired"
    if change.kind == "relationship" and change.after.get("live") is False:
        return "ended"
    return "changed" if change.before else "added"


def revision_of(entry: LogEntry, sight: Sight) -> Revision:
    """Return an entry as it is listed; `sight` has looked at it before."""
    header = entry.header
    counts = Counter("erased" if change is None else change.kind for change in entry.changes)
    return Revision(
        entry.revision,
        from_epoch_ms(entry.at),
        str(header.get("actor", "")),
        str(header.get("source", "")),
        sight.reason(entry),
        dict(sorted(counts.items())),
        entry.hash,
        str(header.get("request_id", "")),
    )
