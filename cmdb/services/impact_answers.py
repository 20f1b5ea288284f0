"""How does an answer of the engine become a report with names, teams, evidence and trust?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import impact
from cmdb.errors import BadValue
from cmdb.model.impact_reports import AffectedState, AssumedOutage, Basis, Hit, Trust
from cmdb.model.inventory import CI, from_epoch_ms
from cmdb.model.reports import NamedCI
from cmdb.ports.awaited import check_awaited
from cmdb.services.context import Context
from cmdb.services.find_ci import find_all
from cmdb.services.impact_names import Names, Reasons
from cmdb.services.outlook import Affected, Effect, Outcome, state_of
from cmdb.services.record_cis import RecordCIs
from cmdb.snapshot import Snapshot

MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Question:
    """A snapshot and the CIs that are taken out of service on it."""

    snapshot: Snapshot
    cis: tuple[CI, ...]

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of the CIs."""
        return frozenset(ci.id for ci in self.cis)


def ask_about(context: Context, snapshot: Snapshot, names: Sequence[str]) -> Question:
    """Return the question about these CIs, each named once.

    Raises:
        BadValue: No CI is named, or one that takes no part in impact.
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
    """
    if not names:
        raise BadValue("ci", "no CI is named", "Name at least one.")
    cis = tuple(find_all(context, list(names)))
    for ci in cis:
        if ci.id not in snapshot.topology:
            raise _left_out(snapshot, ci.id, f"{ci.class_name}/{ci.name}")
    return Question(snapshot, cis)


def check_part(context: Context, snapshot: Snapshot, ids: Sequence[str]) -> None:
    """Return if all these CIs, or what took them over, take part in impact.

    Raises:
        BadValue: One does not.
    """
    cis = RecordCIs(context, ids)
    for ci_id in map(cis.survivor, ids):
        if ci_id not in snapshot.topology:
            raise _left_out(snapshot, ci_id, str(cis.named(ci_id)))


def _left_out(snapshot: Snapshot, ci_id: str, label: str) -> BadValue:
    if ci_id not in snapshot:
        return BadValue(label, "it was not on record at that moment", "Ask for a later one.")
    stage = snapshot.lifecycle_of(ci_id) or "of no known stage of life"
    return BadValue(
        label,
        f"it takes no part in impact, since it is {stage}",
        "CIs in use, in maintenance or stale do; `cmdb ci restore` brings a retired one back.",
    )


def report_hits(
    names: Names,
    affected: Iterable[Affected],
    targets: Collection[str],
    begin_at: datetime | None = None,
) -> list[Hit]:
    """Return affected CIs with names and evidence, in the order given.

    The targets themselves are left out, and so are implicit groups, which are no CIs.

    Args:
        names: Of the CIs.
        affected: How each stands.
        targets: Ids of the CIs that the question is about.
        begin_at: Count seconds from this moment; None: from the first event.
    """
    check_awaited()
    left_out = {*targets, *names.snapshot.implicit_groups}
    return [report_hit(names, each, begin_at) for each in affected if each.ci not in left_out]


def report_hit(names: Names, affected: Affected, begin_at: datetime | None = None) -> Hit:
    """Return one affected CI with names and evidence."""
    outcome = affected.outcome
    hit, state = outcome.hit, outcome.state
    is_settled = state == "DOWN" or outcome.is_only_risk
    reasons = _reasons(names, hit, is_settled=is_settled)
    down_at = None if outcome.is_only_risk else hit.down_at
    down_after = None if outcome.is_only_risk else hit.down_after_seconds
    return Hit(
        ci=names.named(hit.ci),
        state=state,
        best_state=_best_state(outcome),
        is_service=hit.is_service,
        criticality=hit.criticality,
        owner=names.team(hit.ci, "owner"),
        support=names.team(hit.ci, "support"),
        margin=outcome.margin,
        single_failures=reasons.single_failures,
        single_failure_count=reasons.single_failure_count,
        since_at=affected.since_at,
        after_seconds=_seconds(begin_at, affected.since_at, hit.after_seconds),
        down_at=down_at,
        down_after_seconds=None if down_after is None else _seconds(begin_at, down_at, down_after),
        evidence=reasons.evidence,
        members=() if outcome.is_only_risk else reasons.members,
        present_state=affected.present_state,
        is_present=affected.is_present,
    )


def _reasons(names: Names, hit: impact.Hit, *, is_settled: bool) -> Reasons:
    """Return why a CI stands so, computed once for all moments at which the same is so."""
    key = (hit.views.worlds, hit.ci)
    known = names.reasons.get(key)
    if known is None:
        failures = None if is_settled else hit.single_failures
        known = names.reasons[key] = Reasons(
            tuple(names.step(step) for step in hit.evidence),
            _named(names, hit.failed_members),
            None if failures is None else _named(names, failures[:MOST_LISTED]),
            None if failures is None else len(failures),
        )
    return known


def _best_state(outcome: Outcome) -> AffectedState:
    best = state_of(outcome.hit.best)
    if not outcome.is_only_risk:
        return best
    return "AT_RISK" if best in ("DOWN", "DEGRADED") else "UP"


def _seconds(begin_at: datetime | None, moment: datetime | None, otherwise: float) -> float:
    if begin_at is None or moment is None:
        return otherwise
    return max((moment - begin_at).total_seconds(), 0.0)


def _named(names: Names, ids: Iterable[str]) -> tuple[NamedCI, ...]:
    return tuple(names.named(ci) for ci in ids)


def report_outages(names: Names, effects: Iterable[Effect]) -> tuple[AssumedOutage, ...]:
    """Return the outages that a question assumed, with names."""
    return tuple(
        AssumedOutage(names.named(each.ci), each.state, each.start_at, each.end_at)
        for each in effects
    )


def report_basis(
    context: Context,
    names: Names,
    radius: impact.BlastRadius,
    targets: Collection[str],
    *,
    is_partial: bool = False,
) -> Basis:
    """Return what an answer rests on: revision, trust, assumptions and problems."""
    snapshot = names.snapshot
    return Basis(
        revision=snapshot.revision,
        recorded_at=_recorded_at(context, snapshot.revision),
        trust=_trust(names, radius, targets),
        assumptions=tuple(_readable(names, each) for each in radius.assumptions),
        problems=tuple(_readable(names, each) for each in radius.problems),
        is_partial=radius.is_partial or is_partial,
    )


def _recorded_at(context: Context, revision: int) -> datetime | None:
    head = context.store.head()
    if revision and revision == head.revision:
        return from_epoch_ms(head.at)
    stored = context.store.stored_entries(revision, revision)
    return from_epoch_ms(stored[0].at) if stored else None


def _trust(names: Names, radius: impact.BlastRadius, targets: Collection[str]) -> Trust:
    found = radius.trust
    among = {hit.ci for hit in radius.hits} | set(targets)
    guessed_by, hard = names.guesses(among) if found.inferred_edges else ({}, 0)
    stale = [names.named(ci) for ci in sorted(among) if _is_stale(names, ci)]
    return Trust(
        share=round(found.share, 4),
        relationships_used=found.edges,
        inferred_used=found.inferred_edges,
        inferred_by=guessed_by,
        inferred_hard=hard,
        relationships_known=names.snapshot.topology.edge_count,
        inferred_known=names.snapshot.inferred_edges,
        inferred_known_hard=names.snapshot.inferred_hard_edges,
        stale_count=found.stale_cis,
        stale=tuple(stale[:MOST_LISTED]),
    )


def _is_stale(names: Names, ci: str) -> bool:
    return names.snapshot.lifecycle_of(ci) == "stale"


def _readable(names: Names, finding: impact.Problem | impact.Assumption) -> str:
    if not finding.ci:
        return finding.message
    return finding.message.replace(f"'{finding.ci}'", str(names.named(finding.ci)))
