"""What hangs on CIs: which things are identified within them, and which records name them?"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from cmdb.model.known import Known, Needs, unread


def find_inner(cis: AbstractSet[str], known: Known, needs: Needs) -> set[str]:
    """Return what is identified within these CIs, directly or through others, as far as known."""
    found: set[str] = set()
    todo = set(cis)
    while todo:
        needs.within |= unread(todo, known.within)
        keys = [key for ci_id in todo for key in known.within.get(ci_id, ())]
        held = [identifier for key in keys if (identifier := known.identifiers.get(key))]
        owners = {ci for each in held for ci in (each.ci_id, *each.contested)} - {""}
        todo = owners - found - cis
        found |= owners
    return found


def find_dependents(
    cis: AbstractSet[str], inner: AbstractSet[str], known: Known, needs: Needs
) -> set[str]:
    """Return records whose keys or relationships hang on CIs or on what is within them.

    Args:
        cis: Ids of CIs.
        inner: What is identified within them.
        known: What has been read.
        needs: Gets what must be read first; nothing is returned then.
    """
    places = cis | inner
    needs.cis |= unread(inner, known.cis)
    if known.has_pending:
        needs.waiting_within |= unread(places, known.waiting_within)
    needs.both_ways |= places - known.both_ways
    if needs:
        return set()
    records: set[str] = set()
    for row in known.relationships.values():
        if row["dependent"] in places or row["provider"] in places:
            records |= row["assertions"].keys()
    for ci_id in places:
        records |= {p.record_id for p in known.waiting_within.get(ci_id, ())}
    return records.union(*(known.records_of[ci_id] for ci_id in inner))
