"""How are the things called that the log knows by id?"""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.model.changes import LogChange
from cmdb.ports import chunks
from cmdb.services.context import Context

_BATCH = 500


class ChangeNames:
    """Names of everything that some changes mention, read once in bulk."""

    def __init__(self, context: Context, changes: Sequence[LogChange]) -> None:
        ids = {change.id for change in changes if change.kind == "ci"}
        ids |= {change.ends[end] for change in changes for end in _ENDS if change.ends}
        self._names: dict[str, str] = {}
        for batch in chunks(sorted(ids), _BATCH):
            for ci in context.store.get_cis(batch, context.caller.visibility).values():
                self._names[ci.id] = f"{ci.class_name}/{ci.name}"

    def of(self, change: LogChange) -> str:
        """Return `Class/name`, or `dependent type provider` of a relationship."""
        if not change.ends:
            return self._names.get(change.id, change.id)
        dependent, provider = (self._names.get(change.ends[end], change.ends[end]) for end in _ENDS)
        return f"{dependent} {change.ends['type']} {provider}"


_ENDS = ("dependent", "provider")
