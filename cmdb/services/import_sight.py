"""What of the outcome of an import may whoever imports not be told?

By the identifiers of a record an import may meet a CI that the caller may not see, and it does to
that CI what it would do to any other. What the record did is told; which CI that is is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cmdb.model.decisions import Decision
from cmdb.model.identify import holder_of
from cmdb.ports import chunks
from cmdb.services.context import Context
from cmdb.services.record_cis import may_see
from cmdb.services.withholding import WITHHELD

_BATCH = 500

Hidden = Callable[[Iterable[str]], set[str]]


def hidden_from(context: Context) -> Hidden:
    """Return what tells which CIs on record the caller may not see."""

    def hidden(ids: Iterable[str]) -> set[str]:
        visibility = context.caller.visibility
        if visibility.sees_all:
            return set()
        return {
            ci_id
            for batch in chunks(sorted({ci_id for ci_id in ids if ci_id}), _BATCH)
            for ci_id, row in context.store.ci_properties(batch).items()
            if not may_see(visibility, row)
        }

    return hidden


def told(decisions: Sequence[Decision], hidden: Hidden) -> list[Decision]:
    """Return decisions without the ids of CIs that are hidden, be it within a key."""
    ids = hidden(ci_id for decision in decisions for ci_id in _ids(decision))
    return [_told(decision, ids) if ids else decision for decision in decisions]


def _told(decision: Decision, ids: set[str]) -> Decision:
    def key_told(key: str) -> str:
        holder = holder_of(key)
        return key.removesuffix(holder) + WITHHELD if holder in ids else key

    return replace(
        decision,
        ci_id="" if decision.ci_id in ids else decision.ci_id,
        matched=key_told(decision.matched),
        conflicts=tuple(
            (key_told(key), WITHHELD if ci_id in ids else ci_id)
            for key, ci_id in decision.conflicts
        ),
    )


def _ids(decision: Decision) -> Iterable[str]:
    keys = (decision.matched, *(key for key, _ in decision.conflicts))
    return (
        decision.ci_id,
        *(ci_id for _, ci_id in decision.conflicts),
        *(holder for holder in map(holder_of, keys) if holder),
    )
