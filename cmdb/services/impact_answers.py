"""How does an answer of the engine become a report with names, teams, evidence and trust?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import impact
from cmdb.errors import BadValue
from cmdb.model.impact_reports import AffectedState, AssumedOutage, Basis, Hit, Trust
from cmdb.model.inventory import CI, from_epoch_ms
from cmdb.services.context import Context
from cmdb.services.find_ci import find_all
from cmdb.services.impact_names import Names
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
            raise _left_out(snapshot, ci)
    return Question(snapshot, cis)


def _left_out(snapshot: Snapshot, ci: CI) -> BadValue:
    label = f"{ci.class_name}/{ci.name}"
    if ci.id not in snapshot:
        return BadValue(label, "it was not on record at that moment", "Ask for a later one.")
    stage = snapshot.lifecycle_of(ci.id) or "of no known stage of life"
    return BadValue(
        label,
        f"it takes no part in impact, since it is {stage}",
        "CIs in use, in maintenance or stale do; `cmdb ci restore` brings a retired one back.",
    )


def report_hits(names: Names, hits: Iterable[impact.Hit], targets: frozenset[str]) -> list[Hit]:
    """Return hits with names and evidence, worst first.

    The targets themselves are left out, and so are implicit groups, which are no CIs.
    """
    left_out = targets | names.snapshot.implicit_groups.keys()
    return [report_hit(names, hit) for hit in hits if hit.ci not in left_out]


def report_hit(names: Names, hit: impact.Hit) -> Hit:
    """Return one hit with names and evidence."""
    state = state_of(hit.worst)
    failures = None if state == "DOWN" else hit.single_failures
    return Hit(
        ci=names.named(hit.ci),
        state=state,
        best_state=state_of(hit.best),
        is_service=hit.is_service,
        criticality=hit.criticality,
        owner=names.team(hit.ci, "owner"),
        support=names.team(hit.ci, "support"),
        margin=hit.margin,
        single_failures=(
            None if failures is None else tuple(names.named(ci) for ci in failures[:MOST_LISTED])
        ),
        single_failure_count=None if failures is None else len(failures),
        since_at=hit.since_at,
        after_seconds=hit.after_seconds,
        down_at=hit.down_at,
        down_after_seconds=hit.down_after_seconds,
        evidence=tuple(names.step(step) for step in hit.evidence),
        members=tuple(names.named(ci) for ci in hit.failed_members),
    )


def state_of(standing: impact.Standing) -> AffectedState:
    """Return the word for how a CI stands."""
    if standing.state == impact.State.DOWN:
        return "DOWN"
    if standing.state == impact.State.DEGRADED:
        return "DEGRADED"
    return "AT_RISK" if standing.at_risk else "UP"


def report_outages(names: Names, outages: Iterable[impact.Outage]) -> tuple[AssumedOutage, ...]:
    """Return the outages that a question assumed, with names."""
    return tuple(
        AssumedOutage(
            names.named(outage.ci),
            "DOWN" if outage.state == impact.State.DOWN else "DEGRADED",
            outage.start_at,
            outage.end_at,
        )
        for outage in outages
    )


def report_basis(
    context: Context, names: Names, radius: impact.BlastRadius, targets: frozenset[str]
) -> Basis:
    """Return what an answer rests on: revision, trust, assumptions and problems."""
    snapshot = names.snapshot
    return Basis(
        revision=snapshot.revision,
        recorded_at=_recorded_at(context, snapshot.revision),
        trust=_trust(names, radius, targets),
        assumptions=tuple(_readable(names, each) for each in radius.assumptions),
        problems=tuple(_readable(names, each) for each in radius.problems),
        is_partial=radius.is_partial,
    )


def _recorded_at(context: Context, revision: int) -> datetime | None:
    head = context.store.head()
    if revision and revision == head.revision:
        return from_epoch_ms(head.at)
    stored = context.store.stored_entries(revision, revision)
    return from_epoch_ms(stored[0].at) if stored else None


def _trust(names: Names, radius: impact.BlastRadius, targets: frozenset[str]) -> Trust:
    found = radius.trust
    among = {hit.ci for hit in radius.hits} | targets
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
