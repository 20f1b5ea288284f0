"""Which changes of the log may a caller not see?

A change is withheld where it is about a CI that the caller may not see today, whatever the rights
were when it was written: a relationship because of either end, an incident or a change because of
any CI it concerns. Tokens are the business of administrators; a kept preview holds an answer made
for whoever kept it. What is withheld is counted, never named, and the reason of such an entry,
which may name it, is withheld with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cmdb.model.changes import LogChange
from cmdb.model.log import LogEntry
from cmdb.model.nodes import NODE_KINDS, NodeKind
from cmdb.ports import chunks
from cmdb.services.context import Context

WITHHELD = "(not visible to you)"
_ENDS = ("dependent", "provider")
_FOR_THOSE_WHO_SEE_ALL = ("token", "preview")
_BATCH = 500


class Sight:
    """What one caller sees of the log; CIs are looked up once, in bulk."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._visibility = context.caller.visibility
        self._is_visible: dict[str, bool] = {}
        self._concerns: dict[tuple[str, str], tuple[str, ...]] = {}

    def look(self, entries: Sequence[LogEntry]) -> None:
        """Look up what these entries are about: one read for 500 CIs, and one a kind of node."""
        self.look_at([c for entry in entries for c in entry.changes if c is not None])

    def look_at(self, changes: Sequence[LogChange]) -> None:
        """Look up what these changes are about."""
        if self._visibility.sees_all:
            return
        self._read_concerns(changes)
        wanted = {ci for change in changes for ci in self._about(change)}
        for batch in chunks(sorted(wanted - self._is_visible.keys()), _BATCH):
            seen = self._context.store.get_cis(batch, self._visibility)
            self._is_visible.update({ci: ci in seen for ci in batch})

    def hides(self, change: LogChange) -> bool:
        """Return whether a change, looked up before, is to be withheld."""
        if self._visibility.sees_all:
            return False
        if change.kind in _FOR_THOSE_WHO_SEE_ALL:
            return True
        return not all(self._is_visible[ci] for ci in self._about(change))

    def hides_some(self, entry: LogEntry) -> bool:
        """Return whether any change of an entry, looked up before, is to be withheld."""
        return any(change is not None and self.hides(change) for change in entry.changes)

    def reason(self, entry: LogEntry) -> str:
        """Return why an entry was written, as far as that names nothing that is withheld."""
        return WITHHELD if self.hides_some(entry) else str(entry.header.get("reason", ""))

    def _about(self, change: LogChange) -> Iterable[str]:
        if change.kind == "ci":
            return (change.id,)
        if change.ends:
            return [change.ends[end] for end in _ENDS]
        return self._concerns.get((change.kind, change.id), ())

    def _read_concerns(self, changes: Sequence[LogChange]) -> None:
        for kind in NODE_KINDS:
            found = {c.id for c in changes if c.kind == kind}
            if found and kind not in _FOR_THOSE_WHO_SEE_ALL:
                self._read_nodes(kind, sorted(found), changes)

    def _read_nodes(self, kind: NodeKind, ids: list[str], changes: Sequence[LogChange]) -> None:
        concerns: dict[str, set[str]] = {
            node.id: set(node.concerns)
            for batch in chunks(ids, _BATCH)
            for node in self._context.store.get_nodes(kind, batch).values()
        }
        for change in changes:
            if change.kind == kind:
                logged = (change.before.get("concerns"), change.after.get("concerns"))
                concerns.setdefault(change.id, set()).update(ci for c in logged for ci in c or ())
        for node_id, cis in concerns.items():
            held = self._concerns.get((kind, node_id), ())
            self._concerns[kind, node_id] = tuple(sorted(cis.union(held)))
