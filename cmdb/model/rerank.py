"""What changes when the precedence of sources does, and nothing that they say?

Which records speak of one thing does not depend on precedence: every CI keeps its records, and only
its values and those of its relationships are computed again.
"""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.model.changes import ChangeSet, CIChange, ReadSet
from cmdb.model.decisions import Rules
from cmdb.model.known import Known, Needs, unread
from cmdb.model.reconcile import stored_values
from cmdb.model.relate import settle_again
from cmdb.model.source_records import SourceRecord
from cmdb.model.winners import winning_values


def rerank(ci_ids: Sequence[str], source: str, known: Known, rules: Rules) -> ChangeSet | Needs:
    """Return what the rules change of CIs that a source speaks of, or what must be read before.

    Args:
        ci_ids: The CIs, each once.
        source: Its records say which relationships are looked at.
        known: What has been read so far.
        rules: Registry and precedence.
    """
    if lacking := unread(ci_ids, known.cis):
        return Needs(cis=lacking)
    members = {ci_id: _members(ci_id, known) for ci_id in ci_ids}
    needs = Needs()
    stating = [r for records in members.values() for r in records if r.source == source]
    related = settle_again(stating, known, rules, needs)
    if related is None:
        return needs
    cis = [
        change
        for ci_id, records in members.items()
        if (change := _ci_change(ci_id, records, known, rules)) is not None
    ]
    changed = [change.id for change in cis]
    read_set = ReadSet(
        sequence=known.sequence,
        cis={ci_id: known.cis[ci_id]["version"] for ci_id in changed},
        members={ci_id: known.records_of[ci_id] for ci_id in changed},
        records={r.id: r.digest for ci_id in changed for r in members[ci_id]},
        seen={r.id: r.observed_ms for ci_id in changed for r in members[ci_id]},
        relationships=related.reads,
        precedence=rules.precedence,
        registry=rules.registry.revision,
    )
    return ChangeSet(cis=cis, relationships=related.relationships, read_set=read_set)


def _members(ci_id: str, known: Known) -> list[SourceRecord]:
    found = (known.records[record_id] for record_id in known.records_of[ci_id])
    return [record for record in found if record is not None]


def _ci_change(
    ci_id: str, records: Sequence[SourceRecord], known: Known, rules: Rules
) -> CIChange | None:
    if len({record.source for record in records}) < 2:
        return None
    stored = known.cis[ci_id]
    before = stored_values(stored)
    after = winning_values(stored["class"], records, rules.precedence)
    if before == after:
        return None
    return CIChange(ci_id, before, after, stored["version"], stored["created_at"])
