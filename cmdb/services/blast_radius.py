"""What does an outage of these CIs take with it, and why?"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import impact
from cmdb.errors import BadValue
from cmdb.model.impact_reports import BlastRadiusReport, CountedGroup, ExplainReport
from cmdb.ports import Moment
from cmdb.services.context import Context
from cmdb.services.impact_answers import (
    ask_about,
    report_basis,
    report_hit,
    report_hits,
    report_outages,
)
from cmdb.services.impact_names import Names
from cmdb.services.moments import snapshot_at
from cmdb.services.outlook import Effect, look_now
from cmdb.services.permit import permit
from cmdb.services.present import Presents, present_now, report_present
from cmdb.snapshot import Snapshot


def blast_radius(
    context: Context,
    names: Sequence[str],
    *,
    at: Moment | None = None,
    budget: int | None = None,
) -> BlastRadiusReport:
    """Return every CI that an outage of the named ones affects, worst first.

    Args:
        context: On whose behalf, and with what.
        names: The CIs that are out of service, all at once and lastingly.
        at: The topology as it was at a moment; None for the present one, with open incidents and
            the changes that are under way.
        budget: Largest number of affected CIs to follow; None: no limit.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: A CI takes no part in impact, or the budget is below 1.
    """
    permit(context.caller, "read")
    _check_budget(budget)
    question = ask_about(context, snapshot_at(context, at), names)
    snapshot = question.snapshot
    present = _present(context, snapshot, at)
    asked = [Effect(ci.id, "outage") for ci in question.cis]
    affected, radius = look_now(snapshot.topology, asked, present.lasting, budget)
    known = Names(context, snapshot, [*question.ids, *present.cis, *(a.ci for a in affected)])
    return BlastRadiusReport(
        outages=report_outages(known, asked),
        hits=tuple(report_hits(known, affected, question.ids)),
        basis=report_basis(context, known, radius, question.ids, is_partial=present.is_partial),
        present=report_present(known, present),
    )


def explain_impact(
    context: Context, names: Sequence[str], hit: str, *, at: Moment | None = None
) -> ExplainReport:
    """Return every step by which an outage of the named CIs reaches one CI.

    `hit` is None in the answer, and there are no steps, where the outage does not reach it.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: A CI takes no part in impact.
    """
    permit(context.caller, "read", hit)
    question = ask_about(context, snapshot_at(context, at), names)
    reached = ask_about(context, question.snapshot, [hit]).cis[0].id
    snapshot = question.snapshot
    present = _present(context, snapshot, at)
    asked = [Effect(ci.id, "outage") for ci in question.cis]
    affected, _ = look_now(snapshot.topology, asked, present.lasting)
    found = next((each for each in affected if each.ci == reached), None)
    ids = [*question.ids, *present.cis]
    if found is None:
        known = Names(context, snapshot, ids)
        told = report_present(known, present)
        return ExplainReport(report_outages(known, asked), None, (), (), told)
    outages = [each.outage for each in (*asked, *present.lasting)]
    account = impact.explain(snapshot.topology, outages, reached).worst
    ends = {end for step in account.steps for end in (step.provider, step.dependent)}
    known = Names(context, snapshot, [*ids, reached, *ends])
    return ExplainReport(
        report_outages(known, asked),
        report_hit(known, found),
        tuple(known.step(step) for step in _outwards(account)),
        tuple(_counted(known, gate) for gate in account.gates),
        report_present(known, present),
    )


def _present(context: Context, snapshot: Snapshot, at: Moment | None) -> Presents:
    """Return what is so now; of a past moment only the topology is asked."""
    return Presents() if at is not None else present_now(context, snapshot)


def _outwards(account: impact.Account) -> list[impact.Step]:
    """Return the steps of an account, nearest the outages first."""
    leaving: dict[str, list[str]] = {}
    for step in account.steps:
        leaving.setdefault(step.provider, []).append(step.dependent)
    distance = dict.fromkeys(account.outages, 0)
    waiting = deque(account.outages)
    while waiting:
        provider = waiting.popleft()
        for dependent in leaving.get(provider, ()):
            if dependent not in distance:
                distance[dependent] = distance[provider] + 1
                waiting.append(dependent)
    return sorted(account.steps, key=lambda step: distance.get(step.provider, len(distance)))


def _counted(names: Names, gate: impact.GateCount) -> CountedGroup:
    return CountedGroup(
        names.named(gate.ci),
        gate.members,
        gate.k_min,
        gate.k_full,
        tuple(names.named(ci) for ci in gate.down),
        tuple(names.named(ci) for ci in gate.degraded),
        gate.is_under_strength,
    )


def _check_budget(budget: int | None) -> None:
    if budget is not None and budget < 1:
        raise BadValue("budget", "it counts CIs and must be at least 1")
