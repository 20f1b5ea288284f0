"""What does an outage of these CIs take with it, and why?"""

from __future__ import annotations

from collections.abc import Sequence

import impact
from cmdb.errors import BadValue
from cmdb.model.impact_reports import BlastRadiusReport, ExplainReport
from cmdb.ports import Moment
from cmdb.services.context import Context
from cmdb.services.find_ci import find_ci
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
    topology = question.snapshot.topology
    reached = find_ci(context, hit)
    outages = tuple(impact.Outage(ci.id) for ci in question.cis)
    found = impact.blast_radius(topology, outages).hits.find(reached.id)
    if found is None:
        known = Names(context, question.snapshot, question.ids)
        return ExplainReport(report_outages(known, outages), None, ())
    steps = impact.explain(topology, outages, reached.id).steps
    ends = {end for step in steps for end in (step.provider, step.dependent)}
    known = Names(context, question.snapshot, [*question.ids, reached.id, *ends])
    return ExplainReport(
        report_outages(known, outages),
        report_hit(known, found),
        tuple(known.step(step) for step in steps),
    )


def _check_budget(budget: int | None) -> None:
    if budget is not None and budget < 1:
        raise BadValue("budget", "it counts CIs and must be at least 1")
