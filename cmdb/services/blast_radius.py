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
from cmdb.services.permit import permit


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
        at: The topology as it was at a moment; None for the present one.
        budget: Largest number of affected CIs to follow; None: no limit.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: A CI takes no part in impact, or the budget is below 1.
    """
    permit(context.caller, "read")
    _check_budget(budget)
    question = ask_about(context, snapshot_at(context, at), names)
    outages = tuple(impact.Outage(ci.id) for ci in question.cis)
    radius = impact.blast_radius(question.snapshot.topology, outages, budget=budget)
    known = Names(context, question.snapshot, [*question.ids, *(hit.ci for hit in radius.hits)])
    return BlastRadiusReport(
        outages=report_outages(known, outages),
        hits=tuple(report_hits(known, radius.hits, question.ids)),
        basis=report_basis(context, known, radius, question.ids),
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
    topology = question.snapshot.topology
    outages = tuple(impact.Outage(ci.id) for ci in question.cis)
    found = impact.blast_radius(topology, outages).hits.find(reached)
    if found is None:
        known = Names(context, question.snapshot, question.ids)
        return ExplainReport(report_outages(known, outages), None, (), ())
    account = impact.explain(topology, outages, reached).worst
    ends = {end for step in account.steps for end in (step.provider, step.dependent)}
    known = Names(context, question.snapshot, [*question.ids, reached, *ends])
    return ExplainReport(
        report_outages(known, outages),
        report_hit(known, found),
        tuple(known.step(step) for step in _outwards(account)),
        tuple(_counted(known, gate) for gate in account.gates),
    )


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
