"""Which placeholders are none? What a run took for one, or an earlier one left, is counted anew.

While a run writes batch by batch, a key that its input gives to too many is a placeholder from the
first of them on. Where it turns out otherwise (newer records of its carriers were on file, or a run
was never finished), its carriers are grouped here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cmdb.errors import StalePlan
from cmdb.model.changes import Applied, ChangeSet, Stamp
from cmdb.model.decisions import Rules
from cmdb.ports import Store, chunks
from cmdb.services import evidence

ATTEMPTS = 20
AT_ONCE = 200


def settle_placeholders(
    store: Store, rules: Rules, stamp: Stamp
) -> Iterator[tuple[ChangeSet, Applied]]:
    """Count the carriers of uncertain placeholders, and yield each write with what it changed.

    Raises:
        StalePlan: Others write all the time.
    """
    for keys in chunks(store.uncertain_placeholders(), AT_ONCE):
        for _ in range(ATTEMPTS):
            known = evidence.begin(store)
            rules = replace(rules, registry=store.registry(), precedence=store.precedence())
            outcome = evidence.reconcile(store, known, rules, [], uncertain=keys)
            if outcome.changes.is_empty:
                break
            try:
                applied = store.apply(outcome.changes, stamp)
            except StalePlan:
                continue
            yield outcome.changes, applied
            break
        else:
            raise StalePlan(["the inventory"])
