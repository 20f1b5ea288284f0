"""What did an edit answer when it was made? A retry with its key is told the same."""

from __future__ import annotations

from cmdb.model.changes import LogChange
from cmdb.model.inventory import CI
from cmdb.services.context import Context


def ci_as_of(context: Context, ci_id: str, revision: int) -> CI:
    """Return a CI as it stood at a revision.

    The changes since are taken back one by one, newest first. Where one of them was erased, the CI
    is returned as it stands now: nothing better is known.
    """
    stored = context.store.ci_properties([ci_id])[ci_id]
    present = CI.from_properties(stored)
    if present.version <= revision:
        return present
    while stored["version"] > revision:
        change = _change_at(context, ci_id, stored["version"])
        if change is None:
            return present
        stored = {**stored, **change.before, "version": change.previous}
    (entry,) = context.store.entries(stored["version"], stored["version"])
    known = {name: value for name, value in stored.items() if value is not None}
    return CI.from_properties({**known, "updated_at": entry.at})


def _change_at(context: Context, ci_id: str, revision: int) -> LogChange | None:
    for entry in context.store.entries(revision, revision):
        for change in entry.changes:
            if change is not None and change.id == ci_id:
                return change
    return None
