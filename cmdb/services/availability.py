"""How available are services in the long run, and what matters most to one?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from cmdb.errors import BadValue
from cmdb.model.analysis_reports import (
    AvailabilityReport,
    CIImportance,
    CutSet,
    CutSetsReport,
    Figure,
    ImportanceReport,
    ServiceAvailability,
    TargetRisk,
)
from cmdb.ports import AvailabilityQuestion
from cmdb.services.analysis import (
    BUDGET,
    MINUTES_A_YEAR,
    OUT_OF_BUDGET,
    check_count,
    figure_of,
    is_left,
    lent_solver,
    names_of,
    some_of,
)
from cmdb.services.availability_terms import (
    LEFT_OUT,
    Terms,
    check_terms,
    label_of,
    read_terms,
    refusal,
)
from cmdb.services.context import Context
from cmdb.services.impact_answers import ask_about
from cmdb.services.permit import permit
from cmdb.snapshot import Snapshot
from impact import availability as engine
from impact.errors import InvalidFigure
from impact.structure import Importance, Limits, Probability, measure_importance

MOST_AT_ONCE = 100
MOST_MEASURES = 10_000
MOST_CUT_SETS = 1_000
LARGEST_CUT_SET = 8


def availability(context: Context, question: AvailabilityQuestion) -> AvailabilityReport:
    """Return how available CIs are, or a page of all services in the order of the inventory.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: A CI takes no part in impact, the page cannot be, or the terms cannot.
    """
    permit(context.caller, "read")
    check_count("first", question.first, MOST_AT_ONCE)
    check_terms(question)
    snapshot = context.snapshots.latest()
    chosen, following, total = _chosen(context, snapshot, question)
    terms = read_terms(context, snapshot, question, is_alone=len(chosen) == 1)
    with lent_solver() as solver:
        try:
            told = tuple(
                _told(context, snapshot, found, terms)
                for found in engine.availabilities(
                    snapshot.topology, chosen, solver, terms=terms.asked, should_stop=is_left
                )
            )
        except InvalidFigure as error:
            raise refusal(context, snapshot, error, terms.asked.common_causes) from error
    return AvailabilityReport(snapshot.revision, told, following, total, terms.planned)


def importance(
    context: Context, name: str, *, first: int = 50, fussell_vesely: bool = False
) -> ImportanceReport:
    """Return how much each CI matters to one, the most critical first.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: The CI takes no part in impact, or the number cannot be.
    """
    permit(context.caller, "read")
    check_count("first", first, MOST_MEASURES)
    snapshot = context.snapshots.latest()
    (ci,) = ask_about(context, snapshot, [name]).cis
    structure, events = _structure(snapshot, ci.id)
    with lent_solver() as solver:
        figure = solver.probability(structure.down, events.q, budget=BUDGET, should_stop=is_left)
        measures = measure_importance(
            solver,
            structure.down,
            events.q,
            with_fussell_vesely=fussell_vesely,
            budget=BUDGET,
            should_stop=is_left,
        )
    rows = [_measured(context, snapshot, events, measure) for measure in (measures or [])[:first]]
    return ImportanceReport(
        snapshot.revision,
        names_of(context, snapshot, [ci.id])[0],
        figure_of(figure),
        tuple(rows),
        len(measures or ()),
        OUT_OF_BUDGET if measures is None else "",
    )


def cut_sets(context: Context, name: str, *, largest: int = 3, first: int = 100) -> CutSetsReport:
    """Return the exact number of minimal cut sets of a CI, and those within limits.

    Raises:
        UnknownCI: With the nearest names.
        AmbiguousName: With the candidates.
        BadValue: The CI takes no part in impact, or a limit cannot be.
    """
    permit(context.caller, "read")
    check_count("first", first, MOST_CUT_SETS)
    check_count("largest", largest, LARGEST_CUT_SET)
    snapshot = context.snapshots.latest()
    (ci,) = ask_about(context, snapshot, [name]).cis
    structure, events = _structure(snapshot, ci.id)
    limits = Limits(largest=largest, limit=first)
    with lent_solver() as solver:
        count = solver.cut_set_count(structure.down, budget=BUDGET, should_stop=is_left)
        listed = solver.cut_sets(
            structure.down, events.q, limits, budget=BUDGET, should_stop=is_left
        )
    sets, is_complete = listed or ([], False)
    return CutSetsReport(
        snapshot.revision,
        names_of(context, snapshot, [ci.id])[0],
        None if count is None else str(count),
        tuple(
            CutSet(
                names_of(context, snapshot, [events.names[event] for event in each]),
                math.prod(events.q[event] for event in each),
            )
            for each in sets
        ),
        largest,
        first,
        is_complete,
        OUT_OF_BUDGET if count is None or listed is None else "",
    )


def _structure(snapshot: Snapshot, ci_id: str) -> tuple[engine.Structure, engine.Events]:
    topology = snapshot.topology
    structure = engine.StructureBuilder(topology).build(topology.index(ci_id))
    return structure, engine.read_events(topology, structure)


def _chosen(
    context: Context, snapshot: Snapshot, question: AvailabilityQuestion
) -> tuple[list[str], str, int]:
    """Return the ids to answer for, where the page that follows begins, and how many there are."""
    if question.names:
        check_count("names", len(question.names), MOST_AT_ONCE)
        chosen = [ci.id for ci in ask_about(context, snapshot, question.names).cis]
        return chosen, "", len(chosen)
    services = snapshot.services()
    begin = _place(services, question.after)
    chosen = services[begin : begin + question.first]
    following = chosen[-1] if begin + question.first < len(services) else ""
    return chosen, following, len(services)


def _place(services: Sequence[str], after: str) -> int:
    if not after:
        return 0
    try:
        return services.index(after) + 1
    except ValueError:
        raise BadValue("after", "no page ended there", "Begin without it.") from None


def _told(
    context: Context, snapshot: Snapshot, found: engine.ServiceAvailability, terms: Terms
) -> ServiceAvailability:
    down, degraded = found.unavailability, found.degraded
    return ServiceAvailability(
        names_of(context, snapshot, [found.service])[0],
        found.availability,
        _figure(down, *terms.causes, *terms.about_planned),
        None if degraded is None else _figure(degraded, *terms.causes, LEFT_OUT),
        found.downtime_hours_per_year * 60.0,
        found.outages_per_year,
        found.mean_outage_hours,
        found.frequency_reason or "",
        found.relies_on,
        found.assumed_share,
        len(found.assumed_default),
        some_of(context, snapshot, found.assumed_default),
        len(found.assumed_perfect),
        some_of(context, snapshot, found.assumed_perfect),
        some_of(context, snapshot, found.unknown),
        _target_risk(context, snapshot, found.service, terms),
        found.scheduled_interruptions_per_year if terms.planned else None,
        found.scheduled_hours_per_year if terms.planned else None,
    )


def _figure(found: Probability, *assumptions: str) -> Figure:
    return figure_of(replace(found, assumptions=(*found.assumptions, *assumptions)))


def _target_risk(
    context: Context, snapshot: Snapshot, service: str, terms: Terms
) -> TargetRisk | None:
    """Return how likely a service misses its target, or why that cannot be told."""
    target = terms.target
    if target is None:
        return None
    share = target.percent / 100.0
    allowed_minutes = round((1.0 - share) * target.hours * 60.0, 6)
    try:
        found = engine.target_missed(
            snapshot.topology,
            service,
            target=share,
            period_hours=target.hours,
            terms=terms.asked,
            samples=target.samples,
            should_stop=is_left,
        )
    except InvalidFigure as error:
        reason = f"{label_of(context, snapshot, error.ci)}: {error.fault}"
        return TargetRisk(target.percent, target.hours, allowed_minutes, None, None, reason)
    missed = Figure(
        found.probability,
        "monte_carlo",
        found.ci95,
        found.samples,
        found.seed,
        None,
        None,
        (*found.assumptions, *terms.causes),
    )
    minutes = found.mean_downtime_hours * 60.0
    return TargetRisk(target.percent, target.hours, allowed_minutes, missed, minutes, "")


def _measured(
    context: Context, snapshot: Snapshot, events: engine.Events, measure: Importance
) -> CIImportance:
    q = events.q[measure.event]
    worth = measure.risk_reduction_worth
    return CIImportance(
        names_of(context, snapshot, [events.names[measure.event]])[0],
        q,
        measure.birnbaum,
        measure.criticality,
        measure.risk_achievement_worth,
        "infinity" if worth == math.inf else worth,
        measure.fussell_vesely,
        measure.birnbaum * q * (1.0 - q) * MINUTES_A_YEAR,
    )
