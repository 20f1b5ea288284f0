"""How are the CIs called that incidents, changes and kept previews are attached to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cmdb.model.nodes import Node
from cmdb.model.reports import NamedCI
from cmdb.model.rights import Visibility
from cmdb.ports import chunks
from cmdb.services.context import Context
from cmdb.services.withholding import WITHHELD

_BATCH = 500
_LONGEST_CHAIN = 20


class RecordCIs:
    """Names of the CIs of some records, read once in bulk.

    A CI that was merged away is named as the one that took it over. Of a CI that the caller may
    not see, the class is told and the name withheld.
    """

    def __init__(self, context: Context, ids: Iterable[str]) -> None:
        """Read these CIs and those that took them over."""
        self._visibility = context.caller.visibility
        self._rows = _read(context, ids)

    def survivor(self, ci_id: str) -> str:
        """Return the id of the CI that stands for this one today."""
        for _ in range(_LONGEST_CHAIN):
            merged_into = self._rows.get(ci_id, {}).get("merged_into")
            if not merged_into:
                break
            ci_id = merged_into
        return ci_id

    def named(self, ci_id: str) -> NamedCI:
        """Return a CI as answers name it."""
        ci_id = self.survivor(ci_id)
        row = self._rows.get(ci_id)
        if row is None:
            return NamedCI("", "", "(no longer on record)", "")
        if not may_see(self._visibility, row):
            return NamedCI("", row["class"], WITHHELD, "")
        return NamedCI(ci_id, row["class"], row["name"], row["lifecycle"])

    def holds(self, ci_id: str) -> bool:
        """Return whether a CI of that id is on record."""
        return ci_id in self._rows

    def hides(self, ci_id: str) -> bool:
        """Return whether the caller may not see a CI, or the one that took it over."""
        row = self._rows.get(self.survivor(ci_id))
        return row is not None and not may_see(self._visibility, row)

    def hidden(self) -> set[str]:
        """Return the ids that the caller may not see."""
        return {ci_id for ci_id in self._rows if self.hides(ci_id)}

    def told(self, node: Node, field: str) -> str:
        """Return a text of a record, as far as the caller may read it.

        A text may name any CI that the record is attached to: it is withheld, as the log does it,
        from whoever may not see them all.
        """
        text = str(node.body[field])
        return WITHHELD if text and any(map(self.hides, node.concerns)) else text


def may_see(visibility: Visibility, row: Mapping[str, Any]) -> bool:
    """Return whether a caller may see the CI of these stored properties."""
    teams: Sequence[str] = row.get("restricted_to") or ()
    return visibility.sees_all or not teams or not visibility.teams.isdisjoint(teams)


def _read(context: Context, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    wanted = sorted({ci_id for ci_id in ids if ci_id})
    while wanted:
        for batch in chunks(wanted, _BATCH):
            found.update(context.store.ci_properties(batch))
        next_ids = {found[i]["merged_into"] for i in wanted if found.get(i, {}).get("merged_into")}
        wanted = sorted(next_ids - found.keys())
    return found
